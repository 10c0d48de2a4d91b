/**
 * SentencePiece's compiled character map ("Precompiled" in tokenizer.json), as the Rust library `tokenizers` applies it. The JavaScript
 * library uses NFKC in its place, which differs for hundreds of characters.
 *
 * Layout: uint32 size of the trie in bytes, a double-array trie (darts-clone) of 32-bit units, then zero-terminated UTF-8 replacements;
 * the trie's values are offsets into those.
 *
 * Rust's rule is kept with its quirk: a grapheme of fewer than six bytes is replaced whole by what its shortest known prefix maps to;
 * else character by character.
 *
 * @param charsmap Base64, as in tokenizer.json.
 */
export function precompiledNormalizer(charsmap: string): (text: string) => string {
  const bytes = Buffer.from(charsmap, 'base64')
  const trieBytes = bytes.readUInt32LE(0)
  const trie = new Uint32Array(trieBytes >> 2)
  for (let i = 0; i < trie.length; i++) trie[i] = bytes.readUInt32LE(4 + 4 * i)
  const replacements = bytes.subarray(4 + trieBytes)
  const utf8 = new TextEncoder()
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

  const lookUp = (key: Uint8Array): string | null => {
    let node = offsetOf(trie[0]!)
    for (const byte of key) {
      if (byte === 0) return null
      node ^= byte
      const unit = trie[node]!
      // A unit's label is its lowest byte; the top bit marks values, which no byte equals.
      if ((unit & 0x800000ff) >>> 0 !== byte) return null
      node ^= offsetOf(unit)
      if ((unit >>> 8) & 1) {
        const start = trie[node]! & 0x7fffffff
        return replacements.toString('utf8', start, replacements.indexOf(0, start))
      }
    }
    return null
  }
  const known = new Map<string, string | null>()
  const transform = (part: string): string | null => {
    let result = known.get(part)
    if (result === undefined) {
      result = lookUp(utf8.encode(part))
      known.set(part, result)
    }
    return result
  }
  const replaceGrapheme = (grapheme: string): string => {
    const whole = Buffer.byteLength(grapheme) < 6 ? transform(grapheme) : null
    if (whole !== null) return whole
    let out = ''
    for (const character of grapheme) out += transform(character) ?? character
    return out
  }
  // ASCII is its own graphemes but beside other characters, which may join it.
  return (text) =>
    text.replace(PIECE, (piece) => {
      if (piece.length === 1 || piece === '\r\n') return replaceGrapheme(piece)
      let out = ''
      for (const { segment } of segmenter.segment(piece)) out += replaceGrapheme(segment)
      return out
    })
}

const PIECE = /[\0-\x7F]?(?:[^\0-\x7F]+[\0-\x7F]?)+|\r\n|[\0-\x7F]/g

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6)
}
