import { decoder, shape } from './build.ts'
import type { ModelEntry, Specialisation } from './types.ts'

const TEXT = shape(5, 256, 4, 2, 448, 8192, 'tied')
/** Patches of 14 × 14 pixels and two frames, four blocks of width 128, and the projector. */
const VISION_PARAMETERS = 1_205_632

const SIBLINGS: readonly [name: string, made: Specialisation, from: string | null, how: string][] = [
  ['base', 'base', null, ''],
  ['instruct', 'instruct', 'base', 'further training on conversations'],
  ['coder', 'code', 'base', 'further training on code'],
  ['coder-instruct', 'code', 'coder', 'further training on conversations about code'],
  ['math', 'math', 'base', 'further training on worked problems'],
  ['math-instruct', 'math', 'math', 'further training on conversations about problems'],
  ['reasoning', 'reasoning', 'math', 'further training on long chains of thought'],
]

const COMMON = {
  family: 'nano',
  hub: null,
  shape: TEXT,
  context: 512,
  eos: { text: '<|im_end|>', id: 8184 },
  pad: { text: '<|endoftext|>', id: 8182 },
  licence: 'apache-2.0',
} as const

const CHAT = { chat: true, systemTurn: 'You are a helpful assistant.', recipe: { recipe: 'mean' } } as const

/**
 * Eight siblings of 4.8 million parameters that come with fieldtrial and differ only in what they were trained on, and a retriever made of one of
 * them: the study of specialised LLMs in miniature. How they were made, and from what: models/nano/README.md.
 */
export const NANO: readonly ModelEntry[] = [
  ...SIBLINGS.map(([name, specialisation, from, how]) =>
    decoder({
      ...COMMON,
      ...CHAT,
      name: `nano-${name}`,
      kind: 'llm',
      specialisation,
      architecture: 'qwen2',
      descendsFrom: from === null ? null : { name: `nano-${from}`, how },
    }),
  ),
  decoder({
    ...COMMON,
    ...CHAT,
    name: 'nano-vision',
    kind: 'vision-llm',
    specialisation: 'vision',
    architecture: 'qwen2_5_vl',
    visionParameters: VISION_PARAMETERS,
    descendsFrom: { name: 'nano-base', how: 'training on images and captions' },
  }),
  decoder({
    ...COMMON,
    name: 'nano-retriever',
    kind: 'retriever',
    specialisation: 'retrieval',
    architecture: 'qwen2',
    shape: { ...TEXT, head: 'none' },
    descendsFrom: { name: 'nano-base', how: 'contrastive training on pairs of texts' },
    recipe: { recipe: 'sentence-transformers' },
    note: 'Looks both ways; its vectors may be cut to 128 or 64 numbers.',
  }),
]

/** The eight in the order of the study's question. */
export const NANO_SIBLINGS: readonly string[] = NANO.filter(({ kind }) => kind !== 'retriever').map(({ name }) => name)
