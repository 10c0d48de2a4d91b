import { basename, isAbsolute } from 'node:path'
import { resolveBm25Options } from '../index/bm25/index.ts'
import type { Recipe } from '../recipes/types.ts'
import type { Bm25Spec, DenseSpec, FusionSpec, RetrieverSpec } from './study.ts'

/**
 * One line for people about a retriever, with everything in which it may differ from its neighbours in a table.
 *
 * @param recipe Of an encoder, once its files have been read.
 */
export function summariseRetriever(spec: RetrieverSpec, recipe?: Recipe): string {
  switch (spec.kind) {
    case 'bm25':
      return summariseBm25(spec)
    case 'dense':
      return summariseDense(spec, recipe)
    case 'fusion':
      return summariseFusion(spec)
  }
}

function summariseBm25(spec: Bm25Spec): string {
  const { variant, k1, b, delta, analyzer, multifield, weights } = resolveBm25Options(spec.options)
  const { name, ...options } = typeof analyzer === 'string' ? { name: analyzer } : analyzer
  const details = Object.entries(options).map(
    ([key, value]) => `${key}=${Array.isArray(value) ? `${value.length} words` : String(value)}`,
  )
  return [
    `BM25 ${variant} k1=${k1} b=${b}${delta > 0 ? ` delta=${delta}` : ''}`,
    details.length > 0 ? `${name} (${details.join(', ')})` : name,
    ...(multifield ? [`title × ${weights.title} + text × ${weights.contents}`] : []),
  ].join(', ')
}

function summariseDense(spec: DenseSpec, recipe: Recipe | undefined): string {
  const { model } = spec
  const prompts = (['query', 'document'] as const).flatMap((side) =>
    recipe?.prefix[side] ? [`${side} ${JSON.stringify(recipe.prefix[side])}`] : [],
  )
  return [
    modelName(model.given),
    ...(recipe && recipe.pooling.length > 0 ? [`${recipe.pooling.join(' + ')} pooling`] : []),
    ...(recipe && recipe.maxLength > 0 ? [`${recipe.maxLength} tokens`] : []),
    ...prompts,
    ...(recipe && !recipe.normalize ? ['not normalised'] : []),
    model.engine === 'onnx' ? model.dtype : `served at ${model.url}`,
  ].join(' · ')
}

/** The methods that most studies use, in words; the others keep ranx's names. */
const FUSION_NAMES: Readonly<Record<string, string>> = {
  rrf: 'reciprocal rank fusion',
  wsum: 'weighted sum',
  sum: 'sum (CombSUM)',
  mnz: 'CombMNZ',
}

function summariseFusion({ options, members }: FusionSpec): string {
  const { method, normalisation, weights, k } = options
  const details = [
    ...(method === 'rrf' ? [`k=${k}`] : []),
    ...(normalisation && normalisation !== 'none' ? [normalisation] : []),
    ...(weights ? [`weights ${weights.join(' / ')}`] : []),
  ]
  return `${FUSION_NAMES[method] ?? method} of ${members.join(' and ')}${details.length > 0 ? ` (${details.join(', ')})` : ''}`
}

/** A folder's last part; a hub id as it is. */
function modelName(given: string): string {
  return isAbsolute(given) || given.startsWith('.') ? basename(given) : given
}
