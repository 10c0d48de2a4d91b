import type { Json } from '../core/fingerprint.ts'
import type { KnownCollection } from '../data/published/known.ts'
import type { Finding } from '../data/types.ts'
import type { PairedComparison } from '../measure/index.ts'
import type { SpaceComparison, SpaceDiagnostics } from '../measure/space/index.ts'
import type { CollectionDomain, DomainResult } from './domains/results.ts'
import type { LearnedDetail } from './fusion-detail.ts'
import type { LintReport } from './lint/types.ts'
import type { PublishedRow } from './published-row.ts'
import type { SpecialisationResults } from './specialisation/results.ts'

/** Version of the result format; readers refuse a newer one. */
export const RESULTS_VERSION = 2

/** All that a study found. Reports are made from this alone; `results.json` holds exactly this. */
export interface StudyResults {
  readonly resultsVersion: typeof RESULTS_VERSION
  readonly fieldtrial: string
  readonly study: string
  readonly description: string
  /** ISO 8601, UTC. */
  readonly finishedAt: string
  readonly machine: MachineInfo
  /** Set when `--limit` made this a smoke run: no number of it may be published. */
  readonly smoke: { readonly limit: number } | null
  /** Documents kept per query in each run; measures without a cut, such as AP, see no more than these. */
  readonly depth: number
  /** Measures in the order asked for, by their canonical names (`nDCG@10`). The first one ranks the leaderboard. */
  readonly measures: readonly string[]
  readonly collections: readonly CollectionResult[]
  readonly retrievers: readonly RetrieverResult[]
  readonly trials: readonly TrialResult[]
  readonly comparison: ComparisonSettings
  readonly comparisons: readonly ComparisonResult[]
  /** The embedding spaces of the dense retrievers, one entry per trial with vectors. */
  readonly spaces: readonly SpaceResult[]
  /** Published figures on these collections, each with whether it can be compared. Absent in results of earlier versions. */
  readonly published?: readonly PublishedRow[]
  /** What unified collections show domain by domain, one entry per trial on one of them; absent where there is none. */
  readonly domains?: readonly DomainResult[]
  /** Every fusion on every collection beside what it is made of. Absent in results of earlier versions. */
  readonly fusions?: readonly FusionResult[]
  /** What training changed, for retrievers of one base with and without it. Absent in results of earlier versions. */
  readonly supervised?: readonly SupervisedResult[]
  /** What specialisation did, for named models of one family. Absent where no two of them stand in the study, and in results of earlier versions. */
  readonly specialisation?: SpecialisationResults
}

/** A trained model against its base as it is, on one collection. Corrected over all such pairs of one collection and measure. */
export interface SupervisedResult extends PairedComparison {
  readonly collection: string
  readonly measure: string
  readonly zeroShot: string
  readonly supervised: string
  readonly before: number | null
  readonly after: number | null
  readonly pAdjusted: number
  readonly significant: boolean
}

/** A fusion on a collection. Figures are of the study's first measure where nothing else is said. */
export interface FusionResult {
  readonly retriever: string
  readonly collection: string
  /** The best single retriever at its bottom, by the very figures reported: the comparison favours that one. */
  readonly best: string
  /** Per measure of the study, against `best`. */
  readonly gains: readonly FusionGain[]
  /** The mean over queries of the best member for each, and the share of the way from `best` to there that the fusion went. */
  readonly oracle: { readonly value: number; readonly closed: number | null }
  readonly cost: FusionCost
  readonly members: readonly FusionMember[]
  /** Relevant documents in its first ten, over all queries; null without an ablation. */
  readonly relevant: number | null
  /** What was learned, and from how many queries; null where nothing was. */
  readonly learned: LearnedDetail | null
}

/** Corrected over all fusions of one collection and measure. */
export interface FusionGain extends PairedComparison {
  readonly measure: string
  readonly value: number | null
  readonly bestValue: number | null
  readonly pAdjusted: number
  readonly significant: boolean
}

/** What the fusion costs beyond its best single retriever, and the models that a document and a query go through in all. */
export interface FusionCost {
  readonly extraMsPerQuery: number
  readonly extraIndexBytes: number
  readonly documentEncodings: number
  readonly queryEncodings: number
}

export interface FusionMember {
  readonly member: string
  /** The member by itself, and the fusion without it; null where the ablation was left out. */
  readonly alone: number | null
  readonly without: number | null
  /** The fusion against itself without this member, paired over queries; not corrected. */
  readonly contribution: PairedComparison | null
  /** Relevant documents of the fusion's first ten that this member alone has in its own first ten. */
  readonly onlyFinder: number | null
}

/** What the vectors of a trial look like, and how they differ from others': why a model retrieves as it does. */
export interface SpaceResult {
  readonly retriever: string
  readonly collection: string
  readonly diagnostics: SpaceDiagnostics
  readonly comparisons: readonly SpaceComparisonResult[]
}

export interface SpaceComparisonResult extends SpaceComparison {
  /** The retriever whose space this one is compared with, on the same documents. */
  readonly against: string
  /**
   * `ancestor`: the model that this one descends from, with the same recipe; `recipe`: the same model with its first recipe; `model`: the
   * study's first model with the same recipe.
   */
  readonly why: 'ancestor' | 'recipe' | 'model'
}

export interface MachineInfo {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly platform: string
  readonly node: string
}

