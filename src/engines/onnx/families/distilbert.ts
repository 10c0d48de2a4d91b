import { type ModelConfig, requireSize, stringOr } from './config.ts'
import { type LayerShape, layerNorm, postNormLayer } from './layer.ts'
import type { Family } from './types.ts'

/** DistilBERT (Sanh et al. 2019, arXiv:1910.01108): BERT without segments, with other names. */
export const distilbert: Family = {
  name: 'distilbert',
  modelTypes: ['distilbert'],
  positionOffset: () => null,
  sizes: distilbertShape,
  build(graph, ids, config) {
    const shape = distilbertShape(config)
    const word = graph.lookUp('embeddings.word_embeddings.weight', shape.hidden, ids)
    const length = graph.op('Gather', [graph.op('Shape', [ids]), graph.int64([1], true)])
    const positions = graph.op('Range', [graph.int64([0], true), length, graph.int64([1], true)])
    const position = graph.lookUp('embeddings.position_embeddings.weight', shape.hidden, positions)
    let h = layerNorm(graph, graph.op('Add', [word, position]), 'embeddings.LayerNorm', shape)
    for (let i = 0; i < requireSize(config, 'n_layers'); i++) {
      const layer = `transformer.layer.${i}`
      const names = {
        query: `${layer}.attention.q_lin`,
        key: `${layer}.attention.k_lin`,
        value: `${layer}.attention.v_lin`,
        attentionOutput: `${layer}.attention.out_lin`,
        attentionNorm: `${layer}.sa_layer_norm`,
        up: `${layer}.ffn.lin1`,
        down: `${layer}.ffn.lin2`,
        outputNorm: `${layer}.output_layer_norm`,
      }
      h = postNormLayer(graph, h, names, shape)
    }
    return h
  },
}

function distilbertShape(config: ModelConfig): LayerShape {
  return {
    hidden: requireSize(config, 'dim'),
    heads: requireSize(config, 'n_heads'),
    intermediate: requireSize(config, 'hidden_dim'),
    epsilon: 1e-12,
    activation: stringOr(config, 'activation', 'gelu'),
  }
}
