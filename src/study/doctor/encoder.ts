import { availableParallelism } from 'node:os'
import type { OnProgress } from '../../core/progress.ts'
import { Laboratory } from '../../engines/onnx/laboratory.ts'
import type { Device } from '../../engines/onnx/plan.ts'
import type { Encoder, PreparedEncoder } from '../../engines/types.ts'
import { GENERIC_TASK } from '../../recipes/index.ts'
import type { Check } from './check.ts'
import { checkConformance } from './conformance.ts'
import { askProbes, compareEngines, type Reference } from './engines.ts'
import { checkInside } from './inside.ts'
import { checkLanguage, checkTokenizer, explainFailure, loadTokenizer } from './model-files.ts'
import { checkNumbers, checkSpace } from './space.ts'
import { SELF_PAIRS } from './texts.ts'
import { checkTruncation, tokeniserOf, tooLongText } from './truncation.ts'

/** What is to be looked at. */
export interface Examination {
  readonly prepared: PreparedEncoder
  /** The model's folder, for an encoder in this process; null for a server, which is looked at from outside. */
  readonly folder: string | null
  /** A server whose vectors are to be those of `prepared`. Its prompts must be the recipe's. */
  readonly server?: PreparedEncoder
  /** Task instruction for recipes that take one. Default: the generic one. */
  readonly task?: string
  /** Default: as many as the machine lets this process use. */
  readonly threads?: number
  readonly device?: Device
  /** Folder for quantised weights. */
  readonly quantizedCache?: string
  readonly signal?: AbortSignal
  /** Told while a file is made that the model is run from. */
  readonly onProgress?: OnProgress
}

/**
 * Looks at an encoder from all sides, one check after the other as they are done: its files, its vectors, the model from inside, and a
 * server against it. One model is in memory at a time.
 *
 * An encoder that cannot be opened, or gives no vectors, is a failed check, too.
 *
 * @throws FieldtrialError `CANCELLED`.
 */
export async function* checkEncoder(examination: Examination): AsyncGenerator<Check> {
  const { prepared, folder, signal, task = GENERIC_TASK.instruction } = examination
  yield* describeEncoder(prepared)
  const { recipe } = prepared.info
  let long: string | null = null
  if (folder !== null) {
    const tokenizer = await loadTokenizer(folder)
    const tokenise = tokeniserOf(tokenizer, recipe, task)
    yield await checkTokenizer(folder, tokenizer)
    yield checkTruncation(tokenise, tokenizer, recipe)
    long = tooLongText(tokenise, recipe)
  }
  let reference: Reference | null = null
  let encoder: Encoder | null = null
  try {
    encoder = await open(prepared, examination)
    const options = { task, ...(signal ? { signal } : {}) }
    const [documents, queries] = [SELF_PAIRS.map((pair) => pair.document), SELF_PAIRS.map((pair) => pair.query)]
    const encoded = await encoder.encode(documents, 'document', options)
    const asked = await encoder.encode(queries, 'query', options)
    yield checkNumbers(encoded, asked)
    yield* checkSpace(encoded, asked)
    yield* await checkConformance(encoder, '', signal)
    if (folder !== null) reference = await askProbes(encoder, long, options)
  } catch (error) {
    yield await explainFailure(error, folder, signal)
  } finally {
    await encoder?.close()
  }
  if (reference !== null) yield* lookInside(examination, folder!, reference)
}

async function* lookInside(examination: Examination, folder: string, reference: Reference): AsyncGenerator<Check> {
  const { prepared, server, signal } = examination
  const laboratory = await Laboratory.open(folder, prepared.info, {
    threads: examination.threads ?? availableParallelism(),
    ...(examination.device ? { device: examination.device } : {}),
    ...(examination.quantizedCache ? { quantizedCache: examination.quantizedCache } : {}),
    ...(signal ? { signal } : {}),
  })
  try {
    if (laboratory === null)
      yield {
        name: 'inside the model',
        status: 'ok',
        detail: 'not looked at: the model ships its own graph, or the recipe decodes tokens',
      }
    else {
      const language = await checkLanguage(laboratory)
      if (language !== null) yield language
      yield* checkInside(laboratory, reference, !isFloat32(prepared))
    }
    if (server !== undefined) yield* checkServer(server, reference, laboratory, examination)
  } finally {
    await laboratory?.close()
  }
}

async function* checkServer(
  server: PreparedEncoder,
  reference: Reference,
  laboratory: Laboratory | null,
  examination: Examination,
): AsyncGenerator<Check> {
  const { signal } = examination
  let encoder: Encoder | null = null
  try {
    encoder = await open(server, examination)
    yield* await checkConformance(encoder, 'server: ', signal)
    yield* compareEngines(reference, laboratory, encoder, signal)
  } catch (error) {
    yield await explainFailure(error, null, signal)
  } finally {
    await encoder?.close()
  }
}

function open(prepared: PreparedEncoder, { threads, signal, onProgress }: Examination): Promise<Encoder> {
  return prepared.open({
    ...(threads ? { threads } : {}),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  })
}

function* describeEncoder({ info }: PreparedEncoder): Generator<Check> {
  const { recipe, model, dimension, warnings } = info
  const { query, document } = recipe.maxLength
  const pooling = recipe.pooling.length > 0 ? `${recipe.pooling.join(' + ')} pooling` : 'pooled by the server'
  const length = query === document ? `${document}` : `${query} (query) and ${document} (document)`
  const normalised = recipe.normalize ? 'normalised' : 'not normalised'
  yield {
    name: 'model',
    status: 'ok',
    detail: `${model}, recipe ${recipe.id}: ${dimension ?? '?'} dimensions, ${pooling}, ${document === 0 ? 'length as the server has it' : `${length} tokens`}, ${normalised}`,
  }
  for (const warning of warnings) yield { name: 'model', status: 'warning', detail: warning }
}

function isFloat32({ info }: PreparedEncoder): boolean {
  return (info.identity as { dtype?: unknown }).dtype === 'float32'
}
