import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One folder for all that a run of the tests leaves behind, their children and the compilers of PyTorch included; it goes with the run. */
export default function scratch(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'fieldtrial-test-'))
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
