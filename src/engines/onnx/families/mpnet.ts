import { type ModelConfig, numberOr, requireSize, stringOr } from './config.ts'
import { type LayerShape, layerNorm, postNormLayer } from './layer.ts'
import { relativeBuckets } from './relative-buckets.ts'
import type { Family } from './types.ts'

/** The padding id that MPNet's positions start after, fixed in its class whatever config.json says. */
const PADDING_ID = 1
/** Likewise: the class ignores `relative_attention_num_buckets`. */
const BUCKETS = 32

/** MPNet (Song et al. 2020, arXiv:2004.09297): positions as RoBERTa's, and a learned bias per bucket of relative distance and head. */
export const mpnet: Family = {
  name: 'mpnet',
  modelTypes: ['mpnet'],
  positionOffset: () => PADDING_ID,
  sizes: mpnetShape,
  build(graph, ids, config, positions) {
    const shape = mpnetShape(config)
    const word = graph.lookUp('embeddings.word_embeddings.weight', shape.hidden, ids)
    const position = graph.lookUp('embeddings.position_embeddings.weight', shape.hidden, positions)
    let h = layerNorm(graph, graph.op('Add', [word, position]), 'embeddings.LayerNorm', shape)

    // Distances lie between -(n-1) and n-1; the table of buckets is looked up once per run for all pairs of positions.
    const longest = graph.rows('embeddings.position_embeddings.weight', shape.hidden)
    const length = graph.op('Gather', [graph.op('Shape', [ids]), graph.int64([1], true)])
    const range = graph.op('Range', [graph.int64([0], true), length, graph.int64([1], true)])
    const column = graph.op('Unsqueeze', [range, graph.int64([1])])
    const distance = graph.op('Add', [graph.op('Sub', [range, column]), graph.int64([longest - 1], true)])
    const bucketOf = graph.int64(relativeBuckets(longest, BUCKETS))
    const buckets = graph.op('Gather', [bucketOf, distance])
    const perHead = graph.op(
      'Transpose',
      [graph.lookUp('encoder.relative_attention_bias.weight', shape.heads, buckets)],
      {
        perm: [2, 0, 1],
      },
    )
    const bias = graph.op('Unsqueeze', [perHead, graph.int64([0])])

    for (let i = 0; i < requireSize(config, 'num_hidden_layers'); i++) {
      const layer = `encoder.layer.${i}`
      const names = {
        query: `${layer}.attention.attn.q`,
        key: `${layer}.attention.attn.k`,
        value: `${layer}.attention.attn.v`,
        attentionOutput: `${layer}.attention.attn.o`,
        attentionNorm: `${layer}.attention.LayerNorm`,
        up: `${layer}.intermediate.dense`,
        down: `${layer}.output.dense`,
        outputNorm: `${layer}.output.LayerNorm`,
      }
      h = postNormLayer(graph, h, names, shape, bias)
    }
    return h
  },
}

function mpnetShape(config: ModelConfig): LayerShape {
  return {
    hidden: requireSize(config, 'hidden_size'),
    heads: requireSize(config, 'num_attention_heads'),
    intermediate: requireSize(config, 'intermediate_size'),
    epsilon: numberOr(config, 'layer_norm_eps', 1e-12),
    activation: stringOr(config, 'hidden_act', 'gelu'),
  }
}
