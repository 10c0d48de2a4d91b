import { decoder } from './build.ts'
import { END_OF_TEXT, TURN_END } from './qwen-common.ts'
import { QWEN3_SHAPES, type Qwen3Size } from './qwen3-shapes.ts'
import type { ModelEntry } from './types.ts'

/** Size, commits of the model and of its base (undefined: not published). */
const SIZES: readonly [size: Qwen3Size, revision: string | null, base: string | null | undefined][] = [
  ['0.6b', 'c1899de289a04d12100db370d81485cdf75e47ca', 'da87bfb608c14b7cf20ba1ce41287e8de496c0cd'],
  ['1.7b', '70d244cc86ccca08cf5af4e1e306ecf908b1ad5e', null],
  ['4b', '1cfa9a7208912126459214e8b04321603b3df60c', null],
  ['8b', 'b968826d9c46dd6066d109eabc6255188de91218', '49e3418fbbbca6ecbdf9608b4d22e5a407081db4'],
  ['14b', '40c069824f4251a91eefaf281ebe4c544efd3e18', null],
  ['32b', null, undefined],
]

/** Qwen3 (Qwen team 2025, arXiv:2505.09388), the dense sizes. The names without `-base` are the chat models. */
export const QWEN3: readonly ModelEntry[] = SIZES.flatMap(([size, revision, baseRevision]) => {
  // Only the 4B model's config was seen whole.
  const headUnseen = size === '4b' ? ([] as const) : (['head'] as const)
  const common = {
    family: 'qwen3',
    kind: 'llm',
    architecture: 'qwen3',
    shape: QWEN3_SHAPES[size],
    pad: END_OF_TEXT,
    chat: true,
    licence: 'apache-2.0',
    recipe: { recipe: 'promptreps' },
  } as const
  const chat = decoder({
    ...common,
    name: `qwen3-${size}`,
    hub: `Qwen/Qwen3-${size.toUpperCase()}`,
    revision,
    specialisation: 'instruct',
    context: 40_960,
    eos: TURN_END,
    ...(baseRevision === undefined
      ? {}
      : { descendsFrom: { name: `qwen3-${size}-base`, how: 'instruction tuning and reinforcement learning' } }),
    note: 'Its template opens an empty thinking part when thinking is switched off; recipes end their own assistant turn and need none.',
    unverified: [...headUnseen, 'systemTurn', 'licence'],
  })
  if (baseRevision === undefined) return [chat]
  const base = decoder({
    ...common,
    name: `qwen3-${size}-base`,
    hub: `Qwen/Qwen3-${size.toUpperCase()}-Base`,
    revision: baseRevision,
    specialisation: 'base',
    context: 32_768,
    eos: END_OF_TEXT,
    unverified: [...headUnseen, 'context', 'tokens', 'systemTurn', 'licence'],
  })
  return [base, chat]
})
