import { FieldtrialError } from '../../../core/errors.ts'
import type { GraphBuilder } from '../graph-builder.ts'
import { type ModelConfig, numberOr, requireSize, stringOr } from './config.ts'
import { type LayerNames, type LayerShape, layerNorm, postNormLayer } from './layer.ts'
import type { Family } from './types.ts'

/** BERT (Devlin et al. 2019, arXiv:1810.04805): learned absolute positions from 0, one segment. */
export const bert: Family = {
  name: 'bert',
  modelTypes: ['bert'],
  positionOffset: () => null,
  sizes: bertShape,
  build(graph, ids, config, _positions, segments = '') {
    const shape = bertShape(config)
    const word = graph.lookUp('embeddings.word_embeddings.weight', shape.hidden, ids)
    const length = graph.op('Gather', [graph.op('Shape', [ids]), graph.int64([1], true)])
    const positions = graph.op('Range', [graph.int64([0], true), length, graph.int64([1], true)])
    const position = graph.lookUp('embeddings.position_embeddings.weight', shape.hidden, positions)
    return bertLayers(graph, bertEmbeddings(graph, word, position, shape, segments), config)
  },
}

export function bertShape(config: ModelConfig): LayerShape {
  const kind = stringOr(config, 'position_embedding_type', 'absolute')
  if (kind !== 'absolute')
    throw new FieldtrialError(
      'MODEL_INVALID',
      `config.json: "position_embedding_type" is "${kind}"; only "absolute" is built.`,
      {
        hint: 'Export the model to ONNX and put it into the folder as onnx/model.onnx, or serve it and use the http engine.',
      },
    )
  return {
    hidden: requireSize(config, 'hidden_size'),
    heads: requireSize(config, 'num_attention_heads'),
    intermediate: requireSize(config, 'intermediate_size'),
    epsilon: numberOr(config, 'layer_norm_eps', 1e-12),
    activation: stringOr(config, 'hidden_act', 'gelu'),
  }
}

/**
 * Word, position and segment's embedding, summed and normalised.
 *
 * @param segments Value: segments of the tokens; '' for the first one.
 */
export function bertEmbeddings(
  graph: GraphBuilder,
  word: string,
  position: string,
  shape: LayerShape,
  segments = '',
): string {
  const of = segments === '' ? graph.int64([0], true) : segments
  const segment = graph.lookUp('embeddings.token_type_embeddings.weight', shape.hidden, of)
  const sum = graph.op('Add', [word, graph.op('Add', [position, segment])])
  return layerNorm(graph, sum, 'embeddings.LayerNorm', shape)
}

export function bertLayers(graph: GraphBuilder, embedded: string, config: ModelConfig): string {
  const shape = bertShape(config)
  let h = embedded
  for (let layer = 0; layer < requireSize(config, 'num_hidden_layers'); layer++)
    h = postNormLayer(graph, h, bertNames(`encoder.layer.${layer}`), shape)
  return h
}

function bertNames(layer: string): LayerNames {
  return {
    query: `${layer}.attention.self.query`,
    key: `${layer}.attention.self.key`,
    value: `${layer}.attention.self.value`,
    attentionOutput: `${layer}.attention.output.dense`,
    attentionNorm: `${layer}.attention.output.LayerNorm`,
    up: `${layer}.intermediate.dense`,
    down: `${layer}.output.dense`,
    outputNorm: `${layer}.output.LayerNorm`,
  }
}
