import { bertEmbeddings, bertLayers, bertShape } from './bert.ts'
import { numberOr } from './config.ts'
import type { Family } from './types.ts'

/**
 * RoBERTa (Liu et al. 2019, arXiv:1907.11692), XLM-R and CamemBERT: BERT's layers, but positions count from the
 * padding token's id + 1, and a padding token keeps the padding position.
 */
export const roberta: Family = {
  name: 'roberta',
  modelTypes: ['roberta', 'xlm-roberta', 'camembert'],
  positionOffset: (config) => numberOr(config, 'pad_token_id', 1),
  sizes: bertShape,
  build(graph, ids, config, positions) {
    const shape = bertShape(config)
    const word = graph.lookUp('embeddings.word_embeddings.weight', shape.hidden, ids)
    const position = graph.lookUp('embeddings.position_embeddings.weight', shape.hidden, positions)
    return bertLayers(graph, bertEmbeddings(graph, word, position, shape), config)
  },
}
