import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { resolveRecipe } from '../../recipes/index.ts'
import type { RecipeParameters } from '../../recipes/types.ts'
import { tokenCounter } from '../text/count-tokens.ts'
import { type GgufModel, readGgufModel } from '../text/gguf/parts.ts'
import { GGUF_TOKENIZER_VERSION } from '../text/gguf/tokenizer.ts'
import { hashFiles } from '../text/hash.ts'
import { positionsNeeded } from '../text/positions.ts'
import { previewPrompts } from '../text/preview.ts'
import { packageVersion } from '../text/versions.ts'
import type { EncoderInfo, PreparedEncoder } from '../types.ts'
import { LLAMA_DEVICES, type LlamaDevice } from './devices.ts'
import { LlamaEncoder } from './encoder.ts'
import { ggufFacts } from './facts.ts'
import { memoryNeeded } from './memory-needed.ts'
import { findLlama } from './package.ts'
import type { LlamaPlan } from './plan.ts'
import { probeLlama } from './probe.ts'
import type { LlamaFacts } from './protocol.ts'
import { poolingFor } from './refuse.ts'

export interface LlamaOptions {
  /** How the model becomes a retriever: an id of `RECIPES`. Default: `sentence-transformers`, here what the file says of pooling. */
  readonly recipe?: string
  /** What is set over the recipe's defaults. */
  readonly parameters?: RecipeParameters
  /** Default: `auto`, the best that machine and installed builds have. */
  readonly device?: LlamaDevice
  /** How the user named the model; default: the file. */
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
 * Reads a GGUF file's metadata and finds llama.cpp. No weights are loaded; they are hashed, once per file with `hashCache`.
 *
 * @param file Path of a GGUF file, or of any part of one that was split.
 * @throws FieldtrialError `MODEL_MISSING`; `MODEL_INVALID` for a file that is damaged or no retriever; `RECIPE_INVALID` for a recipe that
 *   llama.cpp cannot follow; `USAGE`, `CANCELLED`; `ENGINE_FAILED` where llama.cpp is not installed.
 */
export async function prepareLlama(file: string, options: LlamaOptions = {}): Promise<PreparedEncoder> {
  const { device = 'auto' } = options
  if (!LLAMA_DEVICES.includes(device))
    throw new FieldtrialError('USAGE', `${JSON.stringify(device)} is no device of the engine llama.`, {
      hint: `Use one of ${LLAMA_DEVICES.join(', ')}.`,
    })
  const model = await readGgufModel(file)
  const gguf = ggufFacts(model, options.model ?? file)
  const { facts } = gguf
  const { recipe, warnings } = resolveRecipe(options.recipe ?? 'sentence-transformers', options.parameters ?? {}, facts)
  const pooling = poolingFor(recipe, gguf)
  const module = findLlama()
  const llama = await probeLlama(module, device)
  const positions = positionsNeeded(recipe, facts.context)
  const whole = !gguf.causal || pooling !== 'lasttoken'
  const plan: LlamaPlan = {
    folder: '',
    module,
    file: model.first.file,
    architecture: gguf.architecture,
    device: llama.gpu === false ? 'cpu' : llama.gpu,
    pooling,
    positions,
    // What is averaged, or sees what follows, must go through the model in one piece.
    batchTokens: whole ? positions : Math.min(positions, BATCH_TOKENS),
    tokenizerFile: model.first.file,
    tokenizerConfig: null,
    lowerCase: false,
    emptyToken: facts.tokens.eos ?? facts.tokens.pad ?? facts.tokens.bos,
    recipe,
    head: [],
  }
  const info: EncoderInfo = {
    engine: 'llama',
    model: options.model ?? file,
    identity: await identify(model, plan, llama, options),
    recipe,
    dimension: gguf.hidden,
    parameters: model.parameters,
    weightBytes: model.bytes,
    memoryBytes: memoryNeeded(plan, gguf, model.bytes),
    warnings,
  }
  return {
    info,
    preview: (text, side, task) => previewPrompts(plan, text, side, task),
    tokenCounter: () => tokenCounter(plan),
    open: (open = {}) => LlamaEncoder.open(info, plan, open),
  }
}

async function identify(model: GgufModel, plan: LlamaPlan, llama: LlamaFacts, options: LlamaOptions): Promise<Json> {
  return {
    engine: 'llama',
    nodeLlamaCpp: llama.version,
    llamaCpp: llama.release,
    tokenizers: packageVersion('@huggingface/tokenizers'),
    tokenizer: GGUF_TOKENIZER_VERSION,
    encoding: ENCODING_VERSION,
    weights: [...(await hashFiles(model.files, options.hashCache ?? null, options.signal))].sort(),
    // Other devices round otherwise.
    device: plan.device,
    recipe: plan.recipe as unknown as Json,
  }
}
