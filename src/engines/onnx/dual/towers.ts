import type { DualShape, TowerShape } from '../../dual/shape.ts'
import type { FixedSettings } from '../../image/settings.ts'
import type { Checkpoint } from '../../text/safetensors.ts'
import { activate } from '../families/layer.ts'
import { type BuiltGraph, GraphBuilder } from '../graph-builder.ts'
import { ElementType } from '../onnx-model.ts'

/** Enters every identity: raise it whenever a change to the graphs changes vectors beyond float rounding. */
export const DUAL_GRAPH_VERSION = 1

/**
 * The text tower: input `input_ids`, texts × length, int64, each up to its end token (CLIP) or filled up (SigLIP); output `vectors`, texts ×
 * dimension, float32.
 *
 * @throws FieldtrialError `MODEL_INVALID` where config and checkpoint do not fit.
 */
export function buildTextTower(checkpoint: Checkpoint, shape: DualShape): BuiltGraph {
  const graph = new GraphBuilder(checkpoint, '', 'float32')
  const { text, family } = shape
  const ids = graph.input('input_ids', ElementType.int64, ['texts', 'length'])
  const word = graph.lookUp('text_model.embeddings.token_embedding.weight', text.hidden, ids)
  const length = graph.op('Gather', [graph.op('Shape', [ids]), graph.int64([1], true)])
  const positions = graph.op('Range', [graph.int64([0], true), length, graph.int64([1], true)])
  const position = graph.lookUp('text_model.embeddings.position_embedding.weight', text.hidden, positions)
  const states = layers(graph, graph.op('Add', [word, position]), 'text_model', text, family === 'clip')
  const last = graph.op('Gather', [states, graph.int64([-1], true)], { axis: 1 })
  const normed = norm(graph, last, 'text_model.final_layer_norm', text)
  const vectors =
    family === 'clip'
      ? graph.project(normed, 'text_projection.weight', text.hidden, shape.dimension)
      : graph.project(normed, 'text_model.head.weight', text.hidden, shape.dimension, { bias: 'text_model.head.bias' })
  graph.output(vectors, 'vectors', ['texts', shape.dimension])
  return graph.finish()
}

/** The image tower: input `pixels`, images × side × side × 3, uint8; output `vectors`, images × dimension, float32. */
export function buildImageTower(checkpoint: Checkpoint, shape: DualShape, settings: FixedSettings): BuiltGraph {
  const graph = new GraphBuilder(checkpoint, '', 'float32')
  const { vision, family } = shape
  const { side, patch, hidden } = vision
  const pixels = graph.input('pixels', ElementType.uint8, ['images', side, side, 3])
  const embedded = embedPatches(graph, levelsOf(graph, pixels, settings), family === 'siglip', hidden, patch)
  const withClass =
    family === 'clip' ? graph.op('Concat', [classState(graph, pixels, hidden), embedded], { axis: 1 }) : embedded
  const rows = Math.floor(side / patch) ** 2 + (family === 'clip' ? 1 : 0)
  const placed = graph.op('Add', [
    withClass,
    graph.weight('vision_model.embeddings.position_embedding.weight', [rows, hidden]),
  ])
  const before = family === 'clip' ? norm(graph, placed, 'vision_model.pre_layrnorm', vision) : placed
  const states = layers(graph, before, 'vision_model', vision, false)
  const vectors = family === 'clip' ? clipVector(graph, states, shape) : attentionPooling(graph, states, pixels, vision)
  graph.output(vectors, 'vectors', ['images', shape.dimension])
  return graph.finish()
}

/** Levels as the tower wants them, channel by channel: images × 3 × side × side. */
function levelsOf(graph: GraphBuilder, pixels: string, { rescale, mean, std }: FixedSettings): string {
  const levels = graph.op('Mul', [
    graph.op('Cast', [pixels], { to: ElementType.float32 }),
    graph.float32(Float32Array.of(rescale)),
  ])
  const centred = graph.op('Sub', [levels, graph.float32(Float32Array.from(mean))])
  return graph.op('Transpose', [graph.op('Div', [centred, graph.float32(Float32Array.from(std))])], {
    perm: [0, 3, 1, 2],
  })
}

/** One state for each patch: images × patches × hidden. */
function embedPatches(graph: GraphBuilder, levels: string, bias: boolean, hidden: number, patch: number): string {
  const at = 'vision_model.embeddings.patch_embedding'
  const weights = [graph.weight(`${at}.weight`, [hidden, 3, patch, patch])]
  if (bias) weights.push(graph.weight(`${at}.bias`, [hidden]))
  const grid = graph.op('Conv', [levels, ...weights], { kernel_shape: [patch, patch], strides: [patch, patch] })
  return graph.op('Transpose', [graph.op('Reshape', [grid, graph.int64([0, hidden, -1])])], { perm: [0, 2, 1] })
}

