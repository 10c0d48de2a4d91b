import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { setImmediate as breathe } from 'node:timers/promises'
import { FieldtrialError, throwIfAborted } from '../../../core/errors.ts'
import type { Json } from '../../../core/fingerprint.ts'
import { readModelFolder } from '../../text/files.ts'
import { hashFiles } from '../../text/hash.ts'
import { requireOwnTokenizer } from '../../text/tokenizer/fits.ts'
import { PromptTokenizer } from '../../text/tokenizer/prompt-tokenizer.ts'
import { TextTokenizer } from '../../text/tokenizer/tokenizer.ts'
import { packageVersion } from '../../text/versions.ts'
import { planBatches } from '../batches.ts'
import { positionsAfter } from '../model-runner.ts'
import type * as ort from '../runtime.ts'
import { Tensor } from '../runtime.ts'
import { openGraph } from '../session.ts'
import { type CrossEncoderGraph, crossEncoderGraph } from './graph.ts'
import { type PairPiece, pairPieces, roomForTwo } from './pairs.ts'

export interface CrossEncoderOptions {
  /** Tokens of a pair. Default: what the tokenizer or the position table allows, at most 512. */
  readonly maxLength?: number
  /** Default: all cores. */
  readonly threads?: number
  /** JSON file that keeps the hashes of weights between runs. Default: none. */
  readonly hashCache?: string
  readonly signal?: AbortSignal
}

const LONGEST = 512
const BATCH_TOKENS = 2048
/** Raised whenever the same model would give other scores. */
const VERSION = 1

interface Pair {
  readonly ids: number[]
  readonly segments: number[]
}

/** A model that reads a query and a document together and gives one score (BERT, RoBERTa and DistilBERT families, in process). */
export class CrossEncoder {
  /** All that scores depend on. */
  readonly identity: Json
  readonly #session: ort.InferenceSession
  readonly #graph: CrossEncoderGraph
  readonly #tokenizer: TextTokenizer
  readonly #pieces: readonly PairPiece[]
  readonly #maxLength: number

  private constructor(
    identity: Json,
    session: ort.InferenceSession,
    graph: CrossEncoderGraph,
    tokenizer: TextTokenizer,
    pieces: readonly PairPiece[],
    maxLength: number,
  ) {
    this.identity = identity
    this.#session = session
    this.#graph = graph
    this.#tokenizer = tokenizer
    this.#pieces = pieces
    this.#maxLength = maxLength
  }

  /**
   * @param folder In transformers' layout, with safetensors.
   * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID` for a model that is no cross-encoder, or of a family that is not built.
   */
  static async open(folder: string, options: CrossEncoderOptions = {}): Promise<CrossEncoder> {
    const { config, checkpoint, tokenizerFile, tokenizerConfig, configFiles } = await readModelFolder(folder)
    if (checkpoint === null)
      throw new FieldtrialError('MODEL_INVALID', `${folder} has no model.safetensors.`, {
        where: { file: folder },
        hint: 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.',
      })
    const graph = crossEncoderGraph(config, checkpoint, tellsSegments(tokenizerConfig))
    requireOwnTokenizer(tokenizerFile, await PromptTokenizer.load(tokenizerFile, tokenizerConfig, false), config)
    const tokenizer = await TextTokenizer.load(tokenizerFile, tokenizerConfig, false)
    const json = JSON.parse(await readFile(tokenizerFile, 'utf8')) as { post_processor?: unknown }
    const pieces = pairPieces(json.post_processor ?? null, tokenizerFile)
    const maxLength = options.maxLength ?? ownLength(config, tokenizerConfig, graph.positionOffset)
    const weights = [...new Set([...checkpoint.values()].map(({ file }) => file))]
    const hashes = await hashFiles(
      [...weights, tokenizerFile, ...configFiles],
      options.hashCache ?? null,
      options.signal,
    )
    const identity = {
      crossEncoder: VERSION,
      onnxruntime: packageVersion('onnxruntime-node'),
      files: [...hashes].sort(),
      maxLength,
    }
    const session = await openGraph(graph.built, { threads: options.threads ?? availableParallelism() })
    return new CrossEncoder(identity, session, graph, tokenizer, pieces, maxLength)
  }

  /** Scores (logits) of documents for a query, in their order. */
  async score(query: string, documents: readonly string[], signal?: AbortSignal): Promise<Float32Array> {
    const asked = this.#tokenizer.ids(query)
    const pairs = documents.map((document) => this.#pair(asked, document))
    const scores = new Float32Array(documents.length)
    const lengths = Int32Array.from(pairs, ({ ids }) => ids.length)
    for (const batch of planBatches(lengths, BATCH_TOKENS)) {
      throwIfAborted(signal)
      const found = await this.#run(
        batch.map((i) => pairs[i]!),
        lengths[batch[0]!]!,
      )
      for (const [row, i] of batch.entries()) scores[i] = found[row]!
      // `run` blocks this thread; signals and progress get their turn between batches.
      await breathe()
    }
    if (scores.every(Number.isFinite)) return scores
    throw new FieldtrialError('ENGINE_FAILED', 'The cross-encoder gave a score that is not a number.', {
      hint: 'Its weights are damaged; fetch it again.',
    })
  }

  close(): Promise<void> {
    return this.#session.release()
  }

  #pair(query: readonly number[], document: string): Pair {
    const fixed = this.#pieces.filter((piece) => 'id' in piece).length
    const room = this.#maxLength - fixed
    const { ids, cutTokens } = this.#tokenizer.cut(document, room)
    const [a, b] = roomForTwo(query.length, ids.length + cutTokens, room)
    const parts = { A: query.slice(0, a), B: ids.slice(0, b) }
    const tokens = this.#pieces.flatMap((piece) =>
      ('id' in piece ? [piece.id] : parts[piece.text]).map((id) => ({ id, segment: piece.segment })),
    )
    return { ids: tokens.map(({ id }) => id), segments: tokens.map(({ segment }) => segment) }
  }

  async #run(pairs: readonly Pair[], length: number): Promise<Float32Array> {
    const dims = [pairs.length, length]
    const flat = (rows: readonly number[][]) => BigInt64Array.from(rows.flat(), BigInt)
    const ids = flat(pairs.map((pair) => pair.ids))
    const { segments, positionOffset } = this.#graph
    const feeds: Record<string, ort.Tensor> = { input_ids: new Tensor('int64', ids, dims) }
    if (segments) feeds.token_type_ids = new Tensor('int64', flat(pairs.map((pair) => pair.segments)), dims)
    if (positionOffset !== null)
      feeds.position_ids = new Tensor('int64', positionsAfter(BigInt(positionOffset), ids, pairs.length, length), dims)
    const { score } = await this.#session.run(feeds)
    return score!.data as Float32Array
  }
}

function ownLength(
  config: Readonly<Record<string, unknown>>,
  tokenizerConfig: Readonly<Record<string, unknown>> | null,
  positionOffset: number | null,
): number {
  const positions =
    Number(config.max_position_embeddings ?? LONGEST) - (positionOffset === null ? 0 : positionOffset + 1)
  return Math.min(LONGEST, positions, Number(tokenizerConfig?.model_max_length ?? LONGEST))
}

/** Whether transformers hands the model segments with this tokenizer: what the config lists, else all classes but the bare one of version 5. */
function tellsSegments(tokenizerConfig: Readonly<Record<string, unknown>> | null): boolean {
  const names = tokenizerConfig?.model_input_names
  if (Array.isArray(names)) return names.includes('token_type_ids')
  return tokenizerConfig?.tokenizer_class !== 'TokenizersBackend'
}
