import type { GraphBuilder } from '../../graph-builder.ts'
import { type Attending, attend, attendFromLast } from './attention.ts'
import type { DecoderNames } from './names.ts'
import type { DecoderShape } from './shape.ts'

/**
 * One layer with the normalisation before each part, as all these families have it: h₁ = h + Attention(N(h)), h₂ = h₁ + MLP(N(h₁)).
 * Gemma 3 normalises what is added, too.
 *
 * @param all Whether the states of all tokens are wanted; else only the last token's are computed, batch × 1 × hidden. Keys and values
 *   are made of all in any case.
 */
export function decoderLayer(
  graph: GraphBuilder,
  h: string,
  layer: number,
  shape: DecoderShape,
  names: DecoderNames,
  attending: Attending,
  all: boolean,
): string {
  const at = `${names.prefix}layers.${layer}.`
  const { hidden, heads, headSize } = shape
  const norm = (x: string, name: string) => rmsNorm(graph, x, `${at}${name}.weight`, shape, hidden)
  const outputNorm = (x: string, name: string) => (shape.outputNorms ? norm(x, name) : x)

  const normed = norm(h, 'input_layernorm')
  const last = (x: string) => graph.op('Gather', [x, graph.int64([-1])], { axis: 1 })
  const attended = all
    ? attend(graph, normed, layer, at, shape, attending)
    : attendFromLast(graph, normed, last(normed), layer, at, shape, attending)
  const bias = shape.biases.output ? `${at}self_attn.o_proj.bias` : undefined
  const projected = graph.project(attended, `${at}self_attn.o_proj.weight`, heads * headSize, hidden, { bias })
  const middle = graph.op('Add', [all ? h : last(h), outputNorm(projected, 'post_attention_layernorm')])
  const before = norm(middle, shape.outputNorms ? 'pre_feedforward_layernorm' : 'post_attention_layernorm')
  return graph.op('Add', [middle, outputNorm(gatedMlp(graph, before, at, shape), 'post_feedforward_layernorm')])
}

/** W₃·(act(W₁·x) ⊙ W₂·x) (Shazeer 2020, arXiv:2002.05202). */
function gatedMlp(graph: GraphBuilder, x: string, at: string, shape: DecoderShape): string {
  const { hidden, intermediate, activation, biases } = shape
  const project = (input: string, name: string, from: number, to: number) =>
    graph.project(input, `${at}mlp.${name}.weight`, from, to, {
      bias: biases.mlp ? `${at}mlp.${name}.bias` : undefined,
    })
  const gate = project(x, 'gate_proj', hidden, intermediate)
  const up = project(x, 'up_proj', hidden, intermediate)
  // QuickGelu with a factor of 1 is x · sigmoid(x), that is SiLU.
  const active =
    activation === 'silu' ? graph.fused('QuickGelu', [gate], { alpha: { float: 1 } }) : graph.fused('FastGelu', [gate])
  return project(graph.op('Mul', [active, up]), 'down_proj', intermediate, hidden)
}

/** x / √(mean(x²) + ε) · weight over the last axis (Zhang & Sennrich 2019, arXiv:1910.07467). */
export function rmsNorm(graph: GraphBuilder, x: string, name: string, shape: DecoderShape, size: number): string {
  const weight = graph.weight(name, [size])
  const scale = shape.offsetNorms ? graph.op('Add', [weight, graph.float32(Float32Array.of(1))]) : weight
  return graph.op('SimplifiedLayerNormalization', [x, scale], { axis: -1, epsilon: { float: shape.epsilon } })
}
