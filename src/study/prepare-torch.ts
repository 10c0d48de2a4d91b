import { isAbsolute } from 'node:path'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import { resolveAdapter } from '../data/hub/adapter.ts'
import { resolveGguf } from '../data/hub/gguf.ts'
import { resolveModel } from '../data/index.ts'
import { modelByName } from '../data/models/index.ts'
import { isGguf } from '../engines/text/gguf/file.ts'
import { prepareTorch, type TorchOptions } from '../engines/torch/index.ts'
import type { PreparedEncoder } from '../engines/types.ts'
import type { DenseSpec } from './study.ts'
import { baseOfAdapter, isAdapterFolder } from './trained.ts'

/** As `prepareEncoder`, for engine torch: model, and adapter if there is one, fetched if need be. */
export async function prepareTorchModel(
  { model, recipe }: DenseSpec,
  workspace: Workspace,
  options: { readonly offline?: boolean; readonly work?: LongWork },
): Promise<PreparedEncoder> {
  const { base, adapter } = await takeApart(model.model, model.adapter)
  const hub = { cacheDir: workspace.cache, ...(options.offline ? { offline: true } : {}), ...options.work }
  const found = isGguf(base) ? await resolveGguf(base, hub) : (await resolveModel(base, hub)).folder
  const given: TorchOptions = {
    model: model.given,
    // By its address, if it has one: an adapter names its base by that.
    baseName: isAbsolute(base) ? base : (modelByName(base)?.hub ?? base),
    recipe: recipe.recipe,
    parameters: recipe.parameters,
    device: model.device,
    minPixels: model.minPixels,
    maxPixels: model.maxPixels,
    ...(model.dtype === 'auto' ? {} : { dtype: model.dtype as NonNullable<TorchOptions['dtype']> }),
    ...(adapter === undefined ? {} : { adapter: (await resolveAdapter(adapter, hub)).folder }),
    hashCache: workspace.path('cache', 'model-hashes.json'),
    cache: workspace.path('cache', 'gguf'),
    ...(options.work?.signal ? { signal: options.work.signal } : {}),
  }
  const prepared = await prepareTorch(found, given)
  return [base, adapter].reduce(
    (encoder, ref) => (ref === undefined ? encoder : withWarning(encoder, unpinned(ref))),
    prepared,
  )
}

/** A named adapter, or a folder of LoRA weights, stands for itself on its base. */
export async function takeApart(
  model: string,
  adapter: string | undefined,
): Promise<{ base: string; adapter: string | undefined }> {
  if (adapter === undefined && isAdapterFolder(model)) return { base: await baseOfAdapter(model), adapter: model }
  const named = isAbsolute(model) ? undefined : modelByName(model)
  if (adapter !== undefined || named?.kind !== 'adapter' || named.descendsFrom === null) return { base: model, adapter }
  return { base: named.descendsFrom.name, adapter: model }
}

/** What a reader must know of a named model without a pinned commit; null where there is nothing to tell. */
export function unpinned(model: string): string | null {
  const named = isAbsolute(model) ? undefined : modelByName(model)
  if (named === undefined || named.hub === null || named.revision !== null || model.includes('@')) return null
  return `no commit of ${named.hub} is pinned: this is what its branch main held when it was fetched`
}

export function withWarning(prepared: PreparedEncoder, warning: string | null): PreparedEncoder {
  if (warning === null) return prepared
  return { ...prepared, info: { ...prepared.info, warnings: [...prepared.info.warnings, warning] } }
}
