import { execFileSync } from 'node:child_process'
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('..', import.meta.url).pathname

/** Whether onnxruntime's telemetry starts: it writes an identifier of the machine, and a log, into the folder for temporary files. */
function traces(script: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'fieldtrial-telemetry-'))
  // As on a machine of a user: continuous integration switches it off by itself.
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ORT_RUNNING_UNIT_TESTS: ___, ...env } = process.env
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: ROOT,
      env: { ...env, TMPDIR: folder, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return readdirSync(folder, { recursive: true }) as string[]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Opens a session, which is refused, but not before the library has started. */
const session = (runtime: string) => `
  const ort = await import(${JSON.stringify(runtime)})
  await ort.InferenceSession.create(new Uint8Array([8, 8])).catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 300))`

const RUNTIME = new URL('../dist/engines/onnx/runtime.js', import.meta.url).href

describe('onnxruntime', () => {
  it('does not report to its maker', { timeout: 60_000 }, () => {
    expect(traces(session(RUNTIME))).toEqual([])
  })

  it('does not in threads either', { timeout: 60_000 }, () => {
    const code = `(async () => { ${session(RUNTIME)} })()`
    expect(
      traces(`
        import './dist/core/worker-url.js'
        import { Worker } from 'node:worker_threads'
        const thread = new Worker(${JSON.stringify(code)}, { eval: true })
        await new Promise((resolve, reject) => thread.on('exit', resolve).on('error', reject))`),
    ).toEqual([])
  })

  it.runIf(process.platform === 'linux')('still knows the switch', async () => {
    const folder = join(ROOT, 'node_modules/onnxruntime-node/bin')
    const library = (readdirSync(folder, { recursive: true }) as string[]).find(
      (path) => path.includes(join('linux', process.arch)) && /libonnxruntime\.so/.test(path),
    )
    let found = false
    let rest = ''
    for await (const piece of createReadStream(join(folder, library!), 'latin1')) {
      found ||= (rest + piece).includes('ORT_DISABLE_TELEMETRY')
      rest = (piece as string).slice(-32)
    }
    expect(found).toBe(true)
  })
})
