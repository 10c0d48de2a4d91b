import type { Laboratory } from './laboratory.ts'

/** How well a language model reads what a trained one must be able to read. Nats per token, means. */
export interface LanguageReading {
  /** Loss on plain English and code. Trained models: 2 to 5. */
  readonly text: number
  /** Loss on the second copy of random tokens that stand twice: any trained model copies, whatever its tokens mean. */
  readonly copy: number
  /** Loss of a model that knows nothing: ln of the vocabulary. */
  readonly uniform: number
  /** Tokens that the first figure is a mean of. */
  readonly tokens: number
}

const TEXTS = [
  'The sun rises in the east and sets in the west, and the days are longer in the summer than in the winter.',
  'She opened the door, looked around the room, and sat down at the table next to her brother.',
  'The company said on Tuesday that its profits had fallen by ten percent in the first quarter of the year.',
  'Water freezes at zero degrees Celsius and boils at one hundred degrees Celsius at sea level.',
  'def is_even(number):\n    if number % 2 == 0:\n        return True\n    else:\n        return False\n',
  'for (let i = 0; i < items.length; i++) {\n  console.log(items[i]);\n}\n',
]
const CONTENTS = { parts: [{ kind: 'contents' }], join: 'text', addSpecialTokens: true, end: null } as const
/** Tokens before a prediction counts: a text's first tokens can be guessed by nobody. */
const FIRST = 6
/** Every so many tokens one is predicted. */
const STEP = 3
const COPIES = 6
const COPY_LENGTH = 16

/** Asks a decoder for next tokens. Null for models without a language-model head. */
export async function readLanguage(laboratory: Laboratory): Promise<LanguageReading | null> {
  const { tokenizer, decoder } = laboratory
  if (decoder === null || decoder.head === 'none') return null
  const rows = Math.min(decoder.vocabulary, tokenizer.size)
  const texts = TEXTS.flatMap((text) => {
    const { ids } = tokenizer.encode(CONTENTS, text, '', { maxLength: 64, lengthOf: 'prompt' })
    const known = ids.filter((id) => id < decoder.vocabulary && !(tokenizer.isSpecial(id) && id === ids.at(-1)))
    return range(FIRST, known.length, STEP).map((at) => known.slice(0, at + 1))
  })
  const copies = range(0, COPIES, 1).flatMap((copy) => {
    const once = range(0, COPY_LENGTH, 1).map((i) => scattered(copy * COPY_LENGTH + i, rows))
    return [COPY_LENGTH >> 1, COPY_LENGTH - 2].map((at) => [...once, ...once.slice(0, at + 1)])
  })
  return {
    text: await meanLoss(laboratory, texts),
    copy: await meanLoss(laboratory, copies),
    uniform: Math.log(decoder.vocabulary),
    tokens: texts.length,
  }
}

/** Mean of -ln p(last token | tokens before). */
async function meanLoss(laboratory: Laboratory, sequences: readonly (readonly number[])[]): Promise<number> {
  const logits = await laboratory.logits(sequences.map((ids) => ids.slice(0, -1)))
  const losses = sequences.map((ids, i) => lossOf(logits[i]!, ids.at(-1)!))
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}

function lossOf(logits: Float32Array, token: number): number {
  let largest = Number.NEGATIVE_INFINITY
  for (const x of logits) largest = Math.max(largest, x)
  let sum = 0
  for (const x of logits) sum += Math.exp(x - largest)
  return largest + Math.log(sum) - logits[token]!
}

/** Token ids all over the vocabulary, the same ones every time. */
function scattered(i: number, rows: number): number {
  return (Math.imul(i + 1, 0x9e3779b1) >>> 0) % rows
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step)
}
