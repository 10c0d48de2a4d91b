import { readFileSync } from 'node:fs'
import { fingerprint, type Json } from '../../src/core/fingerprint.ts'
import type { ComparisonResult, Evidence, RetrieverResult, StudyResults, TrialResult } from '../../src/study/results.ts'
import { fusionsFixture } from './fusion-fixture.ts'
import { sharedPath } from './shared.ts'
import { instructFixture, promptRepsFixture, spacesFixture } from './space-fixture.ts'

export interface FixtureOptions {
  readonly study?: string
  readonly description?: string
  readonly collections?: readonly string[]
  readonly retrievers?: readonly {
    readonly id: string
    readonly kind: RetrieverResult['kind']
    readonly skill: number
  }[]
  readonly queries?: number
  readonly measures?: readonly string[]
  readonly smoke?: number | null
  /** `[retriever, collection]` pairs that fail. */
  readonly failed?: readonly (readonly [string, string])[]
  readonly baseline?: string | null
  readonly seed?: number
  /** Queries with texts, per collection. */
  readonly evidence?: number
}

const RETRIEVERS: NonNullable<FixtureOptions['retrievers']> = [
  { id: 'bm25', kind: 'bm25', skill: 0.5 },
  { id: 'bm25-multifield', kind: 'bm25', skill: 0.47 },
  { id: 'minilm', kind: 'dense', skill: 0.49 },
  { id: 'bge-base', kind: 'dense', skill: 0.58 },
  { id: 'bge-base-int8', kind: 'dense', skill: 0.572 },
  { id: 'minilm+bm25', kind: 'fusion', skill: 0.56 },
]

const WORDS =
  'gene expression protein cell vitamin trial patients risk cancer mice tumour receptor binding membrane dose placebo cohort immune response therapy mutation kinase inhibitor bone density insulin glucose diabetes heart stroke aspirin'.split(
    ' ',
  )

/** A small generator of random numbers with a seed (mulberry32): the same study on every machine. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const NDCG = [0, 0.289065, 0.30103, 0.333333, 0.386853, 0.430677, 0.5, 0.63093, 0.613147, 0.810721, 0.919721, 1, 1]

/** A study as the real one looks: scores per query that correlate between retrievers, comparisons that follow from them. */
export function studyFixture(options: FixtureOptions = {}): { results: StudyResults; evidence: Evidence } {
  const collections = options.collections ?? ['scifact', 'nfcorpus', 'cosqa']
  const retrievers = options.retrievers ?? RETRIEVERS
  const measures = options.measures ?? ['nDCG@10', 'R@100', 'MRR@10']
  const queries = options.queries ?? 120
  const next = random(options.seed ?? 7)
  const failed = new Set((options.failed ?? []).map((pair) => pair.join('\0')))
  const trials: TrialResult[] = []
  for (const [c, collection] of collections.entries()) {
    const hardness = Array.from({ length: queries }, () => next())
    for (const retriever of retrievers) {
      const isFailed = failed.has(`${retriever.id}\0${collection}`)
      const perQuery = Object.fromEntries(
        measures.map((measure, m) => [
          measure,
          Object.fromEntries(
            isFailed
              ? []
              : hardness.map((hard, q) => {
                  const level = 1.3 * retriever.skill - hard * (0.9 + 0.15 * c) + 0.45 * next() + 0.15 * m + 0.1
                  return [`q${q + 1}`, NDCG[Math.max(0, Math.min(12, Math.round(level * 12)))]!]
                }),
          ),
        ]),
      )
      trials.push(trialOf(retriever, collection, perQuery, isFailed, next))
    }
  }
  const baseline = options.baseline === undefined ? retrievers[0]!.id : options.baseline
  return {
    results: assemble(options, collections, retrievers, measures, trials, baseline, queries),
    evidence: evidenceOf(collections, retrievers, Math.min(queries, options.evidence ?? 60), queries, next),
  }
}