/** A value of one row, once for each image: images × 1 × hidden. */
function forEachImage(graph: GraphBuilder, row: string, pixels: string, hidden: number): string {
  const images = graph.op('Slice', [graph.op('Shape', [pixels]), graph.int64([0]), graph.int64([1])])
  return graph.op('Expand', [row, graph.op('Concat', [images, graph.int64([1, hidden])], { axis: 0 })])
}

function classState(graph: GraphBuilder, pixels: string, hidden: number): string {
  const state = graph.weight('vision_model.embeddings.class_embedding', [hidden])
  return forEachImage(graph, graph.op('Reshape', [state, graph.int64([1, 1, hidden])]), pixels, hidden)
}

function clipVector(graph: GraphBuilder, states: string, { vision, dimension }: DualShape): string {
  const first = graph.op('Gather', [states, graph.int64([0], true)], { axis: 1 })
  const normed = norm(graph, first, 'vision_model.post_layernorm', vision)
  return graph.project(normed, 'visual_projection.weight', vision.hidden, dimension)
}

/** SigLIP's head: a learned query attends to all patches (Zhai et al. 2022, arXiv:2106.04560, MAP). */
function attentionPooling(graph: GraphBuilder, states: string, pixels: string, shape: TowerShape): string {
  const at = 'vision_model.head'
  const { hidden, heads } = shape
  const normed = norm(graph, states, 'vision_model.post_layernorm', shape)
  const probe = forEachImage(graph, graph.weight(`${at}.probe`, [1, 1, hidden]), pixels, hidden)
  const inputs = graph.ops('Split', [graph.weight(`${at}.attention.in_proj_weight`, [3 * hidden, hidden])], 3, {
    axis: 0,
    num_outputs: 3,
  })
  const times = (x: string, weight: string) => graph.fused('FusedMatMul', [x, weight], { transB: 1 })
  const attended = graph.fused(
    'MultiHeadAttention',
    [
      times(probe, inputs[0]!),
      times(normed, inputs[1]!),
      times(normed, inputs[2]!),
      graph.weight(`${at}.attention.in_proj_bias`, [3 * hidden]),
    ],
    { num_heads: heads },
  )
  const mixed = graph.project(attended, `${at}.attention.out_proj.weight`, hidden, hidden, {
    bias: `${at}.attention.out_proj.bias`,
  })
  const out = graph.op('Add', [mixed, mlp(graph, norm(graph, mixed, `${at}.layernorm`, shape), `${at}.mlp`, shape)])
  return graph.op('Gather', [out, graph.int64([0], true)], { axis: 1 })
}

/** Layers with the normalisation before each sub-layer: h₁ = h + Attention(LN(h)), h₂ = h₁ + MLP(LN(h₁)). */
function layers(graph: GraphBuilder, embedded: string, model: string, shape: TowerShape, causal: boolean): string {
  const { hidden, heads } = shape
  let h = embedded
  for (let layer = 0; layer < shape.layers; layer++) {
    const at = `${model}.encoder.layers.${layer}`
    const normed = norm(graph, h, `${at}.layer_norm1`, shape)
    const parts = ['q', 'k', 'v'].map((kind) => `${at}.self_attn.${kind}_proj`)
    const biases = graph.op(
      'Concat',
      parts.map((name) => graph.weight(`${name}.bias`, [hidden])),
      { axis: 0 },
    )
    const attended = graph.fused(
      'MultiHeadAttention',
      [...parts.map((name) => graph.project(normed, `${name}.weight`, hidden, hidden)), biases],
      { num_heads: heads, unidirectional: causal ? 1 : 0 },
    )
    const mixed = graph.project(attended, `${at}.self_attn.out_proj.weight`, hidden, hidden, {
      bias: `${at}.self_attn.out_proj.bias`,
    })
    h = graph.op('Add', [h, mixed])
    h = graph.op('Add', [h, mlp(graph, norm(graph, h, `${at}.layer_norm2`, shape), `${at}.mlp`, shape)])
  }
  return h
}

function mlp(graph: GraphBuilder, x: string, at: string, { hidden, intermediate, activation }: TowerShape): string {
  const up = graph.project(x, `${at}.fc1.weight`, hidden, intermediate)
  const active = activate(graph, up, graph.weight(`${at}.fc1.bias`, [intermediate]), activation)
  return graph.project(active, `${at}.fc2.weight`, intermediate, hidden, { bias: `${at}.fc2.bias` })
}

function norm(graph: GraphBuilder, x: string, name: string, { hidden, epsilon }: TowerShape): string {
  const weights = [graph.weight(`${name}.weight`, [hidden]), graph.weight(`${name}.bias`, [hidden])]
  return graph.op('LayerNormalization', [x, ...weights], { axis: -1, epsilon: { float: epsilon } })
}
