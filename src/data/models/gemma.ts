import { decoder, shape } from './build.ts'
import type { ModelEntry, ModelShape } from './types.ts'

/** Weights of the vision tower (SigLIP) and of the projector into a language model of this width; sizes from 4B on have it. */
const visionParameters = (hidden: number) => 416_866_032 + 1152 + 1152 * hidden

/** Size, shape, context, commits of the base (`pt`) and instruct (`it`) model. */
const SIZES: readonly [
  size: string,
  shape: ModelShape,
  context: number,
  base: string | null,
  instruct: string | null,
][] = [
  ['270m', shape(18, 640, 4, 1, 2048, 262_144, 'tied', 256), 32_768, null, 'ac82b4e820549b854eebf28ce6dedaf9fdfa17b3'],
  ['1b', shape(26, 1152, 4, 1, 6912, 262_144, 'tied', 256), 32_768, null, 'dcc83ea841ab6100d6b47a070329e1ba4cf78752'],
  [
    '4b',
    shape(34, 2560, 8, 4, 10_240, 262_208, 'tied', 256),
    131_072,
    null,
    '093f9f388b31de276ce2de164bdc2081324b9767',
  ],
  ['12b', shape(48, 3840, 16, 8, 15_360, 262_208, 'tied', 256), 131_072, null, null],
  ['27b', shape(62, 5376, 32, 16, 21_504, 262_208, 'tied', 128), 131_072, null, null],
]

const GATED = 'The hub asks for an agreement before it gives the files: set HF_TOKEN.'

/** Gemma 3 (Gemma team 2025, arXiv:2503.19786). Layers look at a window of tokens, each sixth at all. */
export const GEMMA: readonly ModelEntry[] = SIZES.flatMap(([size, sizes, context, base, instruct]) => {
  const text = size === '270m' || size === '1b'
  const common = {
    family: 'gemma',
    kind: text ? 'llm' : 'vision-llm',
    architecture: text ? 'gemma3_text' : 'gemma3',
    visionParameters: text ? 0 : visionParameters(sizes.hidden),
    shape: sizes,
    context,
    pad: { text: '<pad>', id: 0 },
    bos: { text: '<bos>', id: 2 },
    licence: 'gemma',
  } as const
  const short = size === '270m' ? ('gemma-3-270m' as const) : (`gemma-3-${size}-pt` as const)
  const guessed = text && size !== '270m' ? (['context'] as const) : (['parameters', 'shape', 'context'] as const)
  return [
    decoder({
      ...common,
      name: `gemma-3-${size}`,
      hub: `google/${short}`,
      revision: base,
      specialisation: 'base',
      eos: { text: '<eos>', id: 1 },
      recipe: { recipe: 'prompteol' },
      note: `${GATED} It has no chat template.`,
      unverified: [...guessed, 'head', 'tokens', 'licence'],
    }),
    decoder({
      ...common,
      name: `gemma-3-${size}-it`,
      hub: `google/gemma-3-${size}-it`,
      revision: instruct,
      specialisation: 'instruct',
      eos: { text: '<eos>', id: 1 },
      chat: true,
      descendsFrom: { name: `gemma-3-${size}`, how: 'instruction tuning' },
      recipe: { recipe: 'promptreps' },
      note: `${GATED} Its template puts a system turn into the user turn; float16 overflows in it.`,
      unverified: [...guessed, 'head', 'tokens', 'systemTurn', 'licence'],
    }),
  ]
})
