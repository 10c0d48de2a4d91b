import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { resolveRecipe } from '../../recipes/index.ts'
import type { RecipeParameters } from '../../recipes/types.ts'
import { tokenCounter } from '../text/count-tokens.ts'
import { isGguf } from '../text/gguf/file.ts'
import { hashFiles } from '../text/hash.ts'
import { denseFiles } from '../text/head.ts'
import { requireMemory } from '../text/memory.ts'
import { positionsNeeded } from '../text/positions.ts'
import { previewPrompts } from '../text/preview.ts'
import { packageVersion } from '../text/versions.ts'
import type { EncoderInfo, PreparedEncoder } from '../types.ts'
import { checkpointSource } from './checkpoint-source.ts'
import { LLAMA_DEVICES, type LlamaDevice } from './devices.ts'
import { LLAMA_DTYPES, type LlamaDtype } from './dtypes.ts'
import { LlamaEncoder } from './encoder.ts'
import { memoryNeeded } from './memory-needed.ts'
import { findLlama } from './package.ts'
import type { LlamaPlan } from './plan.ts'
import { probeLlama } from './probe.ts'
import type { LlamaFacts } from './protocol.ts'
import { attentionFor, poolingFor, requireWithinWindow } from './refuse.ts'
import { ggufSource, type LlamaSource } from './source.ts'

export interface LlamaOptions {
  /** How the model becomes a retriever: an id of `RECIPES`. Default: `sentence-transformers`, what the folder's files, or the GGUF file, say. */
  readonly recipe?: string
  /** What is set over the recipe's defaults. */
  readonly parameters?: RecipeParameters
  /** Default: `auto`, the best that machine and installed builds have. */
  readonly device?: LlamaDevice
  /** Precision of the file that is made of a checkpoint. Default: float32 or float16, which of them the checkpoint has. Not for GGUF files. */
  readonly dtype?: LlamaDtype
  /** Folder for the GGUF files that are made of checkpoints. Needed for these only. */
  readonly convertedCache?: string
  /** How the user named the model; default: the file or folder. */
  readonly model?: string
  /** JSON file that keeps the hashes of weights between runs. Default: none. */
  readonly hashCache?: string
  readonly signal?: AbortSignal
}

/** Enters every identity: raise it whenever tokenising or the use of llama.cpp change what comes out for the same recipe. */
const ENCODING_VERSION = 1
/** Scores of the vocabulary are computed for so many tokens at once: more of them cost memory and gain nothing. */
const BATCH_TOKENS = 512

/**
 * Reads a GGUF file's metadata, or a folder's configs, and finds llama.cpp. No weights are loaded; they are hashed, once per file with
 * `hashCache`. Of a folder the GGUF file is made when the encoder is first opened.
 *
 * @param model Path of a GGUF file, of any part of one that was split, or of a decoder's folder with safetensors.
 * @throws FieldtrialError `MODEL_MISSING`; `MODEL_INVALID` for a model that is damaged, no retriever, or cannot be written as GGUF;
 *   `RECIPE_INVALID` for a recipe that llama.cpp cannot follow; `USAGE`, `CANCELLED`; `ENGINE_FAILED` where llama.cpp is not installed.
 */
export async function prepareLlama(model: string, options: LlamaOptions = {}): Promise<PreparedEncoder> {
  const { device = 'auto' } = options
  requireOptions(model, options)
  const name = options.model ?? model
  const source = isGguf(model) ? await ggufSource(model, options) : await checkpointSource(model, options)
  const { gguf } = source
  const { facts } = gguf
  const { recipe, head, warnings } = resolveRecipe(
    options.recipe ?? 'sentence-transformers',
    options.parameters ?? {},
    facts,
  )
  const pooling = poolingFor(recipe, gguf)
  const positions = positionsNeeded(recipe, facts.context)
  requireWithinWindow(recipe, positions, source.window, facts.name)
  const module = findLlama()
  const llama = await probeLlama(module, device)
  const attention = attentionFor(recipe, gguf)
  const whole = attention.bidirectional || pooling !== 'lasttoken'
  const plan: LlamaPlan = {
    folder: source.folder,
    module,
    file: source.file,
    architecture: gguf.architecture,
    device: llama.gpu === false ? 'cpu' : llama.gpu,
    pooling,
    causal: attention.override,
    positions,
    // What is averaged, or sees what follows, must go through the model in one piece.
    batchTokens: whole ? positions : Math.min(positions, BATCH_TOKENS),
    tokenizerFile: source.tokenizerFile,
    tokenizerConfig: source.tokenizerConfig,
    lowerCase: source.lowerCase,
    emptyToken: facts.tokens.eos ?? facts.tokens.pad ?? facts.tokens.bos,
    recipe,
    head,
  }
  const info: EncoderInfo = {
    engine: 'llama',
    model: name,
    identity: await identify(source, plan, llama, options),
    recipe,
    dimension: head.findLast((step) => step.kind === 'dense')?.outputs ?? gguf.hidden,
    parameters: source.parameters,
    weightBytes: source.weightBytes,
    memoryBytes: memoryNeeded(plan, gguf, source.weightBytes),
    warnings: [...warnings, ...source.warnings],
  }
  return {
    info,
    preview: (text, side, task) => previewPrompts(plan, text, side, task),
    tokenCounter: () => tokenCounter(plan),
    open: async (open = {}) => {
      // Gigabytes are not written for a model that cannot be loaded then.
      requireMemory(info)
      await source.make?.(open)
      return LlamaEncoder.open(info, plan, open)
    },
  }
}

/** @throws FieldtrialError `USAGE`. */
function requireOptions(model: string, { device = 'auto', dtype }: LlamaOptions): void {
  if (!LLAMA_DEVICES.includes(device))
    throw new FieldtrialError('USAGE', `${JSON.stringify(device)} is no device of the engine llama.`, {
      hint: `Use one of ${LLAMA_DEVICES.join(', ')}.`,
    })
  if (dtype === undefined) return
  if (isGguf(model))
    throw new FieldtrialError('USAGE', `${model} has its weights as they are; a dtype is for models in safetensors.`, {
      where: { field: 'dtype' },
      hint: 'Leave it out, or name the model that the file was made from.',
    })
  if (!LLAMA_DTYPES.includes(dtype))
    throw new FieldtrialError('USAGE', `${JSON.stringify(dtype)} is no dtype of the engine llama.`, {
      where: { field: 'dtype' },
      hint: `Use one of ${LLAMA_DTYPES.join(', ')}.`,
    })
}

async function identify(
  { identity, folder }: LlamaSource,
  plan: LlamaPlan,
  llama: LlamaFacts,
  options: LlamaOptions,
): Promise<Json> {
  const dense = await denseFiles(folder, plan.head)
  return {
    engine: 'llama',
    nodeLlamaCpp: llama.version,
    llamaCpp: llama.release,
    tokenizers: packageVersion('@huggingface/tokenizers'),
    encoding: ENCODING_VERSION,
    ...identity,
    // Other devices round otherwise.
    device: plan.device,
    recipe: plan.recipe as unknown as Json,
    ...(plan.head.length === 0
      ? {}
      : {
          head: plan.head.map((step) => ({ ...step })),
          dense: await hashFiles(dense, options.hashCache ?? null, options.signal),
        }),
  }
}
