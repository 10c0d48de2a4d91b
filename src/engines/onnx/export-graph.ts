import { FieldtrialError } from '../../core/errors.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { Pooling, Recipe } from '../../recipes/types.ts'
import { type Checkpoint, readSafetensors } from '../text/safetensors.ts'
import type { ModelConfig } from './families/config.ts'
import { decoderFacts, decoderStates, isDecoder } from './families/decoders/index.ts'
import { familyOf } from './families/index.ts'
import { type BuiltGraph, GraphBuilder, type Precision } from './graph-builder.ts'
import { ElementType } from './onnx-model.ts'

/** What a graph for other programs is made from. */
export interface ExportedGraphOptions {
  readonly config: ModelConfig
  readonly checkpoint: Checkpoint
  readonly recipe: Recipe
  readonly head: readonly HeadStep[]
  /** Tensors of the head's dense layers, by step's path and name: `2_Dense/linear.weight`. */
  readonly dense: Checkpoint
  readonly dtype: Precision
}

/**
 * A whole encoder as one graph: inputs `input_ids` and `attention_mask` (batch × length, int64; texts may be padded at their end), output
 * `sentence_embedding` (batch × dimension, float32): states, pooling, dense layers, normalisation. Prompts and tokens are the caller's.
 *
 * @throws FieldtrialError `RECIPE_INVALID` for a recipe that needs more than one pass, or more than the mask says; `MODEL_INVALID` for an
 *   architecture that is not built.
 */
export function exportedGraph(options: ExportedGraphOptions): BuiltGraph {
  const { config, recipe, head } = options
  requireOnePass(recipe)
  const decoder = isDecoder(config)
  const family = decoder ? undefined : familyOf(config)
  if (!decoder && family === undefined)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `config.json names the architecture ${JSON.stringify(config.model_type)}, of which no graph is written here.`,
      { hint: 'Export it to merged weights or to the layout of sentence-transformers.' },
    )
  const own = decoder ? options.checkpoint : withoutPrefix(options.checkpoint)
  const graph = new GraphBuilder(new Map([...own, ...options.dense]), '', options.dtype)
  const dims = ['batch', 'length']
  const ids = graph.input('input_ids', ElementType.int64, dims)
  const mask = graph.input('attention_mask', ElementType.int64, dims)
  graph.paddingMask = graph.op('Cast', [mask], { to: ElementType.int32 })
  let states: string
  let hidden: number
  if (family === undefined) {
    const facts = decoderFacts(config, options.checkpoint)
    const layer = recipe.layer ?? facts.layers
    hidden = facts.hidden
    states = decoderStates(graph, ids, config, options.checkpoint, {
      layer,
      finalNorm: recipe.finalNorm ?? layer === facts.layers,
      attention: recipe.attention === 'model' ? facts.attention : recipe.attention,
      maxPositions: Math.min(facts.context, Math.max(recipe.maxLength.query, recipe.maxLength.document)),
    })
  } else {
    const offset = family.positionOffset(config)
    hidden = family.sizes(config).hidden
    states = family.build(graph, ids, config, offset === null ? '' : positionsAfter(graph, ids, offset))
  }
  const poolings = recipe.pooling.map((pooling) => pool(graph, states, mask, pooling))
  let vector = poolings.length === 1 ? poolings[0]! : graph.op('Concat', poolings, { axis: 1 })
  let width = hidden * recipe.pooling.length
  for (const step of recipe.normalize ? [...head, { kind: 'normalize' } as const] : head) {
    if (step.kind === 'normalize') vector = normalized(graph, vector)
    else {
      const bias = step.bias ? { bias: `${step.path}/linear.bias` } : {}
      vector = activated(
        graph,
        graph.project(vector, `${step.path}/linear.weight`, step.inputs, step.outputs, bias),
        step,
      )
      width = step.outputs
    }
  }
  graph.output(vector, 'sentence_embedding', ['batch', width])
  return graph.finish()
}

/** The weights of a head's dense layers. */
export async function denseTensors(folder: string, head: readonly HeadStep[]): Promise<Checkpoint> {
  const tensors = new Map()
  for (const step of head)
    if (step.kind === 'dense')
      for (const [name, place] of (await readSafetensors(`${folder}/${step.path}/model.safetensors`)) ?? [])
        tensors.set(`${step.path}/${name}`, place)
  return tensors
}

