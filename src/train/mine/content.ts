import { hash } from 'node:crypto'
import { normalText } from '../../data/lint/normal-text.ts'
import { documentText } from '../../study/identity.ts'

/** Two hashes of a text, of 52 bits each; 0 where there is nothing to compare. */
export interface ContentKeys {
  /** Of the text as it is. */
  readonly exact: number
  /** Of its letters and digits alone, without case: equal for texts that differ in white space, punctuation and Unicode form only. */
  readonly near: number
}

export function contentKeys(document: { readonly title: string; readonly text: string }): ContentKeys {
  return textKeys(documentText(document))
}

export function textKeys(text: string): ContentKeys {
  const letters = normalText(text).replace(/[^\p{L}\p{N}]+/gu, '')
  return { exact: text.trim() === '' ? 0 : key(text), near: letters === '' ? 0 : key(letters) }
}

function key(text: string): number {
  const bytes = hash('sha256', text, 'buffer')
  // Never 0, which stands for nothing.
  return bytes.readUIntBE(0, 6) * 16 + (bytes[6]! >>> 4) + 1
}

/** Order in which random negatives are drawn: the same for the same seed, whatever else is in the ranking. */
export function drawOrder(seed: number, query: string, document: string): number {
  return hash('sha256', `${seed}\n${query}\n${document}`, 'buffer').readUIntBE(0, 6)
}
