import { FieldtrialError } from '../../../core/errors.ts'
import type { GraphBuilder } from '../graph-builder.ts'

/** Sizes that all families share. */
export interface LayerShape {
  readonly hidden: number
  readonly heads: number
  readonly intermediate: number
  readonly epsilon: number
  readonly activation: string
}

/** What a family calls the parts of a layer (without `.weight` and `.bias`). */
export interface LayerNames {
  readonly query: string
  readonly key: string
  readonly value: string
  readonly attentionOutput: string
  readonly attentionNorm: string
  readonly up: string
  readonly down: string
  readonly outputNorm: string
}

/**
 * One transformer layer with the normalisation after each sub-layer, as BERT has it (Devlin et al. 2019, arXiv:1810.04805;
 * Vaswani et al. 2017, arXiv:1706.03762): h₁ = LN(h + Attention(h)), h₂ = LN(h₁ + W₂·act(W₁·h₁)).
 * The engine's own batches hold texts of one length and need no mask; graphs that are exported have `graph.paddingMask`.
 *
 * @param bias Value of shape 1 × heads × length × length that is added to the attention scores, or '' for none.
 */
export function postNormLayer(graph: GraphBuilder, h: string, names: LayerNames, shape: LayerShape, bias = ''): string {
  const { hidden, heads, intermediate } = shape
  const vector = (name: string, size = hidden) => graph.weight(name, [size])
  const [q, k, v] = [names.query, names.key, names.value].map((n) => graph.project(h, `${n}.weight`, hidden, hidden))
  const biases = graph.op(
    'Concat',
    [names.query, names.key, names.value].map((n) => vector(`${n}.bias`)),
    { axis: 0 },
  )
  const optional = bias !== '' ? [graph.paddingMask, bias] : graph.paddingMask === '' ? [] : [graph.paddingMask]
  const attended = graph.fused('MultiHeadAttention', [q!, k!, v!, biases, ...optional], { num_heads: heads })
  const addNorm = (x: string, skip: string, norm: string, dense: string) =>
    layerNorm(graph, graph.op('Add', [graph.op('Add', [x, vector(`${dense}.bias`)]), skip]), norm, shape)
  const out = graph.project(attended, `${names.attentionOutput}.weight`, hidden, hidden)
  const middle = addNorm(out, h, names.attentionNorm, names.attentionOutput)
  const up = graph.project(middle, `${names.up}.weight`, hidden, intermediate)
  const active = activate(graph, up, vector(`${names.up}.bias`, intermediate), shape.activation)
  const down = graph.project(active, `${names.down}.weight`, intermediate, hidden)
  return addNorm(down, middle, names.outputNorm, names.down)
}

/**
 * act(x + bias). `gelu` is exact (with erf), the `gelu_new` kind is its tanh approximation, `quick_gelu` x·σ(1.702x) (Hendrycks & Gimpel,
 * arXiv:1606.08415).
 */
export function activate(graph: GraphBuilder, x: string, bias: string, activation: string): string {
  switch (activation) {
    case 'gelu':
    case 'gelu_python':
      return graph.fused('BiasGelu', [x, bias])
    case 'gelu_new':
    case 'gelu_fast':
    case 'gelu_pytorch_tanh':
      return graph.fused('FastGelu', [x, bias])
    case 'quick_gelu':
      return graph.fused('QuickGelu', [graph.op('Add', [x, bias])], { alpha: { float: 1.702 } })
    case 'relu':
      return graph.op('Relu', [graph.op('Add', [x, bias])])
    case 'silu':
    case 'swish': {
      const sum = graph.op('Add', [x, bias])
      return graph.op('Mul', [sum, graph.op('Sigmoid', [sum])])
    }
    default:
      throw new FieldtrialError('MODEL_INVALID', `config.json: the activation "${activation}" is not known.`, {
        hint: 'Export the model to ONNX and put it into the folder as onnx/model.onnx, or serve it and use the http engine.',
      })
  }
}

/**
 * onnxruntime's SkipLayerNormalization, which would take the sum too, is a scalar loop on processors and eight times slower
 * than these two vectorised operators.
 */
export function layerNorm(graph: GraphBuilder, x: string, name: string, shape: LayerShape): string {
  const weights = [graph.weight(`${name}.weight`, [shape.hidden]), graph.weight(`${name}.bias`, [shape.hidden])]
  return graph.op('LayerNormalization', [x, ...weights], { axis: -1, epsilon: { float: shape.epsilon } })
}
