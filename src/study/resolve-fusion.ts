import { FieldtrialError } from '../core/errors.ts'
import {
  type FusionMethod,
  type FusionOptions,
  fusionOptions,
  requireWeighted,
  routeOptions,
  SPACE_METHODS,
  type SpaceMethod,
  spaceOptions,
} from '../fusion/index.ts'
import { parseMeasure } from '../measure/index.ts'
import { dropUndefined } from './drop-undefined.ts'
import type { FusionInput } from './schema-fusion.ts'
import type { FusionSpec, LearnSpec, RetrieverSpec } from './study.ts'

const DEFAULT_FOLDS = 5
const DEFAULT_SEED = 42

/** `rrf-bm25+minilm`. */
export function fusionId(given: FusionInput): string {
  return given.id ?? `${given.method}-${given.of.join('+')}`
}

/**
 * A fusion with its defaults filled in.
 *
 * @param measure What is learned for where the fusion does not say.
 * @param known The retrievers that stand before it.
 * @throws FieldtrialError `USAGE` for fields that do not belong to the method or to each other, and for members that have no vectors where the
 *   method needs some.
 */
export function resolveFusion(given: FusionInput, measure: string, known: readonly RetrieverSpec[]): FusionSpec {
  const { method } = given
  const base = { kind: 'fusion', id: fusionId(given), members: given.of, ablation: given.ablation ?? true } as const
  const twice = given.of.find((member, i) => given.of.indexOf(member) < i)
  if (twice !== undefined)
    throw usage(`${twice} is a member twice.`, 'Name each member once; `weights` say how much it counts.')
  if (isSpaceMethod(method)) return { ...base, type: 'space', space: spaceOf(given, method, known) }
  refuse(
    given,
    ['dimensions', 'cut', 'shrinkage', 'fitDocuments'],
    'is for the fusions of spaces: concat, procrustes, cca',
  )
  if (method === 'route') {
    refuse(given, ['k', 'alpha', 'gamma', 'phi', 'sigma', 'weights'], 'is no field of `route`')
    const { to, model, features, ...learning } = given.route ?? {}
    const route = routeOptions(dropUndefined({ to, model, features }))
    if (route.to === 'member') refuse(given, ['normalisation'], 'is for routes to weights')
    const { normalisation } = given
    const options = fusionOptions({ method: 'wsum', ...(normalisation ? { normalisation } : {}) }, given.of.length)
    return { ...base, type: 'route', options, route, learn: learnOf(learning, measure) }
  }
  refuse(given, ['route'], 'is for the method `route`')
  const { id: _id, of: _of, ablation: _ablation, route: _route, weights, ...rest } = given
  if (weights === undefined || Array.isArray(weights)) {
    if (weights && weights.length !== given.of.length)
      throw usage(`${weights.length} weights for ${given.of.length} members.`, 'Give one weight per member of `of`.')
    const options = fusionOptions({ ...rest, ...(weights ? { weights } : {}) } as FusionOptions, given.of.length)
    return { ...base, type: 'run', options, learn: null }
  }
  requireWeighted({ method: method as FusionMethod })
  const options = fusionOptions(rest as FusionOptions, given.of.length)
  return { ...base, type: 'run', options, learn: learnOf(weights === 'learned' ? {} : weights.learned, measure) }
}

function isSpaceMethod(method: string): method is SpaceMethod {
  return (SPACE_METHODS as readonly string[]).includes(method)
}

function spaceOf(given: FusionInput, method: SpaceMethod, known: readonly RetrieverSpec[]) {
  refuse(
    given,
    ['k', 'alpha', 'gamma', 'phi', 'sigma', 'normalisation', 'route'],
    'is for fusions of runs; this one is of spaces',
  )
  const { weights, dimensions, cut, shrinkage, fitDocuments } = given
  if (weights !== undefined && !Array.isArray(weights))
    throw usage(
      'The weights of a fused space cannot be learned: every choice would be another index.',
      'Learn those of `wsum` with `normalisation: none`, and write them here.',
    )
  for (const member of given.of) {
    const spec = known.find(({ id }) => id === member)
    const hasVectors =
      spec === undefined ||
      (spec.kind === 'dense' && spec.output === 'dense') ||
      (spec.kind === 'fusion' && spec.type === 'space')
    if (!hasVectors)
      throw usage(
        `${member} has no vectors of its own, so no space can be fused with it.`,
        'Name dense retrievers or fusions of spaces; fuse its run by `rrf` or `wsum`.',
      )
  }
  return spaceOptions(dropUndefined({ method, weights, dimensions, cut, shrinkage, fitDocuments }), given.of.length)
}

interface Learning {
  readonly folds?: number | undefined
  readonly split?: string | undefined
  readonly measure?: string | undefined
  readonly seed?: number | undefined
}

function learnOf({ folds, split, measure, seed }: Learning, standard: string): LearnSpec {
  if (folds !== undefined && split !== undefined)
    throw usage('A fusion is learned by `folds` or on another `split`, not both.', 'Leave one of them out.')
  const by = split === undefined ? { folds: folds ?? DEFAULT_FOLDS } : { split }
  const { name, aggregate } = parseMeasure(measure ?? standard)
  if (aggregate === 'sum')
    throw usage(`${name} counts documents and cannot be learned for.`, 'Name a measure such as nDCG@10.')
  return { by, measure: name, seed: seed ?? DEFAULT_SEED }
}

function refuse(given: FusionInput, fields: readonly (keyof FusionInput)[], why: string): void {
  const found = fields.find((field) => given[field] !== undefined)
  if (found !== undefined) throw usage(`\`${found}\` ${why}.`, 'Leave it out, or use another `method`.')
}

function usage(message: string, hint: string): FieldtrialError {
  return new FieldtrialError('USAGE', message, { hint })
}
