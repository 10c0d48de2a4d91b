import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError, systemCode, throwIfAborted } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import { ARTIFACT_KINDS, type ArtifactKind, type Workspace } from '../../core/workspace.ts'
import { Bm25Index } from '../../index/bm25/index.ts'
import { VectorStore } from '../../index/dense/index.ts'
import { type ArtifactRecord, hashFile } from '../artifact.ts'
import type { Check } from './check.ts'

/** Reads every artifact of the workspace and compares it with what was remembered when it was written. */
export async function checkWorkspace(workspace: Workspace, work: LongWork = {}): Promise<Check[]> {
  const checks: Check[] = []
  for (const kind of ARTIFACT_KINDS) {
    const names = await list(workspace.path(kind))
    const problems: string[] = []
    let unfinished = 0
    for (const name of names) {
      throwIfAborted(work.signal)
      const state = await checkArtifact(workspace, kind, name)
      if (state === 'unfinished') unfinished++
      else if (state !== 'whole') problems.push(state)
    }
    const detail = `${names.length - unfinished - problems.length} whole${unfinished > 0 ? `, ${unfinished} unfinished (the next run goes on with them)` : ''}`
    if (problems.length === 0) checks.push({ name: `workspace ${kind}`, status: 'ok', detail })
    else
      checks.push({
        name: `workspace ${kind}`,
        status: 'failed',
        detail: `${detail}, ${problems.length} damaged: ${problems.slice(0, 5).join('; ')}`,
        hint: `Delete the damaged folders below ${workspace.path(kind)}; the next run makes them again.`,
      })
  }
  return checks
}

async function checkArtifact(workspace: Workspace, kind: ArtifactKind, name: string): Promise<string> {
  const folder = workspace.artifact(kind, name)
  let record: ArtifactRecord<Json>
  try {
    record = JSON.parse(await readFile(join(folder, 'record.json'), 'utf8')) as ArtifactRecord<Json>
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? 'unfinished' : `${name}: record.json is not JSON`
  }
  if (record.fingerprint !== name || fingerprint(record.identity) !== name)
    return `${name}: its identity does not have this fingerprint`
  for (const [file, expected] of Object.entries(record.files)) {
    const actual = await hashFile(join(folder, file)).catch(() => 'absent')
    if (actual !== expected)
      return `${name}/${file}: ${actual === 'absent' ? 'absent' : 'other content than was written'}`
  }
  try {
    if (kind === 'bm25') await Bm25Index.load(folder)
    if (kind === 'vectors') {
      const store = await VectorStore.open(folder)
      const [missing] = store.missingShards()
      if (missing !== undefined) return `${name}: shard ${missing} is absent`
      const [problem] = await store.verify()
      if (problem) return `${name}: shard ${problem.shard}: ${problem.problem}`
    }
  } catch (error) {
    if (error instanceof FieldtrialError) return `${name}: ${error.message}`
    throw error
  }
  return 'whole'
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
