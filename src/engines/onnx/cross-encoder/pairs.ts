import { FieldtrialError } from '../../../core/errors.ts'

/** A piece of what a tokenizer makes of two texts. */
export type PairPiece =
  | { readonly text: 'A' | 'B'; readonly segment: number }
  | { readonly id: number; readonly segment: number }

interface Processor {
  readonly type?: string
  readonly processors?: readonly Processor[]
  readonly pair?: readonly {
    readonly SpecialToken?: { readonly id: string; readonly type_id: number }
    readonly Sequence?: { readonly id: 'A' | 'B'; readonly type_id: number }
  }[]
  readonly special_tokens?: Readonly<Record<string, { readonly ids: readonly number[] }>>
  readonly sep?: readonly [string, number]
  readonly cls?: readonly [string, number]
}

/**
 * How a tokenizer joins two texts, read from the post-processor in its tokenizer.json.
 *
 * @throws FieldtrialError `MODEL_INVALID` for one that says nothing of pairs.
 */
export function pairPieces(postProcessor: unknown, file: string): readonly PairPiece[] {
  for (const processor of flatten(postProcessor as Processor | null)) {
    const { type, sep, cls } = processor
    if (type === 'TemplateProcessing' && processor.pair !== undefined) return templatePieces(processor)
    if (cls === undefined || sep === undefined) continue
    const special = (id: number, segment: number): PairPiece => ({ id, segment })
    const a: PairPiece = { text: 'A', segment: 0 }
    if (type === 'BertProcessing')
      return [special(cls[1], 0), a, special(sep[1], 0), { text: 'B', segment: 1 }, special(sep[1], 1)]
    if (type === 'RobertaProcessing')
      return [
        special(cls[1], 0),
        a,
        special(sep[1], 0),
        special(sep[1], 0),
        { text: 'B', segment: 0 },
        special(sep[1], 0),
      ]
  }
  throw new FieldtrialError('MODEL_INVALID', `${file} does not say how two texts are joined.`, {
    where: { file, field: 'post_processor' },
    hint: 'Use a cross-encoder whose tokenizer has a post-processor for pairs.',
  })
}

function flatten(processor: Processor | null): Processor[] {
  if (processor === null) return []
  return processor.processors === undefined ? [processor] : processor.processors.flatMap(flatten)
}

function templatePieces({ pair = [], special_tokens = {} }: Processor): PairPiece[] {
  return pair.flatMap(({ SpecialToken: special, Sequence: sequence }): PairPiece[] => {
    if (sequence !== undefined) return [{ text: sequence.id, segment: sequence.type_id }]
    const ids = special === undefined ? [] : (special_tokens[special.id]?.ids ?? [])
    return ids.map((id) => ({ id, segment: special!.type_id }))
  })
}

/**
 * Tokens that are left of two texts where there is room for so many: the longer one is cut first (`longest_first` of the library
 * `tokenizers`).
 */
export function roomForTwo(a: number, b: number, room: number): [a: number, b: number] {
  if (a + b <= room) return [a, b]
  let [short, long] = a > b ? [b, a] : [a, b]
  long = short > room ? short : Math.max(short, room - short)
  if (short + long > room) {
    short = Math.floor(room / 2)
    long = short + (room % 2)
  }
  return a > b ? [long, short] : [short, long]
}
