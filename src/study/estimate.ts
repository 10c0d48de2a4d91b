import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { writeAtomic } from '../core/atomic.ts'
import { fingerprint } from '../core/fingerprint.ts'
import type { Workspace } from '../core/workspace.ts'
import type { CollectionSummary } from '../data/types.ts'
import type { EncoderInfo } from '../engines/types.ts'
import type { Side } from '../recipes/types.ts'

/** What a step will cost. Null seconds: nothing is known (a server that was never asked). */
export interface Estimate {
  readonly seconds: number | null
  readonly memoryBytes: number
  readonly diskBytes: number
}

/** Tokens per second that encoders reached on this machine, by encoder. */
export type Rates = Readonly<Record<string, number>>

/** English text has about this many characters per word-piece; code has fewer, so this is on the optimistic side. */
const CHARACTERS_PER_TOKEN = 4.3
/** Documents indexed and searched per second by one thread; see docs/benchmarks.md. */
const BM25_DOCUMENTS_PER_SECOND = 8_000
const BM25_QUERIES_PER_SECOND = 1_000
/** Multiply-adds per second and core that onnxruntime reaches on ordinary machines in float32; only until a real rate is known. */
const GUESSED_OPERATIONS_PER_CORE = 4e10
/** The same of GPUs in 16 bits, of which there are slower and much faster ones. */
const GUESSED_OPERATIONS_PER_GPU = 1e14
const NODE_BYTES = 120e6

/** Where an encoder's speed is remembered: it depends on the model and on the processor. */
function rateKey(info: EncoderInfo): string {
  return fingerprint({ encoder: info.identity, cpu: cpus()[0]?.model ?? '', cores: availableParallelism() }).slice(
    0,
    32,
  )
}

export async function readRates(workspace: Workspace): Promise<Rates> {
  try {
    return JSON.parse(await readFile(workspace.path('cache', 'rates.json'), 'utf8')) as Rates
  } catch {
    return {} // estimates are a courtesy: without them the plan says that it does not know
  }
}

/** Remembers how fast an encoder was, for the next plan. */
export async function rememberRate(
  workspace: Workspace,
  info: EncoderInfo,
  tokens: number,
  seconds: number,
): Promise<void> {
  if (tokens < 1000 || seconds <= 0) return
  const rates = { ...(await readRates(workspace)), [rateKey(info)]: Math.round(tokens / seconds) }
  await writeAtomic(workspace.path('cache', 'rates.json'), JSON.stringify(rates))
}

export function estimateBm25(summary: CollectionSummary): Estimate {
  // Postings: about one per 8 characters of text, 8 bytes each with their impact, twice while they are sorted.
  const postings = summary.documentCharacters / 8
  return {
    seconds: summary.documents / BM25_DOCUMENTS_PER_SECOND,
    memoryBytes: NODE_BYTES + postings * 16,
    diskBytes: postings * 6,
  }
}

/** @param imageTokens Tokens that all images of the side take. */
export function estimateEncoding(
  summary: CollectionSummary,
  info: EncoderInfo,
  side: Side,
  rates: Rates,
  imageTokens = 0,
): Estimate {
  const texts = side === 'document' ? summary.documents : summary.queries
  const characters = side === 'document' ? summary.documentCharacters : summary.queryCharacters
  const tokens = promptTokens(info, side, texts, characters) + imageTokens
  const known = rates[rateKey(info)]
  const guessed = info.parameters === null ? null : guessedOperations(info) / (2 * info.parameters)
  const rate = known ?? guessed
  return {
    seconds: rate === null ? null : tokens / rate,
    memoryBytes: NODE_BYTES + (info.memoryBytes ?? 200e6),
    diskBytes: texts * (info.dimension ?? 1024) * 4,
  }
}

function guessedOperations({ engine, identity }: EncoderInfo): number {
  const { device } = identity as { readonly device?: unknown }
  return (engine === 'torch' || engine === 'llama') && device !== 'cpu'
    ? GUESSED_OPERATIONS_PER_GPU
    : GUESSED_OPERATIONS_PER_CORE * availableParallelism()
}

/** A ranked document in memory: a reference to its id, a score, and its share of the id. */
const BYTES_PER_RANKED = 40

/** Tokens that go through the model: contents as far as they are kept, and the fixed text around them, once per prompt. */
function promptTokens({ recipe }: EncoderInfo, side: Side, texts: number, characters: number): number {
  const limit = recipe.maxLength[side] === 0 ? Number.POSITIVE_INFINITY : recipe.maxLength[side]
  const contents = Math.min(characters / CHARACTERS_PER_TOKEN, texts * limit)
  return recipe.prompts[side].reduce((sum, { parts }) => {
    const copies = parts.filter((part) => part.kind === 'contents').length
    const fixed = parts.reduce((n, part) => n + (part.kind === 'literal' ? part.text.length : 0), 0)
    return sum + copies * contents + texts * (2 + fixed / CHARACTERS_PER_TOKEN)
  }, 0)
}

/** Texts that stand for queries; a few hundred at most. */
export function estimateSample(summary: CollectionSummary, info: EncoderInfo, rates: Rates): Estimate {
  const all = estimateEncoding(summary, info, 'query', rates)
  const share = Math.min(1, 256 / Math.max(1, summary.queries))
  return { ...all, seconds: all.seconds === null ? null : all.seconds * share }
}

/** A covariance and its eigenvectors, and every vector once through a matrix. */
export function estimatePostprocess(summary: CollectionSummary, dimension: number | null): Estimate {
  const d = dimension ?? 1024
  const operations = 4 * summary.documents * d * d + 20 * d ** 3
  return {
    seconds: operations / GUESSED_OPERATIONS_PER_CORE,
    memoryBytes: NODE_BYTES + 5 * d * d * 8,
    diskBytes: summary.documents * d * 4,
  }
}

/** @param dimension Of the vectors; null for an inverted index. */
export function estimateSearch(summary: CollectionSummary, dimension: number | null, depth: number): Estimate {
  const ranked = summary.queries * Math.min(depth, summary.documents)
  const diskBytes = ranked * 40
  if (dimension === null) {
    const memoryBytes = estimateBm25(summary).memoryBytes + ranked * BYTES_PER_RANKED
    return { seconds: summary.queries / BM25_QUERIES_PER_SECOND, memoryBytes, diskBytes }
  }
  const operations = 2 * summary.documents * summary.queries * dimension
  return {
    seconds: 0.2 + operations / (GUESSED_OPERATIONS_PER_CORE * availableParallelism()),
    memoryBytes: NODE_BYTES + 250e6 + ranked * BYTES_PER_RANKED,
    diskBytes,
  }
}

export function estimateFusion(summary: CollectionSummary, members: number, depth: number): Estimate {
  const ranked = summary.queries * Math.min(depth, summary.documents)
  return {
    seconds: (ranked * members) / 1e6,
    memoryBytes: NODE_BYTES + ranked * (members + 1) * BYTES_PER_RANKED,
    diskBytes: ranked * 40,
  }
}
