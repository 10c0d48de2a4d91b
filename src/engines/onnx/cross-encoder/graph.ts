import { FieldtrialError } from '../../../core/errors.ts'
import type { Checkpoint } from '../../text/safetensors.ts'
import type { ModelConfig } from '../families/config.ts'
import { familyOf } from '../families/index.ts'
import { type BuiltGraph, GraphBuilder } from '../graph-builder.ts'
import { ElementType } from '../onnx-model.ts'

/** Layers between the first token's state and the score. */
interface Head {
  readonly hidden: string
  readonly activation: 'Tanh' | 'Relu'
  readonly out: string
}

/** What `…ForSequenceClassification` of a family puts on top, as transformers names it. */
const HEADS: Readonly<Record<string, Head>> = {
  bert: { hidden: 'pooler.dense', activation: 'Tanh', out: 'classifier' },
  roberta: { hidden: 'classifier.dense', activation: 'Tanh', out: 'classifier.out_proj' },
  distilbert: { hidden: 'pre_classifier', activation: 'Relu', out: 'classifier' },
}

export interface CrossEncoderGraph {
  readonly built: BuiltGraph
  readonly segments: boolean
  /** The padding token's id, where positions count from it and are an input; else null. */
  readonly positionOffset: number | null
}

/**
 * The graph of a cross-encoder (Nogueira & Cho 2019, arXiv:1901.04085): inputs `input_ids`, and `token_type_ids` and `position_ids` where
 * the family has them, pairs of one length without padding; output `score`, the one logit of each pair.
 *
 * @param tellSegments Whether the tokens of the two texts are told apart, where the family can.
 * @throws FieldtrialError `MODEL_INVALID` for a model without such a head, or of a family that is not built.
 */
export function crossEncoderGraph(
  config: ModelConfig,
  checkpoint: Checkpoint,
  tellSegments: boolean,
): CrossEncoderGraph {
  const family = familyOf(config)
  const head = family === undefined ? undefined : HEADS[family.name]
  if (family === undefined || head === undefined)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `config.json names the architecture ${JSON.stringify(config.model_type)}; cross-encoders are built of ${Object.keys(HEADS).join(', ')} and their kin.`,
      { hint: 'Name a cross-encoder of these families, or filter with a language model on a server.' },
    )
  const names = withoutPrefix(checkpoint)
  const out = names.get(`${head.out}.weight`)
  if (out === undefined || !names.has(`${head.hidden}.weight`))
    throw new FieldtrialError(
      'MODEL_INVALID',
      `The model has no ${out === undefined ? head.out : head.hidden}: it is no cross-encoder.`,
      {
        hint: 'Name a model for sequence classification with one label, such as ms-marco-MiniLM.',
      },
    )
  if (out.shape[0] !== 1)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `The model tells ${out.shape[0]} classes apart; a cross-encoder gives one score.`,
      {
        hint: 'Name a model that was trained to rank passages.',
      },
    )
  const graph = new GraphBuilder(names, '', 'float32')
  const dims = ['batch', 'length']
  const ids = graph.input('input_ids', ElementType.int64, dims)
  const positionOffset = family.positionOffset(config)
  const positions = positionOffset === null ? '' : graph.input('position_ids', ElementType.int64, dims)
  const segments = tellSegments && family.name === 'bert'
  const types = segments ? graph.input('token_type_ids', ElementType.int64, dims) : ''
  const states = family.build(graph, ids, config, positions, types)
  const { hidden } = family.sizes(config)
  const first = graph.op('Gather', [states, graph.int64([0], true)], { axis: 1 })
  const inner = graph.op(head.activation, [
    graph.project(first, `${head.hidden}.weight`, hidden, hidden, { bias: `${head.hidden}.bias` }),
  ])
  const score = graph.project(inner, `${head.out}.weight`, hidden, 1, { bias: `${head.out}.bias` })
  graph.output(score, 'score', ['batch', 1])
  return { built: graph.finish(), segments, positionOffset }
}

/** The encoder's tensors without what stands before their names (`bert.`), beside those of the head. */
function withoutPrefix(checkpoint: Checkpoint): Checkpoint {
  const word = [...checkpoint.keys()].find((name) => name.endsWith('embeddings.word_embeddings.weight')) ?? ''
  const prefix = word.slice(0, word.indexOf('embeddings.word_embeddings.weight'))
  return new Map(
    [...checkpoint].map(([name, place]) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, place]),
  )
}
