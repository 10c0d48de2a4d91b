import { rowOf } from '../../engines/conformance/compare.ts'
import type { Encoded } from '../../engines/types.ts'
import { anisotropy, hubness } from '../../measure/space/index.ts'
import { unitRows } from '../../measure/space/rows.ts'
import type { Check } from './check.ts'

/** Ranks in which hubs are looked for: few, since there are few documents. */
const HUB_RANKS = 5
const NARROW = 0.95

/** Numbers that are none, vectors of zeros, vectors or dimensions that never change. */
export function checkNumbers(documents: Encoded, queries: Encoded): Check {
  const rows = [documents, queries].flatMap((encoded) => (encoded.tokens.length > 0 ? rowsOf(encoded) : []))
  const { dimension } = documents
  const name = 'vectors are numbers and differ'
  const failed = (detail: string, hint: string): Check => ({ name, status: 'failed', detail, hint })
  if (rows.some((row) => row.some((x) => !Number.isFinite(x))))
    return failed('there are NaN or infinities', 'Likely cause: 16-bit overflow or damaged weights.')
  const zeros = rows.filter((row) => row.every((x) => x === 0)).length
  if (zeros > 0)
    return failed(`${zeros} of ${rows.length} vectors are zero`, 'Likely cause: an output that is not filled.')
  const constant = Array.from({ length: dimension }, (_, d) => rows.every((row) => row[d] === rows[0]![d])).filter(
    Boolean,
  ).length
  if (constant === dimension)
    return failed(
      `all ${rows.length} texts have one vector`,
      'Likely cause: a token is pooled that is the same in all texts and sees none of the text: the first one of a causal model, or padding.',
    )
  return {
    name,
    status: constant > 0 ? 'warning' : 'ok',
    detail: `${rows.length} texts, ${constant} of ${dimension} dimensions constant`,
    ...(constant > 0 ? { hint: 'Dimensions that never change carry nothing: leave them out, or centre.' } : {}),
  }
}

/** How often a document is first for a sentence of its own, how narrow the cone of vectors is, and whether a few are near to all. */
export function checkSpace(documents: Encoded, queries: Encoded): Check[] {
  const rankings = rank(documents, queries)
  const n = rankings.length
  const first = rankings.filter(([best], query) => best === query).length
  const mean = anisotropy(documents)!
  const { skew, hub } = hubness(
    rankings.map((ranking) => ranking.map(String)),
    n,
    HUB_RANKS,
  )
  return [
    {
      name: 'self-retrieval',
      status: first < n / 2 ? 'warning' : 'ok',
      detail: `${first} of ${n} documents are first for a sentence of their own`,
      ...(first < n / 2
        ? {
            hint: 'The vectors carry little of the text. Likely causes: a recipe that does not suit the model (one trained for retrieval needs its own prompts and pooling), a model that is not trained, or vectors that need centring (postprocess: [center]).',
          }
        : {}),
    },
    {
      name: 'anisotropy',
      status: mean > NARROW ? 'warning' : 'ok',
      detail: `mean cosine ${mean.toFixed(3)} between ${n} unlike documents`,
      ...(mean > NARROW
        ? { hint: 'All vectors point the same way: centre or whiten them (postprocess), or pool an earlier layer.' }
        : {}),
    },
    {
      name: 'hubness',
      status: hub!.count >= 0.75 * n ? 'warning' : 'ok',
      detail: `one document is among the first ${HUB_RANKS} of ${hub!.count} of ${n} queries; skew ${skew === null ? 'none' : skew.toFixed(2)}`,
      ...(hub!.count >= 0.75 * n
        ? {
            hint: 'A document that is near to every query pushes the right ones down: centre the vectors (postprocess).',
          }
        : {}),
    },
  ]
}

/** Documents by cosine for each query, best first; of equal ones the later, so that one vector for all is no success. */
function rank(documents: Encoded, queries: Encoded): number[][] {
  const { dimension } = documents
  const [d, q] = [unitRows(documents), unitRows(queries)]
  const dot = (query: number, document: number) => {
    let sum = 0
    for (let i = 0; i < dimension; i++) sum += q[query * dimension + i]! * d[document * dimension + i]!
    return sum
  }
  const numbers = Array.from({ length: documents.tokens.length }, (_, i) => i)
  return Array.from({ length: queries.tokens.length }, (_, query) => {
    const scores = numbers.map((document) => dot(query, document))
    return numbers.toSorted((a, b) => scores[b]! - scores[a]! || b - a)
  })
}

function rowsOf(encoded: Encoded): Float32Array[] {
  return Array.from({ length: encoded.tokens.length }, (_, i) => rowOf(encoded, i))
}
