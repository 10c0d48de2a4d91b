import { join, resolve } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { type Measure, parseMeasure } from '../measure/index.ts'
import { resolveCollections } from './resolve-collections.ts'
import type { ResolveContext } from './resolve-context.ts'
import { DEFAULT_MEASURE, resolveRetrievers } from './resolve-retrievers.ts'
import { checkSamples } from './resolve-sample.ts'
import { REPORT_FORMATS, type StudyInput } from './schema.ts'
import type { Study } from './study.ts'

const DEFAULT_MEASURES = [DEFAULT_MEASURE, 'R@100', 'MRR@10', 'AP']

/** Fills in every default and checks what the schema cannot: names that refer to each other, and the grammar of measures. */
export function resolveStudy(input: StudyInput, context: ResolveContext): Study {
  const retrievers = resolveRetrievers(input, context)
  const { collections, groups } = resolveCollections(input, retrievers, context)
  checkSamples(input, retrievers, context)
  const measures = resolveMeasures(input, context)
  const depth = resolveDepth(input.depth, measures, context)
  const name = input.name ?? context.defaultName
  const baseline = input.comparison?.baseline ?? retrievers[0]?.id ?? null
  if (input.comparison?.baseline !== undefined && !retrievers.some((r) => r.id === baseline))
    context.problem(
      ['comparison', 'baseline'],
      `No retriever is called ${JSON.stringify(baseline)}.`,
      didYouMean(
        String(baseline),
        retrievers.map((r) => r.id),
      ),
    )
  return {
    name,
    description: input.description ?? '',
    collections,
    groups,
    retrievers,
    measures,
    depth,
    vectorDtype: input.vectors?.dtype ?? 'float32',
    comparison: {
      baseline,
      test: input.comparison?.test ?? 'randomisation',
      correction: input.comparison?.correction ?? 'holm',
      alpha: input.comparison?.alpha ?? 0.05,
      resamples: input.comparison?.resamples ?? 10_000,
      seed: input.comparison?.seed ?? 42,
    },
    outputFolder: resolve(context.folder, input.output?.dir ?? join('results', name)),
    brokenImages: input.images?.broken ?? 'stop',
    formats: input.output?.formats ?? REPORT_FORMATS,
    mteb: (input.mteb ?? []).map((path) => resolve(context.folder, path)),
  }
}

function resolveMeasures(input: StudyInput, { problem }: ResolveContext): Measure[] {
  const seen = new Map<string, Measure>()
  for (const [i, text] of (input.measures ?? DEFAULT_MEASURES).entries()) {
    try {
      const measure = parseMeasure(text)
      seen.set(measure.name, measure)
    } catch (error) {
      if (!(error instanceof FieldtrialError)) throw error
      problem(['measures', i], error.message, error.hint ?? '')
    }
  }
  return [...seen.values()]
}

const DEFAULT_DEPTH = 1000

/** A measure that looks deeper than the runs go would be too low without anybody noticing. */
function resolveDepth(given: number | undefined, measures: readonly Measure[], { problem }: ResolveContext): number {
  const deepest = Math.max(0, ...measures.map((measure) => measure.cutoff ?? 0))
  if (given === undefined) return Math.max(DEFAULT_DEPTH, deepest)
  if (given < deepest)
    problem(
      ['depth'],
      `${measures.find((measure) => measure.cutoff === deepest)!.name} looks at ${deepest} documents, but runs are cut at ${given}.`,
      `Set depth to ${deepest} or more, or leave it out.`,
    )
  return given
}
