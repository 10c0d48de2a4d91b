import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { type Bm25Options, bm25Identity } from '../index/bm25/index.ts'
import { describeIssue, hintFor, leafIssues } from './issues.ts'
import type { ResolveContext } from './resolve-context.ts'
import { resolveDense } from './resolve-dense.ts'
import { fusionId, resolveFusion } from './resolve-fusion.ts'
import { fieldsAt, type StudyInput, StudySchema } from './schema.ts'
import type { Bm25Input } from './schema-bm25.ts'
import type { ModelInput } from './schema-models.ts'
import type { RecipeInput } from './schema-recipes.ts'
import { isBm25Shorthand, parseBm25, parseFusion } from './shorthand.ts'
import type { Path } from './source.ts'
import type { Bm25Spec, RetrieverSpec } from './study.ts'

/** The study's first measure where it names none. */
export const DEFAULT_MEASURE = 'nDCG@10'

/** The retrievers of a study in the order of its tables: baselines, models × recipes, fusions after their members. */
export function resolveRetrievers(input: StudyInput, context: ResolveContext): RetrieverSpec[] {
  const retrievers: RetrieverSpec[] = []
  const add = (spec: RetrieverSpec, path: Path) => {
    if (retrievers.some((other) => other.id === spec.id))
      context.problem(
        path,
        `Two retrievers are called ${JSON.stringify(spec.id)}.`,
        'Give one of them an `id:` of its own.',
      )
    else retrievers.push(spec)
  }
  for (const [i, given] of (input.baselines ?? []).entries()) {
    const spec = attempt(['baselines', i], context, () => resolveBm25(given, ['baselines', i], context))
    if (spec) add(spec, ['baselines', i])
  }
  const recipes = input.recipes?.map((given): RecipeInput => (typeof given === 'string' ? { recipe: given } : given))
  for (const [i, given] of (input.models ?? []).entries()) {
    const model: ModelInput = typeof given === 'string' ? { model: given } : given
    for (const spec of resolveDense(model, recipes ?? null, ['models', i], context)) add(spec, ['models', i])
  }
  const fusions = (input.fusion ?? []).map((given, i) => ({
    i,
    given: attempt(['fusion', i], context, () => (typeof given === 'string' ? parseFusion(given) : given)),
  }))
  const measure = input.measures?.[0] ?? DEFAULT_MEASURE
  const fusionIds = fusions.flatMap(({ given }) => (given ? [fusionId(given)] : []))
  for (const { i, given } of fusions) {
    if (!given) continue
    const known = retrievers.map((r) => r.id)
    for (const [j, member] of given.of.entries()) {
      if (known.includes(member)) continue
      const later = fusionIds.includes(member)
      context.problem(
        ['fusion', i, 'of', j],
        later
          ? `${JSON.stringify(member)} stands after the fusion that uses it.`
          : `No retriever is called ${JSON.stringify(member)}.`,
        later ? 'Put it before.' : didYouMean(member, known),
      )
    }
    const spec = attempt(['fusion', i], context, () => resolveFusion(given, measure, retrievers))
    if (spec) add(spec, ['fusion', i])
  }
  if (retrievers.length === 0 && !input.baselines && !input.models)
    context.problem([], 'The study names no retriever.', 'Add `baselines: [bm25]` or `models: [path/to/model]`.')
  return retrievers
}

/** Runs a check that throws for people and turns what it throws into a problem of this place. */
function attempt<T>(path: Path, context: ResolveContext, check: () => T): T | undefined {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    context.problem(path, error.message, error.hint ?? '')
    return undefined
  }
}

function resolveBm25(given: string | Bm25Input, path: Path, context: ResolveContext): Bm25Spec | undefined {
  let spec: Bm25Input
  if (typeof given !== 'string') spec = given
  else if (isBm25Shorthand(given)) {
    spec = parseBm25(given)
    const checked = StudySchema.shape.baselines.safeParse([spec])
    if (!checked.success) {
      for (const issue of leafIssues(checked.error.issues))
        context.problem(path, describeIssue(issue), hintFor(issue, [spec]))
      return undefined
    }
  } else {
    context.problem(
      path,
      `${JSON.stringify(given)} is no baseline.`,
      didYouMean(given, ['bm25', ...fieldsAt(['baselines'])]),
    )
    return undefined
  }
  const { id, type: _type, ...rest } = spec
  const options = rest as Bm25Options
  // Says what the schema cannot: options that have no effect together.
  bm25Identity(options)
  return { kind: 'bm25', id: id ?? bm25Id(options), options }
}

/** `bm25`, and whatever is not default about it. */
function bm25Id({ variant, analyzer, multifield, k1, b, delta }: Bm25Options): string {
  const analyzerName = typeof analyzer === 'string' ? analyzer : analyzer?.name
  return [
    'bm25',
    ...(variant && variant !== 'lucene' ? [variant] : []),
    ...(analyzerName && analyzerName !== 'lucene-english' ? [analyzerName] : []),
    ...(multifield ? ['multifield'] : []),
    ...Object.entries({ k1, b, delta }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}_${value}`])),
  ].join('-')
}
