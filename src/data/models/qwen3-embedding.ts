import { decoder } from './build.ts'
import { END_OF_TEXT } from './qwen-common.ts'
import { QWEN3_SHAPES } from './qwen3-shapes.ts'
import type { ModelEntry } from './types.ts'

/** Size, commit, rows of the embedding table (cut to the tokenizer's own; the counts give MTEB's exact numbers of parameters). */
const SIZES: readonly [size: '0.6b' | '4b' | '8b', revision: string, vocabulary: number][] = [
  ['0.6b', 'b22da495047858cce924d27d76261e96be6febc0', 151_669],
  ['4b', '636cd9bf47d976946cdbb2b0c3ca0cb2f8eea5ff', 151_665],
  ['8b', '4e423935c619ae4df87b646a3ce949610c66241c', 151_665],
]

/** Qwen3-Embedding (Zhang et al. 2025, arXiv:2506.05176). Dimension, context, commit and licence as MTEB records them. */
export const QWEN3_EMBEDDING: readonly ModelEntry[] = SIZES.map(([size, revision, vocabulary]) =>
  decoder({
    name: `qwen3-embedding-${size}`,
    family: 'qwen3-embedding',
    hub: `Qwen/Qwen3-Embedding-${size.toUpperCase()}`,
    revision,
    kind: 'retriever',
    specialisation: 'retrieval',
    architecture: 'qwen3',
    shape: { ...QWEN3_SHAPES[size], vocabulary, head: 'none' },
    context: 32_768,
    eos: { text: '<|im_end|>', id: 151_645 },
    pad: END_OF_TEXT,
    chat: true,
    descendsFrom: { name: `qwen3-${size}-base`, how: 'contrastive training in three stages' },
    licence: 'apache-2.0',
    recipe: { recipe: 'instruct', layout: 'qwen3' },
    note: 'Its tokenizer ends every text with <|endoftext|>, and that token is pooled; its vectors may be cut to fewer numbers (Matryoshka).',
    unverified: ['tokens', 'systemTurn', 'descendsFrom'],
  }),
)
