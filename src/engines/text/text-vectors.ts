import { type LoadedStep, normalized } from './head.ts'
import { failedText, type Item } from './items.ts'

/** Collects a call's pooled states, prompt by prompt in any order, and makes vectors of them: views averaged, head, length 1. */
export class TextVectors {
  private readonly texts: number
  private readonly views: number
  private sums: Float32Array | null = null
  private width = 0

  /** @param views Prompts per text. */
  constructor(texts: number, views: number) {
    this.texts = texts
    this.views = views
  }

  /** @throws FieldtrialError `ENGINE_FAILED` naming the text where its states hold what is no number, or zeros only. */
  add(text: number, pooled: Float32Array): void {
    check(pooled, text, this.texts)
    if (this.sums === null) {
      this.width = pooled.length
      this.sums = new Float32Array(this.texts * this.width)
    }
    // Views are averaged before the length is taken out, as MetaEOL does.
    const { sums, width, views } = this
    const from = text * width
    for (let d = 0; d < width; d++) sums[from + d] = sums[from + d]! + pooled[d]! / views
  }

  /** @returns texts × dimension, row-major; empty where nothing was added. */
  finish(head: readonly LoadedStep[], normalize: boolean): { vectors: Float32Array; dimension: number } {
    const { sums, width, texts } = this
    if (sums === null) return { vectors: new Float32Array(0), dimension: 0 }
    const rows: Float32Array[] = []
    for (let text = 0; text < texts; text++) {
      let vector: Float32Array = sums.subarray(text * width, (text + 1) * width)
      for (const step of head) vector = step(vector)
      rows.push(normalize ? normalized(vector) : vector)
      check(rows[text]!, text, texts)
    }
    const dimension = rows[0]!.length
    const vectors = dimension === width ? sums : new Float32Array(texts * dimension)
    for (const [text, row] of rows.entries()) vectors.set(row, text * dimension)
    return { vectors, dimension }
  }
}

/** Tokens and cuts of texts, summed over their prompts. */
export function countItems(
  items: Iterable<Pick<Item, 'text' | 'ids' | 'truncated'>>,
  texts: number,
): { tokens: Int32Array; truncated: Uint8Array } {
  const tokens = new Int32Array(texts)
  const truncated = new Uint8Array(texts)
  for (const item of items) {
    tokens[item.text] = tokens[item.text]! + item.ids.length
    if (item.truncated) truncated[item.text] = 1
  }
  return { tokens, truncated }
}

function check(vector: Float32Array, text: number, of: number): void {
  let largest = 0
  for (const x of vector) {
    if (!Number.isFinite(x)) throw failedText(text, of, `got a vector with ${x} in it`)
    if (x !== 0) largest = 1
  }
  if (largest === 0) throw failedText(text, of, 'got a vector of zeros only')
}
