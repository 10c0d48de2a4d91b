import { decoder } from './build.ts'
import { END_OF_TEXT, QWEN25_SHAPES, type Qwen25Size, qwenLicence, SYSTEM_MATH, TURN_END } from './qwen-common.ts'
import type { ModelEntry } from './types.ts'

const SIZES: readonly [size: Qwen25Size, base: string | null, instruct: string | null][] = [
  ['1.5b', '4a83ca6e4526a4f2da3aa259ec36c259f66b2ab2', 'aafeb0fc6f22cbf0eaeed126eff8be45b0360a35'],
  ['7b', 'b101308fe89651ea5ce025f25317fea6fc07e96e', 'ef9926d75ab1d54532f6a30dd5e760355eb9aa4d'],
  ['72b', null, null],
]

/** What a reader of a comparison must know: two things besides mathematics set these models apart. */
const NOTE =
  'Its template puts a demand for step-by-step reasoning into the system turn, and its context is 4,096 tokens (rope_theta 10,000, not 1,000,000): compare with `system: none` and with short texts before blaming mathematics.'

/** Qwen2.5-Math (Yang et al. 2024, arXiv:2409.12122): Qwen2.5 trained on with mathematics. */
export const QWEN25_MATH: readonly ModelEntry[] = SIZES.flatMap(([size, base, instruct]) => {
  const common = {
    family: 'qwen2.5-math',
    kind: 'llm',
    specialisation: 'math',
    architecture: 'qwen2',
    // The 1.5B size shares its head with the embeddings, as in Qwen2.5.
    shape: QWEN25_SHAPES[size],
    context: 4096,
    pad: END_OF_TEXT,
    chat: true,
    systemTurn: SYSTEM_MATH,
    licence: qwenLicence(size),
    recipe: { recipe: 'promptreps' },
    note: NOTE,
  } as const
  return [
    decoder({
      ...common,
      name: `qwen2.5-math-${size}`,
      hub: `Qwen/Qwen2.5-Math-${size.toUpperCase()}`,
      revision: base,
      eos: END_OF_TEXT,
      descendsFrom: { name: `qwen2.5-${size}`, how: 'further training on mathematics' },
      unverified: ['head', 'systemTurn', 'descendsFrom', 'licence'],
    }),
    decoder({
      ...common,
      name: `qwen2.5-math-${size}-instruct`,
      hub: `Qwen/Qwen2.5-Math-${size.toUpperCase()}-Instruct`,
      revision: instruct,
      eos: TURN_END,
      descendsFrom: { name: `qwen2.5-math-${size}`, how: 'instruction tuning and reinforcement learning' },
      unverified: ['head', 'licence'],
    }),
  ]
})
