import { isAbsolute } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { Workspace } from '../core/workspace.ts'
import { resolveGguf } from '../data/hub/gguf.ts'
import { resolveModel } from '../data/index.ts'
import { type HttpOptions, prepareHttp, prepareOnnx } from '../engines/index.ts'
import { type LlamaDevice, type LlamaDtype, prepareLlama } from '../engines/llama/index.ts'
import type { Device, WeightDtype } from '../engines/onnx/plan.ts'
import { isGguf } from '../engines/text/gguf/file.ts'
import type { PreparedEncoder } from '../engines/types.ts'
import { instructPrompts } from '../recipes/index.ts'
import { withMergedModel } from './merge/prepare.ts'
import { prepareTorchModel, unpinned, withWarning } from './prepare-torch.ts'
import type { DenseSpec } from './study.ts'
import {
  readTrained,
  readTrainedGguf,
  type StudyEncoder,
  trainedPixels,
  trainedRecipe,
  withTraining,
} from './trained.ts'

/** Finds a model's files (fetching them from the hub if need be) and reads from them what the encoder will be. */
export async function prepareEncoder(
  spec: DenseSpec,
  workspace: Workspace,
  options: { readonly offline?: boolean; readonly work?: LongWork } = {},
): Promise<StudyEncoder> {
  try {
    const offline = options.offline ? { offline: true } : {}
    const merged = await withMergedModel(spec, workspace, { ...offline, ...options.work })
    const trained = await trainedOf(merged.spec)
    const { model, recipe } = merged.spec
    const chosen = { ...merged.spec, model: trainedPixels(model, trained), recipe: trainedRecipe(recipe, trained) }
    return withTraining(merged.warnings.reduce(withWarning, await prepare(chosen, workspace, options)), trained)
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

/** How the model, or its adapter, was trained, where it lies on this machine and says so. */
async function trainedOf({ id, model }: DenseSpec) {
  if (model.training !== undefined)
    throw (
      model.training.failed ??
      new FieldtrialError('USAGE', `${id} must be trained first.`, {
        hint: 'Run the study with `fieldtrial run`, or hand it to `trainStudy` before it is planned.',
      })
    )
  const folder = model.adapter ?? model.model
  if (!isAbsolute(folder)) return null
  return isGguf(folder) ? readTrainedGguf(folder) : readTrained(folder)
}

async function prepare(
  spec: DenseSpec,
  workspace: Workspace,
  options: { readonly offline?: boolean; readonly work?: LongWork },
): Promise<PreparedEncoder> {
  const { model, recipe } = spec
  if (model.engine === 'http') return prepareHttp(httpOptions(spec))
  if (model.engine === 'torch') return prepareTorchModel(spec, workspace, options)
  const hub = { cacheDir: workspace.cache, ...(options.offline ? { offline: true } : {}), ...options.work }
  if (model.engine === 'llama') {
    const gguf = isGguf(model.model)
    const found = gguf ? await resolveGguf(model.model, hub) : (await resolveModel(model.model, hub)).folder
    const prepared = await prepareLlama(found, {
      model: model.given,
      recipe: recipe.recipe,
      parameters: recipe.parameters,
      device: model.device as LlamaDevice,
      ...(model.dtype === 'auto' ? {} : { dtype: model.dtype as LlamaDtype }),
      convertedCache: workspace.path('cache', 'converted'),
      hashCache: workspace.path('cache', 'model-hashes.json'),
      ...(options.work?.signal ? { signal: options.work.signal } : {}),
    })
    return gguf ? prepared : withWarning(prepared, unpinned(model.model))
  }
  const { folder } = await resolveModel(model.model, hub)
  const prepared = await prepareOnnx(folder, {
    model: model.given,
    recipe: recipe.recipe,
    parameters: recipe.parameters,
    dtype: model.dtype as WeightDtype,
    device: model.device as Device,
    hashCache: workspace.path('cache', 'model-hashes.json'),
    quantizedCache: workspace.path('cache', 'quantized'),
    ...(options.work?.signal ? { signal: options.work.signal } : {}),
  })
  return withWarning(prepared, unpinned(model.model))
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