function trialOf(
  retriever: { id: string; kind: RetrieverResult['kind'] },
  collection: string,
  perQuery: TrialResult['perQuery'],
  isFailed: boolean,
  next: () => number,
): TrialResult {
  const dense = retriever.kind === 'dense'
  const encode = dense ? 60 + 300 * next() : null
  return {
    retriever: retriever.id,
    collection,
    status: isFailed ? 'failed' : 'done',
    error: isFailed
      ? { code: 'ENGINE_FAILED', message: 'The server answered 500 four times.', hint: 'Look at its log.' }
      : null,
    fingerprint: fingerprint([retriever.id, collection]),
    task:
      dense && !isPromptReps(retriever.id)
        ? {
            instruction: 'Given a question, retrieve passages that answer it',
            source: `the study file of ${collection}`,
          }
        : null,
    runFile: isFailed ? null : `runs/${collection}/${retriever.id}.trec`,
    mean: Object.fromEntries(
      Object.entries(perQuery).map(([measure, values]) => [measure, isFailed ? null : mean(Object.values(values))]),
    ),
    perQuery,
    cost: {
      cached: next() < 0.3,
      indexSeconds: encode === null ? 1.4 : encode + 0.2,
      encodeDocumentsSeconds: encode,
      encodeQueriesSeconds: dense ? 1 + 4 * next() : null,
      searchSeconds: 0.1 + next(),
      msPerQuery: (dense ? 12 : 0.6) * (1 + 2 * next()),
      indexBytes: Math.round((dense ? 8e6 : 3e6) * (1 + next())),
      documentTokens: dense ? 1_200_000 : null,
      queryTokens: dense ? 6200 : null,
      truncatedDocuments: dense ? 0.217 : null,
      truncatedQueries: dense ? 0 : null,
      peakBytes: dense ? 900e6 : null,
    },
    warnings: dense && !isFailed ? ['21.7 % of the documents were cut at 256 tokens.'] : [],
  }
}

function assemble(
  options: FixtureOptions,
  collections: readonly string[],
  retrievers: readonly { id: string; kind: RetrieverResult['kind'] }[],
  measures: readonly string[],
  trials: readonly TrialResult[],
  baseline: string | null,
  queries: number,
): StudyResults {
  return {
    resultsVersion: 2,
    depth: 1000,
    fieldtrial: '0.1.0',
    study: options.study ?? 'biomedical-and-code',
    description:
      options.description ?? 'Lexical against dense retrieval on two biomedical collections and one of code.',
    finishedAt: '2026-05-04T10:12:30.000Z',
    machine: {
      cpu: 'Example CPU 3.0 GHz',
      cores: 2,
      memoryBytes: 16e9,
      platform: 'linux x64',
      node: '24.1.0',
    },
    smoke: options.smoke == null ? null : { limit: options.smoke },
    measures,
    collections: collections.map((name, i) => ({
      name,
      source: `data/${name}`,
      split: 'test',
      fingerprint: fingerprint(name),
      documents: 5183 + 700 * i,
      queries,
      judgments: queries * (i + 1) + 13,
      removeSelf: i === 1,
      titleRule: 'title + " " + text',
      findings:
        i === 0
          ? [
              {
                code: 'documents.duplicate-text',
                level: 'info',
                count: 80,
                of: 5183,
                message:
                  '80 of 5183 documents have the same title and text as another: no ranking can tell them apart.',
                examples: ['d12', 'd77', 'd104'],
              },
              {
                code: 'qrels.absent-documents',
                level: 'warning',
                count: 3,
                of: queries + 13,
                message: `3 of ${queries + 13} judgments name documents that the corpus lacks.`,
                examples: ['d90001'],
              },
            ]
          : [],
    })),
    retrievers: retrievers.map((r) => ({
      id: r.id,
      kind: r.kind,
      summary:
        r.kind === 'bm25'
          ? 'BM25 lucene k1=0.9 b=0.4, lucene-english'
          : r.kind === 'dense'
            ? 'bert, mean pooling, cosine, 256 tokens, query prompt "Represent this sentence for searching relevant passages: ", no document prompt, float32, onnx/model.onnx@1a2b3c4d'
            : 'Reciprocal rank fusion k=60',
      resolved:
        r.kind === 'dense' ? resolvedFixture(r.id) : { variant: 'lucene', k1: 0.9, b: 0.4, analyzer: 'lucene-english' },
      dimension: r.kind === 'dense' ? (r.id.includes('base') ? 768 : 384) : null,
      parameters: r.kind === 'dense' ? 22_713_216 : null,
      members: r.kind === 'fusion' ? ['minilm', 'bm25'] : [],
      warnings: [],
    })),
    trials,
    comparison: {
      baseline,
      test: 'randomisation',
      correction: 'holm',
      alpha: 0.05,
      resamples: 20_000,
      seed: 1,
    },
    comparisons: baseline === null ? [] : compareAll(trials, measures, baseline),
    fusions: fusionsFixture(retrievers, trials, measures),
    spaces: collections.flatMap((collection) =>
      spacesFixture(
        trials
          .filter((t) => t.collection === collection && t.status === 'done')
          .map((t) => t.retriever)
          .filter((id) => retrievers.some((r) => r.id === id && r.kind === 'dense')),
        collection,
      ),
    ),
  }
}

