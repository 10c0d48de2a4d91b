import { FieldtrialError } from '../../core/errors.ts'
import type { Recipe } from '../../recipes/types.ts'
import type { GgufFacts } from './facts.ts'
import { type LlamaPooling, POOLING_TYPES } from './plan.ts'

/**
 * How llama.cpp pools for a recipe. It gives one vector per sequence, made of the model's own output, and no states of single tokens or layers:
 * what needs these is refused here, before any work starts.
 *
 * @throws FieldtrialError `RECIPE_INVALID` with all reasons, and the engine that serves the recipe.
 */
export function poolingFor(recipe: Recipe, { facts, causal }: GgufFacts): LlamaPooling {
  const [pooling, ...more] = recipe.pooling
  const reasons = [
    ...(more.length > 0 ? [`several poolings side by side (${recipe.pooling.join(', ')})`] : []),
    ...(pooling === undefined || !isServed(pooling) ? [`pooling by ${pooling}`] : []),
    ...(recipe.span !== 'all' && pooling !== 'lasttoken' ? [`pooling over a part of the prompt (${recipe.span})`] : []),
    ...(recipe.layer !== null && recipe.layer !== facts.layers
      ? [`states of layer ${recipe.layer} of ${facts.layers}`]
      : []),
    ...(recipe.finalNorm === false && recipe.layer === facts.layers ? ['states before the final norm'] : []),
    ...(recipe.attention === 'bidirectional' && causal ? ['attention in both directions on a causal model'] : []),
    ...(recipe.attention === 'causal' && !causal
      ? ['causal attention on a model that attends in both directions']
      : []),
    ...(recipe.sparse === null ? [] : ['a sparse half']),
    ...(recipe.generate === null ? [] : ['states of decoded tokens']),
  ]
  if (reasons.length === 0) return pooling as LlamaPooling
  throw new FieldtrialError(
    'RECIPE_INVALID',
    `The engine llama cannot follow the recipe ${recipe.id} on ${facts.name}: it gives no ${join(reasons)}.`,
    {
      where: { field: 'recipe' },
      hint: 'Use engine: torch, which reads the same file, or engine: onnx on the model’s safetensors.',
    },
  )
}

function isServed(pooling: string): pooling is LlamaPooling {
  return pooling in POOLING_TYPES
}

function join(reasons: readonly string[]): string {
  return reasons.length === 1 ? reasons[0]! : `${reasons.slice(0, -1).join(', ')}, nor ${reasons.at(-1)}`
}
