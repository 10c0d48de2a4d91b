import { alignment, type Pair } from './alignment.ts'
import { anisotropy } from './anisotropy.ts'
import { type Hubness, hubness } from './hubness.ts'
import { type Norms, norms } from './norms.ts'
import { type Rows, type SoundRows, soundRows } from './rows.ts'
import { type SideShift, sideShift } from './sides.ts'
import { type Spectrum, spectrum } from './spectrum.ts'
import { uniformity } from './uniformity.ts'

export interface DescribeSpaceOptions {
  /** Numbers per vector. */
  readonly dimension: number
  /** A sample of document vectors, n × dimension. Some thousands: time grows with n², or with n·dimension² if these are more. */
  readonly documents: Float32Array
  /** Query vectors, m × dimension. */
  readonly queries?: Float32Array
  /** Queries and documents relevant to them, as numbers of rows of `queries` and of `relevant`. */
  readonly pairs?: readonly Pair[]
  /**
   * Vectors of the documents that `pairs` name. Default: `documents`; given apart, they keep out of the sample, which relevant documents would
   * make unlike the collection.
   */
  readonly relevant?: Float32Array
  /** Rankings of the run over the whole collection, for hubness, and the number of its documents. */
  readonly rankings?: { readonly ids: Iterable<readonly string[]>; readonly documents: number; readonly k?: number }
  readonly signal?: AbortSignal
}

/** What one side's vectors look like. Null where there are too few vectors for a figure. */
export interface SideDiagnostics {
  readonly norms: Norms
  /** Mean cosine of distinct vectors: see `anisotropy`. */
  readonly anisotropy: number | null
  /** See `uniformity`. */
  readonly uniformity: number | null
  /** Effective rank and its kin: see `Spectrum`. */
  readonly spectrum: Spectrum | null
}

/** What an embedding space looks like. Plain JSON. Vectors with NaN, and those of zeros, are counted in `norms` and left out of all else. */
export interface SpaceDiagnostics {
  readonly dimension: number
  readonly documents: SideDiagnostics
  /** Null without query vectors. */
  readonly queries: SideDiagnostics | null
  /** Mean squared distance of queries to their relevant documents: see `alignment`; null without pairs. */
  readonly alignment: number | null
  /** Pairs that the alignment is over. */
  readonly pairs: number
  /** How far queries as a block lie from documents as a block; null without query vectors. */
  readonly shift: SideShift | null
  /** Null without rankings. */
  readonly hubness: Hubness | null
}

/** All diagnostics of one space. Deterministic; the caller samples. */
export async function describeSpace(options: DescribeSpaceOptions): Promise<SpaceDiagnostics> {
  const { dimension, pairs = [], rankings, signal } = options
  const given = { vectors: options.documents, dimension }
  const documents = soundRows(given)
  const asked = options.queries === undefined ? null : { vectors: options.queries, dimension }
  const queries = asked === null ? null : soundRows(asked)
  const relevant = options.relevant === undefined ? documents : soundRows({ vectors: options.relevant, dimension })
  const sound = queries === null ? [] : soundPairs(pairs, queries, relevant)
  return {
    dimension,
    documents: await describeSide(given, documents, signal),
    queries: asked === null ? null : await describeSide(asked, queries!, signal),
    alignment: queries === null ? null : alignment(queries, relevant, sound),
    pairs: sound.length,
    shift: queries === null ? null : sideShift(queries, documents),
    hubness: rankings === undefined ? null : hubness(rankings.ids, rankings.documents, rankings.k),
  }
}

async function describeSide(given: Rows, sound: SoundRows, signal: AbortSignal | undefined): Promise<SideDiagnostics> {
  return {
    norms: norms(given),
    anisotropy: anisotropy(sound),
    uniformity: await uniformity(sound),
    spectrum: await spectrum(sound, signal),
  }
}

/** Pairs of rows that were kept, by their new numbers. */
function soundPairs(pairs: readonly Pair[], queries: SoundRows, documents: SoundRows): Pair[] {
  const renumber = (rows: SoundRows) => new Map(Array.from(rows.kept, (row, i) => [row, i]))
  const [q, d] = [renumber(queries), renumber(documents)]
  return pairs.flatMap(([query, document]): Pair[] => {
    const [a, b] = [q.get(query), d.get(document)]
    return a === undefined || b === undefined ? [] : [[a, b]]
  })
}
