import { isAbsolute } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import { resolveModel } from '../data/index.ts'
import { modelByName } from '../data/models/index.ts'
import { type HttpOptions, prepareHttp, prepareOnnx } from '../engines/index.ts'
import type { PreparedEncoder } from '../engines/types.ts'
import { instructPrompts } from '../recipes/index.ts'
import type { DenseSpec } from './study.ts'

/** Finds a model's files (fetching them from the hub if need be) and reads from them what the encoder will be. */
export async function prepareEncoder(
  spec: DenseSpec,
  workspace: Workspace,
  options: { readonly offline?: boolean; readonly work?: LongWork } = {},
): Promise<PreparedEncoder> {
  try {
    return await prepare(spec, workspace, options)
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.message.includes(spec.id)) throw error
    // Of several models in a study, the message must say which one.
    const { code, message, hint, where, cause } = error
    throw new FieldtrialError(code, `${spec.id}: ${message}`, {
      ...(hint ? { hint } : {}),
      ...(where ? { where } : {}),
      cause: cause ?? error,
    })
  }
}

async function prepare(
  spec: DenseSpec,
  workspace: Workspace,
  options: { readonly offline?: boolean; readonly work?: LongWork },
): Promise<PreparedEncoder> {
  const { model, recipe } = spec
  if (model.engine === 'http') return prepareHttp(httpOptions(spec))
  const { folder } = await resolveModel(model.model, {
    cacheDir: workspace.cache,
    ...(options.offline ? { offline: true } : {}),
    ...options.work,
  })
  const prepared = await prepareOnnx(folder, {
    model: model.given,
    recipe: recipe.recipe,
    parameters: recipe.parameters,
    dtype: model.dtype,
    device: model.device,
    hashCache: workspace.path('cache', 'model-hashes.json'),
    quantizedCache: workspace.path('cache', 'quantized'),
    ...(options.work?.signal ? { signal: options.work.signal } : {}),
  })
  const named = isAbsolute(model.model) ? undefined : modelByName(model.model)
  if (named === undefined || named.revision !== null || model.model.includes('@')) return prepared
  const warning = `no commit of ${named.hub} is pinned: this is what its branch main held when it was fetched`
  return { ...prepared, info: { ...prepared.info, warnings: [...prepared.info.warnings, warning] } }
}

function httpOptions({ model, recipe }: DenseSpec): HttpOptions {
  const { prompts, normalize, maxLength } = recipe.parameters
  return {
    url: model.url!,
    model: model.model,
    ...(model.api ? { api: model.api } : {}),
    ...(model.apiKeyEnv ? { apiKeyEnv: model.apiKeyEnv } : {}),
    ...(model.dimensions ? { dimensions: model.dimensions } : {}),
    ...(model.batchSize ? { batchSize: model.batchSize } : {}),
    ...(model.concurrency ? { concurrency: model.concurrency } : {}),
    ...(model.timeoutSeconds ? { timeoutMs: model.timeoutSeconds * 1000 } : {}),
    ...(model.retries === undefined ? {} : { retries: model.retries }),
    prompts: recipe.recipe === 'instruct' ? instructPrompts(recipe.parameters) : (prompts ?? {}),
    ...(normalize === undefined ? {} : { normalize }),
    ...(typeof maxLength === 'number' ? { maxLength } : {}),
  }
}
