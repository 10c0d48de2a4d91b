import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hubConfig } from '../data/hub/config.ts'
import { supportedArchitecture } from '../engines/index.ts'

/** A model of the Hugging Face cache. */
export interface CachedModel {
  readonly id: string
  readonly revision: string
  readonly folder: string
  /** `model_type` of its config.json. */
  readonly architecture: string
  readonly bytes: number
  readonly runs: boolean
  /** Why it does not run in this process; empty if it does. */
  readonly why: string
}

/** The models that are on this machine already, in the cache that huggingface_hub and fieldtrial share. */
export async function cachedModels(env: NodeJS.ProcessEnv): Promise<{ models: CachedModel[]; cache: string }> {
  const cache = hubConfig({ cacheDir: '', env }).cacheRoot
  const models: CachedModel[] = []
  for (const name of await list(cache)) {
    if (!name.startsWith('models--')) continue
    const id = name.slice('models--'.length).replace('--', '/')
    for (const revision of await list(join(cache, name, 'snapshots'))) {
      const folder = join(cache, name, 'snapshots', revision)
      const model = await describe(id, revision, folder)
      if (model) models.push(model)
    }
  }
  return { models, cache }
}

async function describe(id: string, revision: string, folder: string): Promise<CachedModel | undefined> {
  const files = await list(folder)
  if (!files.includes('config.json')) return undefined
  let architecture = 'unknown'
  try {
    architecture = String(
      (JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { model_type?: string }).model_type ??
        'unknown',
    )
  } catch {
    // A broken config is told by `models show`; a list goes on.
  }
  let bytes = 0
  for (const file of files.filter((file) => file.endsWith('.safetensors')))
    bytes += (await stat(join(folder, file)).catch(() => undefined))?.size ?? 0
  const why =
    bytes === 0 && !files.includes('onnx') && !files.includes('model.onnx')
      ? 'no safetensors or ONNX weights'
      : bytes > 0 && !supportedArchitecture(architecture)
        ? `architecture ${architecture}`
        : ''
  return { id, revision, folder, architecture, bytes, runs: why === '', why }
}

async function list(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch {
    return [] // a cache that is not there holds nothing
  }
}
