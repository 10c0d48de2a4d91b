import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { resolveAdapter } from '../../data/hub/adapter.ts'
import { resolveModel } from '../../data/index.ts'
import { hashFiles } from '../../engines/text/hash.ts'
import {
  MERGE_VERSION,
  type MergeFolders,
  type MergeSource,
  type MergeSpec,
  type PreparedMerge,
  prepareMerge,
} from '../../fusion/weights/index.ts'
import { discard, obtain } from '../artifact.ts'

/** A merged model or adapter in the workspace. */
export interface MergedModel {
  readonly folder: string
  readonly output: 'model' | 'adapter'
  readonly fingerprint: string
  readonly warnings: readonly string[]
  readonly cached: boolean
}

interface MergeDetail {
  /** SHA-256 of the weights, by file name. */
  readonly weights: Readonly<Record<string, string>>
}

export interface MergeContext extends LongWork {
  readonly offline?: boolean
}

/** Models and adapters by name, folder, or address on the hub. */
export function mergeFolders(workspace: Workspace, context: MergeContext): MergeFolders {
  const hub = { cacheDir: workspace.cache, ...context }
  return {
    model: async (ref) => (await resolveModel(ref, hub)).folder,
    adapter: async (ref) => (await resolveAdapter(ref, hub)).folder,
  }
}

/**
 * The model that a merge gives: taken from the workspace, or made there. Damaged weights are made again.
 *
 * @throws FieldtrialError as `prepareMerge`; `DISK_FULL`, `CANCELLED`.
 */
export async function obtainMerge(spec: MergeSpec, workspace: Workspace, context: MergeContext): Promise<MergedModel> {
  const prepared = await prepareMerge(spec, mergeFolders(workspace, context))
  const identity = await mergeIdentity(spec, prepared, workspace, context)
  const cache = workspace.path('cache', 'model-hashes.json')
  const hashes = (folder: string) => hashWeights(folder, cache, context.signal)
  const make = async (folder: string): Promise<MergeDetail> => {
    await prepared.write(folder, context)
    return { weights: await hashes(folder) }
  }
  const options = { files: ['merge.json'], work: context }
  let made = await obtain<MergeDetail>(workspace, 'merges', identity, make, options)
  if (made.cached && fingerprint(await hashes(made.folder)) !== fingerprint(made.detail.weights)) {
    await discard(workspace, 'merges', identity, `The merged weights in ${made.folder} were changed.`, context)
    made = await obtain<MergeDetail>(workspace, 'merges', identity, make, options)
  }
  return {
    folder: made.folder,
    output: prepared.output,
    fingerprint: fingerprint(identity),
    warnings: prepared.warnings,
    cached: made.cached,
  }
}

/** Fingerprint of what a merge would give, without making it. */
export async function mergeKey(spec: MergeSpec, workspace: Workspace, context: MergeContext): Promise<string> {
  const prepared = await prepareMerge(spec, mergeFolders(workspace, context))
  return fingerprint(await mergeIdentity(spec, prepared, workspace, context))
}

/** All that the merged weights depend on: the files of the models, whatever they are called, and the settings. */
async function mergeIdentity(
  { base, models, slices, ...settings }: MergeSpec,
  prepared: PreparedMerge,
  workspace: Workspace,
  { signal }: MergeContext,
): Promise<Json> {
  const names: string[] = []
  const place = (name: string) => {
    if (!names.includes(name)) names.push(name)
    return names.indexOf(name)
  }
  const withoutNames = ({ model, adapter, ...rest }: MergeSource): Json => ({
    ...(rest as { [key: string]: Json }),
    model: place(model),
    ...(adapter === undefined ? {} : { adapter: place(adapter) }),
  })
  return {
    artifact: 'merge',
    version: MERGE_VERSION,
    ...(settings as { [key: string]: Json }),
    base: base === undefined ? null : place(base),
    models: models?.map(withoutNames) ?? null,
    slices:
      slices?.map(({ sources, ...rest }) => ({
        ...(rest as { [key: string]: Json }),
        sources: sources.map(withoutNames),
      })) ?? null,
    files: await hashFiles(prepared.files, workspace.path('cache', 'model-hashes.json'), signal),
  }
}

async function hashWeights(folder: string, cache: string, signal?: AbortSignal): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.safetensors')).sort()
  const hashes = await hashFiles(
    names.map((name) => join(folder, name)),
    cache,
    signal,
  )
  return Object.fromEntries(names.map((name, i) => [name, hashes[i]!]))
}
