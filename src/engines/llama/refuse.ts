import { FieldtrialError } from '../../core/errors.ts'
import type { Recipe } from '../../recipes/types.ts'
import type { GgufFacts } from './facts.ts'
import { type LlamaPooling, POOLING_TYPES } from './plan.ts'

/** Architectures that llama.cpp runs in both directions as well as causally, whatever the file says; of others it is not known. */
const BOTH_WAYS: ReadonlySet<string> = new Set(['qwen2', 'qwen3', 'llama'])

/** In which direction tokens see one another, and what llama.cpp must be told of it; null: what the file says holds. */
export function attentionFor(
  { attention }: Recipe,
  { causal }: GgufFacts,
): { readonly bidirectional: boolean; readonly override: boolean | null } {
  const wanted = attention === 'model' ? causal : attention === 'causal'
  return { bidirectional: !wanted, override: wanted === causal ? null : wanted }
}

/**
 * @param window Tokens that the model looks back where llama.cpp lets it see all; null: no limit.
 * @throws FieldtrialError `RECIPE_INVALID` where prompts may be longer.
 */
export function requireWithinWindow(recipe: Recipe, positions: number, window: number | null, name: string): void {
  if (window === null || positions <= window) return
  throw new FieldtrialError(
    'RECIPE_INVALID',
    `${name} looks back ${window} tokens, llama.cpp over the whole text: prompts of the recipe ${recipe.id}, of up to ${positions} tokens, would get other vectors.`,
    {
      where: { field: 'maxLength' },
      hint: `Set a maxLength with which prompts stay within ${window} tokens, or use engine: onnx or torch.`,
    },
  )
}

/**
 * How llama.cpp pools for a recipe. It gives one vector per sequence, made of the model's own output, and no states of single tokens or layers:
 * what needs these is refused here, before any work starts.
 *
 * @throws FieldtrialError `RECIPE_INVALID` with all reasons, and the engine that serves the recipe.
 */
export function poolingFor(recipe: Recipe, { facts, causal, architecture }: GgufFacts): LlamaPooling {
  const turns = BOTH_WAYS.has(architecture)
  const [pooling, ...more] = recipe.pooling
  const reasons = [
    ...(more.length > 0 ? [`several poolings side by side (${recipe.pooling.join(', ')})`] : []),
    ...(pooling === undefined || !isServed(pooling) ? [`pooling by ${pooling}`] : []),
    ...(recipe.span !== 'all' && pooling !== 'lasttoken' ? [`pooling over a part of the prompt (${recipe.span})`] : []),
    ...(recipe.layer !== null && recipe.layer !== facts.layers
      ? [`states of layer ${recipe.layer} of ${facts.layers}`]
      : []),
    ...(recipe.finalNorm === false && recipe.layer === facts.layers ? ['states before the final norm'] : []),
    ...(recipe.attention === 'bidirectional' && causal && !turns
      ? [`attention in both directions on a causal model of the architecture ${architecture}`]
      : []),
    ...(recipe.attention === 'causal' && !causal && !turns
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
