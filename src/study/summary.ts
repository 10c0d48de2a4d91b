import { basename, dirname, isAbsolute } from 'node:path'
import { resolveBm25Options } from '../index/bm25/index.ts'
import { describeSteps } from '../index/postprocess/index.ts'
import { describePrompt } from '../recipes/index.ts'
import type { Prompt, Recipe } from '../recipes/types.ts'
import type { Bm25Spec, DenseSpec, ModelSpec, RetrieverSpec } from './study.ts'
import { summariseFusion } from './summary-fusion.ts'

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
  const { model, output, postprocess } = spec
  return [
    modelName(model.given),
    ...(recipe ? summariseRecipe(recipe) : [spec.recipe.recipe]),
    ...(model.minPixels === undefined && model.maxPixels === undefined ? [] : [pixelBudget(model)]),
    ...(output === 'dense' ? [] : [output === 'hybrid' ? `hybrid, α=${spec.alpha}` : output]),
    ...(postprocess.length > 0 ? [describeSteps(postprocess)] : []),
    ...(model.adapter === undefined ? [] : [`with ${adapterName(model.adapter)}`]),
    howRun(model),
  ].join(' · ')
}

function pixelBudget({ minPixels, maxPixels }: ModelSpec): string {
  if (maxPixels === undefined) return `images of ${minPixels} pixels or more`
  return `images of ${minPixels === undefined ? 'at most' : `${minPixels} to`} ${maxPixels} pixels`
}

function howRun({ engine, dtype, device, url }: ModelSpec): string {
  if (engine === 'http') return `served at ${url}`
  if (engine === 'onnx') return `${dtype}${device === 'cpu' ? '' : ` on ${device}`}`
  return [engine === 'llama' ? 'llama.cpp' : 'PyTorch', ...[dtype, device].filter((told) => told !== 'auto')].join(', ')
}

function summariseRecipe(recipe: Recipe): string[] {
  const { prompts, pooling, layer, finalNorm, attention, maxLength, generate } = recipe
  const lengths = [...new Set([maxLength.query, maxLength.document])]
  return [
    ...(recipe.id === 'sentence-transformers' || recipe.id === 'http' ? [] : [recipe.id]),
    ...(pooling.length > 0 ? [`${pooling.join(' + ')} pooling`] : []),
    ...(layer === null ? [] : [`layer ${layer}${finalNorm ? ', normed' : ''}`]),
    ...(attention === 'bidirectional' ? ['bidirectional'] : []),
    ...(generate === null ? [] : [`up to ${generate.maxTokens} tokens decoded`]),
    ...(lengths.some((length) => length > 0) ? [`${lengths.join(' / ')} tokens`] : []),
    ...(['query', 'document'] as const).flatMap((side) => {
      const [first, ...more] = prompts[side]
      if (first === undefined || isBare(first)) return []
      return [`${side} ${describePrompt(first)}${more.length > 0 ? ` and ${more.length} more` : ''}`]
    }),
    ...(recipe.normalize ? [] : ['not normalised']),
  ]
}

function isBare(prompt: Prompt): boolean {
  return prompt.end === null && prompt.parts.every((part) => part.kind === 'contents')
}

/** What a training wrote lies in a folder `model` of its own folder. */
function adapterName(adapter: string): string {
  return modelName(isAbsolute(adapter) && basename(adapter) === 'model' ? dirname(adapter) : adapter)
}

/** A folder's last part; a hub id as it is. */
function modelName(given: string): string {
  return isAbsolute(given) || given.startsWith('.') ? basename(given) : given
}