const isPromptReps = (id: string) => id.includes('promptreps')

function resolvedFixture(id: string): Json {
  return {
    model: { engine: 'onnx', model: 'example/model', dtype: 'float32', device: 'cpu' },
    output: 'dense',
    ...(id.includes('center') ? { postprocess: [{ kind: 'center' }], queryMean: 'auto' } : {}),
    recipe: (isPromptReps(id) ? promptRepsFixture() : instructFixture()) as unknown as Json,
    identity: { engine: 'onnx', dtype: 'float32' },
  }
}

/** Normal approximation and Holm: close enough to the real tests to make every kind of outcome appear. */
function compareAll(trials: readonly TrialResult[], measures: readonly string[], baseline: string): ComparisonResult[] {
  const all: ComparisonResult[] = []
  for (const base of trials.filter((t) => t.retriever === baseline && t.status === 'done'))
    for (const measure of measures) {
      const family = trials
        .filter((t) => t.collection === base.collection && t.retriever !== baseline && t.status === 'done')
        .map((t) => compare(base, t, measure))
      const byP = [...family].sort((a, b) => a.p - b.p)
      let highest = 0
      const adjusted = new Map(
        byP.map((c, i) => {
          highest = Math.max(highest, Math.min(1, c.p * (byP.length - i)))
          return [c.retriever, highest] as const
        }),
      )
      all.push(
        ...family.map((c) => {
          const pAdjusted = adjusted.get(c.retriever)!
          return { ...c, pAdjusted, significant: pAdjusted < 0.05 }
        }),
      )
    }
  return all
}

function compare(base: TrialResult, trial: TrialResult, measure: string): ComparisonResult {
  const baseline = base.perQuery[measure]!
  const differences = Object.entries(trial.perQuery[measure]!).map(([query, value]) => value - (baseline[query] ?? 0))
  const n = differences.length
  const d = mean(differences)
  const sd = Math.sqrt(differences.reduce((sum, x) => sum + (x - d) ** 2, 0) / Math.max(1, n - 1))
  const se = sd / Math.sqrt(n)
  const p = se === 0 ? 1 : Math.max(1 / 20_001, Math.min(1, 2 * (1 - normal(Math.abs(d) / se))))
  return {
    collection: trial.collection,
    measure,
    baseline: base.retriever,
    retriever: trial.retriever,
    queries: n,
    difference: d,
    interval: [d - 1.96 * se, d + 1.96 * se],
    p,
    pAdjusted: p,
    significant: false,
    effect: sd === 0 ? null : d / sd,
    wins: differences.filter((x) => x > 0).length,
    losses: differences.filter((x) => x < 0).length,
    ties: differences.filter((x) => x === 0).length,
  }
}

