import { existsSync } from 'node:fs'
import { throwIfAborted } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { resolveModel } from '../../data/index.ts'
import { prepareHttp } from '../../engines/index.ts'
import type { Device } from '../../engines/onnx/plan.ts'
import { isGguf } from '../../engines/text/gguf/file.ts'
import type { PreparedEncoder } from '../../engines/types.ts'
import { prepareEncoder } from '../prepare.ts'
import type { DenseSpec } from '../study.ts'
import type { Check } from './check.ts'
import { checkEncoder } from './encoder.ts'
import { templateOf } from './engines.ts'
import { checkQuantisation } from './quantisation.ts'
import { checkAgainstOnnx } from './torch.ts'

/** A server that is said to run the model. */
export interface ServerToCheck {
  readonly url: string
  /** The name by which it knows the model. */
  readonly model: string
}

export interface ModelExamination {
  /** The encoder in this process. */
  readonly spec: DenseSpec
  readonly server?: ServerToCheck
  readonly offline?: boolean
  readonly work?: LongWork
}

/** Whether a model can be looked at in this process without fetching anything: it is a folder here. */
export function isModelFolder(model: string): boolean {
  return existsSync(model)
}

/**
 * Finds a model and looks at it, and at a server against it.
 *
 * @throws FieldtrialError as preparing and opening encoders does.
 */
export async function* examineModel(
  workspace: Workspace,
  { spec, server, offline = false, work = {} }: ModelExamination,
): AsyncGenerator<Check> {
  const { signal, onProgress } = work
  const prepared = await prepareEncoder(spec, workspace, { offline, work })
  if (spec.model.engine === 'torch' || spec.model.engine === 'llama') {
    yield* checkEncoder({
      prepared,
      folder: null,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    })
    throwIfAborted(signal)
    if (spec.model.engine === 'torch' || !isGguf(spec.model.model))
      yield await checkAgainstOnnx(prepared, spec, workspace, { offline, work })
    return
  }
  const { folder } = await resolveModel(spec.model.model, {
    cacheDir: workspace.cache,
    ...(offline ? { offline } : {}),
    ...work,
  })
  yield* checkEncoder({
    prepared,
    folder,
    device: spec.model.device as Device,
    quantizedCache: workspace.path('cache', 'quantized'),
    ...(server === undefined ? {} : { server: await prepareServer(server, prepared, spec) }),
    ...(signal ? { signal } : {}),
  })
  if (spec.model.dtype === 'float32') return
  throwIfAborted(signal)
  const float32 = await prepareEncoder({ ...spec, model: { ...spec.model, dtype: 'float32' } }, workspace, {
    offline,
    work,
  })
  yield await checkQuantisation(float32, prepared, spec.model.dtype, signal)
}

/** The server with the prompts of the recipe; what it does beyond is its own. */
function prepareServer({ url, model }: ServerToCheck, { info }: PreparedEncoder, spec: DenseSpec) {
  const { prompts, normalize } = info.recipe
  const { maxLength } = spec.recipe.parameters
  return prepareHttp({
    url,
    model,
    prompts: { query: templateOf(prompts.query[0]!), document: templateOf(prompts.document[0]!) },
    normalize,
    ...(typeof maxLength === 'number' ? { maxLength } : {}),
  })
}
