import type { FusionSpec, LearnSpec, RouteSpec, SpaceFusionSpec } from './study.ts'

/** The methods that most studies use, in words; the others keep ranx's names. */
const NAMES: Readonly<Record<string, string>> = {
  rrf: 'reciprocal rank fusion',
  wrrf: 'weighted reciprocal rank fusion',
  wsum: 'weighted sum',
  sum: 'sum (CombSUM)',
  mnz: 'CombMNZ',
  dbsf: 'distribution-based sum',
  concat: 'concatenated vectors',
  procrustes: 'vectors averaged after Procrustes alignment',
  cca: 'canonical correlation of vectors',
}

/** One line for people about a fusion. */
export function summariseFusion(spec: FusionSpec): string {
  const { members } = spec
  if (spec.type === 'space') return withDetails(`${NAMES[spec.space.method]} of ${joined(members)}`, spaceDetails(spec))
  if (spec.type === 'route')
    return withDetails(`route per query to ${target(spec)} of ${joined(members)}`, routeDetails(spec))
  const { method, normalisation, weights, k } = spec.options
  return withDetails(`${NAMES[method] ?? method} of ${joined(members)}`, [
    ...(k === undefined ? [] : [`k=${k}`]),
    ...(normalisation && normalisation !== 'none' ? [normalisation] : []),
    ...(weights ? [`weights ${weights.join(' / ')}`] : []),
    ...(spec.learn ? [`weights learned ${learnedBy(spec.learn)}`] : []),
  ])
}

/** `for nDCG@10 by 5-fold cross-validation`. */
function learnedBy({ by, measure, seed }: LearnSpec): string {
  return 'folds' in by
    ? `for ${measure} by ${by.folds}-fold cross-validation over queries, seed ${seed}`
    : `for ${measure} on the split ${by.split}`
}

const joined = (members: readonly string[]) => members.join(' and ')
const target = ({ route }: RouteSpec) => (route.to === 'member' ? 'one' : 'weights')

function routeDetails({ route, options, learn }: RouteSpec): string[] {
  return [
    route.model,
    route.features === 'all' ? 'query and scores' : 'query alone',
    ...(route.to === 'weights' ? [options.normalisation!] : []),
    `learned ${learnedBy(learn)}`,
  ]
}

function spaceDetails({ space }: SpaceFusionSpec): string[] {
  const { method, weights, dimensions, cut, shrinkage } = space
  const equal = weights.every((weight) => weight === weights[0])
  return [
    ...(equal ? [] : [`weights ${weights.map((weight) => Number(weight.toFixed(3))).join(' / ')}`]),
    ...(dimensions === null ? [] : [`${dimensions} dimensions${method === 'concat' ? `, ${cut}` : ''}`]),
    ...(method === 'cca' ? [`shrinkage ${shrinkage}`] : []),
  ]
}

function withDetails(text: string, details: readonly string[]): string {
  return details.length > 0 ? `${text} (${details.join(', ')})` : text
}