/** Cumulative normal distribution (Zelen & Severo 1964, formula 26.2.17 of Abramowitz & Stegun). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function evidenceOf(
  collections: readonly string[],
  retrievers: readonly { id: string }[],
  shown: number,
  total: number,
  next: () => number,
): Evidence {
  const words = (n: number) => Array.from({ length: n }, () => WORDS[Math.floor(next() * WORDS.length)]).join(' ')
  return {
    collections: collections.map((collection) => {
      const documents = Object.fromEntries(
        Array.from({ length: 200 }, (_, i) => [
          `d${i}`,
          { title: `On ${words(6)}`, text: `${words(60)}.`, cut: i % 2 === 0 },
        ]),
      )
      const queryTexts = Object.fromEntries(Array.from({ length: total }, (_, q) => [`q${q + 1}`, `Does ${words(8)}?`]))
      return {
        collection,
        queriesTotal: total,
        queryTexts,
        documents,
        queries: Array.from({ length: shown }, (_, q) => {
          const relevant = [
            { id: `d${q % 200}`, grade: 2 },
            { id: `d${(q + 1) % 200}`, grade: 1 },
          ]
          const found = Object.fromEntries(retrievers.map((r) => [r.id, ranking(q, next)]))
          const grade = (id: string) => relevant.find((r) => r.id === id)?.grade ?? (next() < 0.5 ? 0 : null)
          return {
            id: `q${q + 1}`,
            text: queryTexts[`q${q + 1}`]!,
            relevant,
            ranks: Object.fromEntries(
              retrievers.map((r) => [
                r.id,
                relevant.map(({ id }) => found[r.id]!.indexOf(id) + 1 || (next() < 0.3 ? null : deepRank(next))),
              ]),
            ),
            top: Object.fromEntries(
              retrievers.map((r) => [
                r.id,
                found[r.id]!.map((id, rank) => ({ id, score: 20 - rank - next(), grade: grade(id) })),
              ]),
            ),
          }
        }),
      }
    }),
  }
}

/** Ten distinct documents, among them mostly one or both of the relevant ones. */
function ranking(query: number, next: () => number): string[] {
  const ids = Array.from({ length: 10 }, (_, rank) => `d${(query * 7 + rank * 11 + 5) % 200}`)
  for (const relevant of [query, query + 1])
    if (next() < 0.6 && !ids.includes(`d${relevant % 200}`)) ids[Math.floor(next() * 10)] = `d${relevant % 200}`
  return ids
}

/** Below the ten documents whose texts are kept, above the depth of the runs. */
const deepRank = (next: () => number) => 11 + Math.floor(989 * next())

/** The real scores of four retrievers on SciFact's 300 test queries, from the reference outputs. */
export function scifactStudy(): StudyResults {
  const golden = JSON.parse(readFileSync(sharedPath('golden/stats/scores.json'), 'utf8')) as {
    queries: string[]
    scores: Record<string, Record<string, number[]>>
  }
  const measures = { 'nDCG@10': 'ndcg_cut_10', 'R@100': 'recall_100', AP: 'map' }
  const retrievers = Object.keys(golden.scores).map((id) => ({
    id,
    kind: id === 'minilm' ? ('dense' as const) : ('bm25' as const),
  }))
  const next = random(3)
  const trials = retrievers.map((retriever) =>
    trialOf(
      retriever,
      'scifact',
      Object.fromEntries(
        Object.entries(measures).map(([measure, key]) => [
          measure,
          Object.fromEntries(golden.queries.map((query, i) => [query, golden.scores[retriever.id]![key]![i]!])),
        ]),
      ),
      false,
      next,
    ),
  )
  return assemble(
    { study: 'scifact-golden' },
    ['scifact'],
    retrievers,
    Object.keys(measures),
    trials,
    'bm25_lucene',
    golden.queries.length,
  )
}
