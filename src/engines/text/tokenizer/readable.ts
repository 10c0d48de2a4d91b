import { fromByteAlphabet } from './byte-alphabet.ts'
import type { Pipeline } from './pipeline.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Token strings without the tokenizer's own spelling: `Ġthe` and `▁the` as ` the`, bytes as their characters. */
export function readablePieces({ vocabulary, byteLevel, added }: Pipeline, ids: readonly number[]): string[] {
  return ids.map((id) => {
    const token = vocabulary[id]
    if (token === undefined) return `[${id}]`
    if (added.has(id)) return token
    if (!byteLevel) {
      const byte = /^<0x([0-9A-F]{2})>$/.exec(token)
      return byte === null ? token.replaceAll('▁', ' ') : `\\x${byte[1]}`
    }
    const bytes = fromByteAlphabet(token)
    if (bytes === null) return token
    try {
      return utf8.decode(bytes)
    } catch {
      return Array.from(bytes, (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
    }
  })
}
