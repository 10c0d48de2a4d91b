import type { Recipe } from '../../recipes/types.ts'
import { buildDecoder, type DecoderOptions, decoderFacts } from './families/decoders/index.ts'
import { buildEncoder, familyOf } from './families/index.ts'
import type { BuiltGraph } from './graph-builder.ts'
import { graphWeights } from './graph-weights.ts'
import { graphMemory } from './memory-estimate.ts'
import type { EncoderPlan, PlannedWeights } from './plan.ts'

type OverCheckpoint = Exclude<PlannedWeights, { kind: 'shipped' }>

/** What a graph will take and give. */
export interface GraphNeeds {
  /** Numbers per token state. */
  readonly hidden: number
  /** Bytes of the weights once loaded. */
  readonly weights: number
  /** Bytes of all, working space included. */
  readonly memory: number
}

/**
 * The graph of a plan; null for a model that ships one. Pure: only the headers of the checkpoint are looked at.
 *
 * @throws FieldtrialError `MODEL_INVALID`, `USAGE` where it cannot be built.
 */
export function planGraph(weights: PlannedWeights, recipe: Recipe): BuiltGraph | null {
  switch (weights.kind) {
    case 'shipped':
      return null
    case 'encoder':
      return buildEncoder(familyOf(weights.config)!, weights.config, weights.checkpoint, weights.dtype)
    case 'decoder':
      return buildDecoder(weights.config, weights.checkpoint, decoderOptions(weights, recipe))
  }
}

/** What is asked of a decoder for a recipe. */
export function decoderOptions(weights: OverCheckpoint, recipe: Recipe): DecoderOptions {
  const facts = decoderFacts(weights.config, weights.checkpoint)
  const layer = recipe.layer ?? facts.layers
  const lastOnly = recipe.pooling.every((pooling) => pooling === 'lasttoken') && recipe.pooling.length === 1
  return {
    layer,
    finalNorm: recipe.finalNorm ?? layer === facts.layers,
    attention: recipe.attention === 'model' ? facts.attention : recipe.attention,
    positions: lastOnly ? 'last' : 'all',
    logits: recipe.sparse !== null || recipe.generate !== null,
    dtype: weights.dtype,
    maxPositions: weights.positions,
    cache: recipe.generate !== null,
  }
}

/** Builds the graph to see that it can be built, and how much memory it will take; null for a model that ships its own. */
export function measureGraph({ weights, recipe, batchTokens }: EncoderPlan): GraphNeeds | null {
  if (weights.kind === 'shipped') return null
  const built = planGraph(weights, recipe)!
  const hidden =
    weights.kind === 'decoder'
      ? decoderFacts(weights.config, weights.checkpoint).hidden
      : familyOf(weights.config)!.sizes(weights.config).hidden
  return {
    hidden,
    weights: graphWeights(built),
    memory: graphMemory(built, Math.max(batchTokens, Math.min(weights.positions, 4096))),
  }
}
