import { FieldtrialError } from '../../../../core/errors.ts'
import type { Checkpoint } from '../../../text/safetensors.ts'
import { type BuiltGraph, GraphBuilder, type Precision } from '../../graph-builder.ts'
import { ElementType } from '../../onnx-model.ts'
import type { ModelConfig } from '../config.ts'
import { attendingOf } from './attention.ts'
import { decoderLayer, rmsNorm } from './layer.ts'
import { type DecoderNames, decoderNames } from './names.ts'
import { type DecoderShape, decoderShape } from './shape.ts'

export interface DecoderOptions {
  /** Whose states are given: 0 the embeddings (scaled, for Gemma), L the last layer. Layers above are computed only for logits. */
  readonly layer: number
  /** Whether the model's last norm is put on these states, whatever the layer. transformers' `hidden_states[L]` has it, those below do not. */
  readonly finalNorm: boolean
  readonly attention: 'causal' | 'bidirectional'
  /** `last`: `states` is batch × hidden, of the last token. `all`: batch × length × hidden. */
  readonly positions: 'last' | 'all'
  /** Whether `logits` (batch × vocabulary, of the last token, after all layers and the final norm) are given too. */
  readonly logits: boolean
  readonly dtype: Precision
  /** Positions that the rotary tables hold: the longest text, with decoded tokens. */
  readonly maxPositions: number
  /**
   * For decoding token by token: the graph takes keys and values of the tokens before (`cacheNames`, of length 0 at first) and gives
   * them back with those of its own tokens put behind. Causal attention only.
   */
  readonly cache: boolean
}

/**
 * The graph of a decoder over its checkpoint. Input `input_ids` is batch × length, int64, texts of one length without padding; nothing
 * else is needed. Outputs are float32.
 *
 * @throws FieldtrialError `MODEL_INVALID` where config and checkpoint do not fit, or the architecture is not built; `USAGE` for options
 *   that the model cannot take.
 */
export function buildDecoder(config: ModelConfig, checkpoint: Checkpoint, options: DecoderOptions): BuiltGraph {
  const shape = decoderShape(config)
  const names = decoderNames(checkpoint)
  checkOptions(shape, options)
  const graph = new GraphBuilder(checkpoint, '', options.dtype)
  const ids = graph.input('input_ids', ElementType.int64, ['batch', 'length'])
  const { given, states } = runLayers(graph, ids, shape, names, options)
  outputStates(graph, given, shape, names, options)
  if (options.logits) {
    const last = rmsNorm(graph, lastToken(graph, states), `${names.prefix}norm.weight`, shape, shape.hidden)
    outputLogits(graph, last, shape, names)
  }
  return graph.finish()
}

/**
 * The states of all tokens, batch × length × hidden, for a graph that goes on from there. With `graph.paddingMask` texts may be padded at
 * their end.
 *
 * @param ids Value: batch × length token ids.
 */
export function decoderStates(
  graph: GraphBuilder,
  ids: string,
  config: ModelConfig,
  checkpoint: Checkpoint,
  asked: Pick<DecoderOptions, 'layer' | 'finalNorm' | 'attention' | 'maxPositions'>,
): string {
  const shape = decoderShape(config)
  const names = decoderNames(checkpoint)
  const options = { ...asked, positions: 'all', logits: false, cache: false } as const
  checkOptions(shape, options)
  const { given } = runLayers(graph, ids, shape, names, options)
  return asked.finalNorm ? rmsNorm(graph, given, `${names.prefix}norm.weight`, shape, shape.hidden) : given
}

type Asked = Omit<DecoderOptions, 'dtype'>

/** States that are not asked for are not computed: of the last layer's outputs only the last token's, where no more is needed. */
function runLayers(
  graph: GraphBuilder,
  ids: string,
  shape: DecoderShape,
  names: DecoderNames,
  options: Asked,
): { given: string; states: string } {
  const depth = options.logits ? shape.layers : options.layer
  const attending = attendingOf(graph, ids, depth, shape, options)
  let states = embed(graph, ids, shape, names)
  let given = states
  for (let layer = 0; layer < depth; layer++) {
    const all = options.cache || layer + 1 < depth || (layer + 1 === options.layer && options.positions === 'all')
    states = decoderLayer(graph, states, layer, shape, names, attending, all)
    if (layer + 1 === options.layer) given = states
  }
  return { given, states }
}

function checkOptions(shape: DecoderShape, { layer, cache, attention }: Asked): void {
  if (!Number.isSafeInteger(layer) || layer < 0 || layer > shape.layers)
    throw new FieldtrialError(
      'USAGE',
      `There is no layer ${layer}: the model has layers 0 (embeddings) to ${shape.layers}.`,
    )
  if (cache && attention === 'bidirectional')
    throw new FieldtrialError('USAGE', 'Tokens cannot be decoded one by one with bidirectional attention.', {
      hint: 'Use causal attention, or a recipe that decodes nothing.',
    })
}

function embed(graph: GraphBuilder, ids: string, shape: DecoderShape, names: DecoderNames): string {
  const rows = graph.lookUp(names.table, shape.hidden, ids)
  return shape.embeddingScale === 1
    ? rows
    : graph.op('Mul', [rows, graph.float32(Float32Array.of(shape.embeddingScale))])
}

/** batch × hidden out of batch × any length × hidden. */
function lastToken(graph: GraphBuilder, states: string): string {
  return graph.op('Gather', [states, graph.int64([-1], true)], { axis: 1 })
}

function outputStates(
  graph: GraphBuilder,
  given: string,
  shape: DecoderShape,
  names: DecoderNames,
  { positions, finalNorm }: DecoderOptions,
): void {
  const chosen = positions === 'last' ? lastToken(graph, given) : given
  const states = finalNorm ? rmsNorm(graph, chosen, `${names.prefix}norm.weight`, shape, shape.hidden) : chosen
  const dims = positions === 'last' ? ['batch', shape.hidden] : ['batch', 'length', shape.hidden]
  graph.output(states, 'states', dims)
}

function outputLogits(graph: GraphBuilder, last: string, shape: DecoderShape, names: DecoderNames): void {
  const matrix = shape.tied ? names.table : names.head
  if (matrix === null)
    throw new FieldtrialError('MODEL_INVALID', 'The checkpoint has no language-model head (lm_head.weight).', {
      hint: 'Use a recipe that needs no logits, or the model that this one was made from.',
    })
  const rows = graph.rows(matrix, shape.hidden)
  let logits = graph.project(last, matrix, shape.hidden, rows, { bits: 8, lastOnly: true })
  if (shape.logitCap !== null) {
    const cap = graph.float32(Float32Array.of(shape.logitCap))
    logits = graph.op('Mul', [graph.op('Tanh', [graph.op('Div', [logits, cap])]), cap])
  }
  graph.output(logits, 'logits', ['batch', rows])
}
