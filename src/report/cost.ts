import type { RetrieverResult, TrialCost, TrialResult } from '../study/results.ts'
import { formatBytes, formatCount, formatMs, formatSeconds } from './format.ts'

/** A cost against which quality is held. */
export interface CostAxis {
  readonly id: 'query' | 'bytes' | 'dimension' | 'indexing' | 'memory'
  readonly label: string
  /** Null: this retriever has no such cost, e.g. BM25 no dimension. */
  value(retriever: RetrieverResult, trial: TrialResult): number | null
  format(value: number): string
}

export const COST_AXES: readonly CostAxis[] = [
  {
    id: 'query',
    label: 'Time per query (encoding included)',
    value: (_, trial) => trial.cost.msPerQuery,
    format: formatMs,
  },
  {
    id: 'bytes',
    label: 'Index or vectors on disk',
    value: (_, trial) => trial.cost.indexBytes,
    format: formatBytes,
  },
  {
    id: 'dimension',
    label: 'Dimension of the vectors',
    value: (retriever) => retriever.dimension,
    format: formatCount,
  },
  {
    id: 'indexing',
    label: 'Time to encode and index the documents',
    value: (_, trial) => trial.cost.indexSeconds,
    format: formatSeconds,
  },
  {
    id: 'memory',
    label: 'Peak memory while documents are encoded',
    value: (_, trial) => trial.cost.peakBytes,
    format: formatBytes,
  },
]

/** Documents' tokens over the seconds that encoding them took; null where one of the two is unknown, or no time passed. */
export function tokensPerSecond({ documentTokens, encodeDocumentsSeconds }: TrialCost): number | null {
  if (documentTokens === null || encodeDocumentsSeconds === null || encodeDocumentsSeconds <= 0) return null
  return documentTokens / encodeDocumentsSeconds
}

export interface Point {
  readonly x: number
  readonly y: number
}

/**
 * The points that no other point beats: none is cheaper (smaller x) and at least as good (greater or equal y), nor as cheap and
 * better. Ordered by x.
 */
export function paretoFront<T extends Point>(points: readonly T[]): T[] {
  const ordered = [...points].sort((a, b) => a.x - b.x || b.y - a.y)
  const front: T[] = []
  for (const point of ordered) {
    const last = front.at(-1)
    if (last === undefined || point.y > last.y || (point.y === last.y && point.x === last.x)) front.push(point)
  }
  return front
}