function requireOnePass({ id, sparse, generate, span, prompts }: Recipe): void {
  const reasons = [
    sparse === null ? '' : 'its sparse half',
    generate === null ? '' : 'tokens that are decoded one after another',
    span === 'all' ? '' : 'pooling over a part of the tokens, which an attention mask does not tell',
    prompts.query.length > 1 || prompts.document.length > 1 ? 'several prompts for one text' : '',
  ].filter(Boolean)
  if (reasons.length > 0)
    throw new FieldtrialError('RECIPE_INVALID', `One graph cannot follow the recipe ${id}: ${reasons.join('; ')}.`, {
      hint: 'Export merged weights, and use them with fieldtrial.',
    })
}

/** The encoder's tensors without what stands before their names, such as `bert.`. */
function withoutPrefix(checkpoint: Checkpoint): Checkpoint {
  const word = 'embeddings.word_embeddings.weight'
  const found = [...checkpoint.keys()].find((name) => name.endsWith(word)) ?? word
  const prefix = found.slice(0, -word.length)
  return new Map(
    [...checkpoint].map(([name, place]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, place]),
  )
}

/** fairseq's positions, counted in the graph: real tokens count on from padding + 1, padding tokens stay at the padding's own. */
function positionsAfter(graph: GraphBuilder, ids: string, padding: number): string {
  const at = graph.int64([padding], true)
  const real = graph.op('Cast', [graph.op('Not', [graph.op('Equal', [ids, at])])], { to: ElementType.int64 })
  const count = graph.op('CumSum', [real, graph.int64([1], true)])
  return graph.op('Add', [graph.op('Mul', [count, real]), at])
}

/** batch × hidden out of batch × length × hidden; see `pool` of the engine for the poolings. */
function pool(graph: GraphBuilder, states: string, mask: string, pooling: Pooling): string {
  const axis = graph.int64([1])
  const float = graph.op('Cast', [mask], { to: ElementType.float32 })
  const wide = (weights: string) => graph.op('Unsqueeze', [weights, graph.int64([2])])
  const sum = (value: string, keepdims: number) => graph.op('ReduceSum', [value, axis], { keepdims })
  switch (pooling) {
    case 'cls':
      return graph.op('Gather', [states, graph.int64([0], true)], { axis: 1 })
    case 'lasttoken': {
      const last = graph.op('Sub', [sum(mask, 1), graph.int64([1])])
      return graph.op('GatherND', [states, last], { batch_dims: 1 })
    }
    case 'max': {
      const never = graph.float32(Float32Array.of(Number.NEGATIVE_INFINITY))
      const real = graph.op('Cast', [wide(mask)], { to: ElementType.bool })
      return graph.op('ReduceMax', [graph.op('Where', [real, states, never]), axis], { keepdims: 0 })
    }
    default: {
      const weights = pooling === 'weightedmean' ? graph.op('Mul', [float, ranks(graph, mask)]) : float
      const total = sum(weights, 1)
      const divisor = pooling === 'mean_sqrt_len' ? graph.op('Sqrt', [total]) : total
      return graph.op('Div', [sum(graph.op('Mul', [states, wide(weights)]), 0), divisor])
    }
  }
}

/** 1, 2, 3 … along each text. */
function ranks(graph: GraphBuilder, mask: string): string {
  const count = graph.op('CumSum', [mask, graph.int64([1], true)])
  return graph.op('Cast', [count], { to: ElementType.float32 })
}

function normalized(graph: GraphBuilder, vector: string): string {
  return graph.op('Div', [vector, graph.op('ReduceL2', [vector, graph.int64([1])], { keepdims: 1 })])
}

function activated(graph: GraphBuilder, value: string, { activation }: HeadStep & { kind: 'dense' }): string {
  switch (activation) {
    case 'identity':
      return value
    case 'tanh':
      return graph.op('Tanh', [value])
    case 'relu':
      return graph.op('Relu', [value])
    case 'sigmoid':
      return graph.op('Sigmoid', [value])
    case 'silu':
      return graph.op('Mul', [value, graph.op('Sigmoid', [value])])
    case 'gelu':
      return graph.fused('Gelu', [value])
  }
}