export interface CollectionResult {
  readonly name: string
  readonly source: string
  readonly split: string
  readonly fingerprint: string
  readonly documents: number
  readonly queries: number
  readonly judgments: number
  readonly removeSelf: boolean
  /** What the documents' text is made of, e.g. `title + " " + text`. */
  readonly titleRule: string
  readonly findings: readonly Finding[]
  /** The known data set that it is; null for one of the user's own, absent in results of earlier versions. */
  readonly known?: KnownCollection | null
  /** The figures behind lint's findings; absent where they could not be had, and in results of earlier versions. */
  readonly lint?: CollectionLintResult
  /** Of a unified collection: what it was joined out of. */
  readonly domains?: readonly CollectionDomain[]
}

export type { CollectionDomain, DomainFigures, DomainGaps, DomainResult } from './domains/results.ts'
export type {
  SiblingSpread,
  SpecialisationAnswer,
  SpecialisationResults,
  SpecialisedRow,
} from './specialisation/results.ts'

export type CollectionLintResult = Omit<LintReport, 'findings'>

export interface RetrieverResult {
  /** The name in the study, unique. */
  readonly id: string
  readonly kind: 'bm25' | 'dense' | 'fusion'
  /** One line for people, e.g. `BM25 lucene k1=0.9 b=0.4, lucene-english`. */
  readonly summary: string
  /** Everything resolved: prompts as sent, pooling, dtype, parameters. */
  readonly resolved: Json
  readonly dimension: number | null
  readonly parameters: number | null
  /** Ids of the retrievers that a fusion combines. */
  readonly members: readonly string[]
  readonly warnings: readonly string[]
}

/** One retriever on one collection. */
export interface TrialResult {
  readonly retriever: string
  readonly collection: string
  /** `failed` trials keep their place in every table, with the reason. */
  readonly status: 'done' | 'failed'
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string } | null
  readonly fingerprint: string
  /** The task instruction that stood in its prompts, and who worded it; null where no prompt holds one. */
  readonly task: { readonly instruction: string; readonly source: string } | null
  /** The run file, relative to the folder of `results.json`. */
  readonly runFile: string | null
  /** Measure → mean over all judged queries of the split (missing ones count 0, as `trec_eval -c`). Null: undefined. */
  readonly mean: Readonly<Record<string, number | null>>
  /** Measure → query id → value. */
  readonly perQuery: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly cost: TrialCost
  readonly warnings: readonly string[]
}

/** Seconds are of the work that made the artifacts, also when this run took them from the workspace (`cached`). */
export interface TrialCost {
  readonly cached: boolean
  /** From the documents to an index that can be searched, encoding included. */
  readonly indexSeconds: number
  readonly encodeDocumentsSeconds: number | null
  readonly encodeQueriesSeconds: number | null
  readonly searchSeconds: number
  /** Mean milliseconds per query, encoding included. */
  readonly msPerQuery: number
  /** Index or vectors on disk. */
  readonly indexBytes: number
  readonly documentTokens: number | null
  readonly queryTokens: number | null
  /** Share of documents cut at the maximum length, 0–1. */
  readonly truncatedDocuments: number | null
  readonly truncatedQueries: number | null
  /** Largest resident memory of the process while documents were encoded. */
  readonly peakBytes: number | null
}

export interface ComparisonSettings {
  readonly baseline: string | null
  readonly test: 'randomisation' | 't-test' | 'bootstrap'
  readonly correction: 'holm' | 'benjamini-hochberg' | 'none'
  readonly alpha: number
  readonly resamples: number
  readonly seed: number
}

/** A retriever against the baseline, paired over the judged queries of one collection. Corrected over all retrievers of one collection and measure. */
export interface ComparisonResult {
  readonly collection: string
  readonly measure: string
  readonly baseline: string
  readonly retriever: string
  readonly queries: number
  /** Mean of (retriever − baseline). */
  readonly difference: number
  /** 95 % percentile bootstrap interval of the difference (the level is 1 − alpha). */
  readonly interval: readonly [number, number]
  readonly p: number
  readonly pAdjusted: number
  readonly significant: boolean
  /** Cohen's d_z: mean difference over its standard deviation; null when all differences are equal. */
  readonly effect: number | null
  readonly wins: number
  readonly losses: number
  readonly ties: number
}

/** Texts behind the per-query tables, kept apart from the numbers: `evidence.json`. */
export interface Evidence {
  readonly collections: readonly CollectionEvidence[]
}

export interface CollectionEvidence {
  readonly collection: string
  /** The queries shown: all, or those on which the retrievers differ most when there are more than `limit`. */
  readonly queries: readonly QueryEvidence[]
  readonly queriesTotal: number
  /** Query id → text (its first characters), of all judged queries. */
  readonly queryTexts: Readonly<Record<string, string>>
  /** Document id → its title and the first characters of its text. */
  readonly documents: Readonly<Record<string, { readonly title: string; readonly text: string; readonly cut: boolean }>>
}

export interface QueryEvidence {
  readonly id: string
  readonly text: string
  /** Judged relevant documents and their grades (grade > 0), highest first, at most 10. */
  readonly relevant: readonly { readonly id: string; readonly grade: number }[]
  /** Retriever → rank, from 1, of each document in `relevant`; null where the run does not have it. */
  readonly ranks: Readonly<Record<string, readonly (number | null)[]>>
  /** Retriever → its first documents with score and grade (null: not judged). */
  readonly top: Readonly<
    Record<string, readonly { readonly id: string; readonly score: number; readonly grade: number | null }[]>
  >
}
