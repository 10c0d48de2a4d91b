import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { type RecipeOverrides, sentenceTransformersRecipe } from '../../recipes/sentence-transformers.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { EncoderInfo, PreparedEncoder } from '../types.ts'
import { OnnxEncoder } from './encoder.ts'
import { buildEncoder, familyOf, GRAPH_VERSION, positionLimit, supportedModelTypes } from './families/index.ts'
import { type ModelFolder, readModelFolder } from './files.ts'
import { hashFiles } from './hash.ts'
import type { EncoderPlan } from './plan.ts'
import { type Checkpoint, readSafetensors } from './safetensors.ts'
import { packageVersion } from './versions.ts'

export interface OnnxOptions extends RecipeOverrides {
  /** Weights as they stand (float32, computed in float32 also where the file holds 16 bits), or int8 with a scale per output channel and block of inputs. Default float32. */
  readonly dtype?: 'float32' | 'int8'
  /** How the user named the model; default: the folder. */
  readonly model?: string
  /** Tokens per batch; trades memory against speed for short texts, vectors stay the same. Default 2048; int8 goes text by text. */
  readonly batchTokens?: number
  /** JSON file that keeps the hashes of weights between runs. Default: none. */
  readonly hashCache?: string
  readonly signal?: AbortSignal
}

const BATCH_TOKENS = 2048

/**
 * Reads a model's folder (sentence-transformers or plain transformers layout): recipe, sizes, identity. No weights are loaded; they are
 * hashed, once per file with `hashCache`. Nothing is written into the folder.
 *
 * Weights: `model.safetensors` (or its shards) of the BERT, RoBERTa/XLM-R/CamemBERT, MPNet and DistilBERT families, over which the graph is
 * written here; else the model's own `onnx/model.onnx` or `model.onnx`.
 *
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID`, `USAGE` (an override that the model cannot take), `CANCELLED`.
 */
export async function prepareOnnx(folder: string, options: OnnxOptions = {}): Promise<PreparedEncoder> {
  const files = await readModelFolder(folder)
  const int8 = options.dtype === 'int8'
  const weights = chooseWeights(files, int8)
  const checkpoint = weights.kind === 'checkpoint' ? weights.checkpoint : null
  const limit = checkpoint === null ? null : positionLimit(familyOf(files.config)!, files.config, checkpoint)
  const { recipe, head, warnings } = sentenceTransformersRecipe(
    { ...files, maxPositions: sizeOrNull(files.config.max_position_embeddings), positionLimit: limit },
    options,
  )
  const plan: EncoderPlan = {
    folder,
    weights,
    tokenizerFile: files.tokenizerFile,
    tokenizerConfig: files.tokenizerConfig,
    lowerCase: files.sentenceConfig?.do_lower_case === true,
    recipe,
    head,
    // Rounding to int8 turns a difference in the last bit, which other batch sizes bring, into one in the third digit; alone, texts
    // always take the same path.
    batchTokens: int8 ? 1 : (options.batchTokens ?? BATCH_TOKENS),
  }
  // A graph that cannot be built must fail here, before any plan is made on it.
  const quantized =
    checkpoint === null ? [] : buildEncoder(familyOf(files.config)!, files.config, checkpoint, int8).quantized
  const saved = quantized.reduce((sum, { place }) => sum + 3 * elements(place.shape), 0)
  const info: EncoderInfo = {
    engine: 'onnx',
    model: options.model ?? folder,
    identity: await identify(files, plan, options),
    recipe,
    dimension: dimensionOf(files, head, recipe.pooling.length),
    parameters: checkpoint === null ? null : countParameters(checkpoint),
    weightBytes: checkpoint === null ? null : countParameters(checkpoint) * 4 - saved,
    warnings: int8 ? [...warnings, 'int8 weights: vectors differ a little from float32’s'] : warnings,
  }
  return { info, open: (open = {}) => OnnxEncoder.open(info, plan, open) }
}

/** Whether `prepareOnnx` can write the graph for this `model_type` itself (a shipped ONNX file runs whatever its architecture). */
export function supportedArchitecture(modelType: string): boolean {
  return supportedModelTypes.includes(modelType)
}

function chooseWeights(files: ModelFolder, int8: boolean): EncoderPlan['weights'] {
  const { config, checkpoint, shipped, transformer } = files
  if (checkpoint !== null && familyOf(config) !== undefined) return { kind: 'checkpoint', config, checkpoint, int8 }
  const known = `The onnx engine writes graphs for ${supportedModelTypes.join(', ')}`
  if (shipped !== null) {
    if (int8)
      throw new FieldtrialError(
        'USAGE',
        `int8 needs safetensors of a known architecture; ${transformer} gives an ONNX file.`,
        {
          hint: `${known}. Use dtype float32 for this model.`,
        },
      )
    return { kind: 'shipped', model: shipped }
  }
  const type = JSON.stringify(config.model_type) ?? 'nothing'
  throw new FieldtrialError(
    'MODEL_INVALID',
    checkpoint === null
      ? `${transformer} has neither model.safetensors nor an ONNX file.`
      : `config.json of ${transformer} names the architecture ${type}, and there is no ONNX file.`,
    {
      where: { file: transformer },
      hint:
        checkpoint === null
          ? 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.'
          : `${known}. Export the model to onnx/model.onnx, or serve it and use the http engine.`,
    },
  )
}

async function identify(files: ModelFolder, plan: EncoderPlan, options: OnnxOptions): Promise<Json> {
  const { weights } = plan
  const weightFiles =
    weights.kind === 'checkpoint'
      ? [...new Set([...weights.checkpoint.values()].map((place) => place.file))]
      : [weights.model.path, ...weights.model.external.map((file) => file.path)]
  const dense = plan.head.flatMap((step) =>
    step.kind === 'dense' ? [join(files.folder, step.path, 'model.safetensors')] : [],
  )
  for (const file of dense)
    if ((await readSafetensors(file)) === null)
      throw new FieldtrialError('MODEL_INVALID', `${file} is not there.`, {
        where: { file },
        hint: 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.',
      })
  const hash = (paths: readonly string[]) => hashFiles(paths, options.hashCache ?? null, options.signal)
  const [tokenizer, ...configs] = await hash([files.tokenizerFile, ...files.configFiles])
  return {
    engine: 'onnx',
    onnxruntime: packageVersion('onnxruntime-node'),
    tokenizers: packageVersion('@huggingface/tokenizers'),
    graph: weights.kind === 'checkpoint' ? GRAPH_VERSION : 'shipped',
    // Sorted, since the names of files and their folder do not matter.
    weights: [...(await hash(weightFiles))].sort(),
    dense: await hash(dense),
    tokenizer: tokenizer!,
    configs: configs.sort(),
    dtype: options.dtype ?? 'float32',
    recipe: { ...plan.recipe },
    head: plan.head.map((step) => ({ ...step })),
  }
}

function dimensionOf(files: ModelFolder, head: readonly HeadStep[], poolings: number): number | null {
  const dense = head.findLast((step) => step.kind === 'dense')
  if (dense) return dense.outputs
  const hidden = sizeOrNull(files.config.hidden_size) ?? sizeOrNull(files.config.dim)
  return hidden === null ? null : hidden * poolings
}

function countParameters(checkpoint: Checkpoint): number {
  let count = 0
  for (const place of checkpoint.values()) if (/^B?F\d/.test(place.type)) count += elements(place.shape)
  return count
}

function elements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1)
}

function sizeOrNull(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null
}
