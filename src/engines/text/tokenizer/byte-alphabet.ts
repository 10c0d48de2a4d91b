/**
 * GPT-2's alphabet: every byte has a visible character. The printable ones of Latin-1 stand for themselves, the others are U+0100 and up in
 * order, so that a space is `Ġ` and a newline `Ċ`.
 */
const CHARACTERS: readonly string[] = (() => {
  const visible = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
  let others = 0
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(visible(byte) ? byte : 0x100 + others++))
})()

const BYTES: ReadonlyMap<string, number> = new Map(CHARACTERS.map((character, byte) => [character, byte]))

/** The UTF-8 bytes of a text, a character each. */
export function toByteAlphabet(text: string): string {
  if (/^[!-~]*$/.test(text)) return text
  let out = ''
  for (const byte of Buffer.from(text)) out += CHARACTERS[byte]
  return out
}

/** The bytes that a token stands for; null where a character is not of the alphabet. */
export function fromByteAlphabet(token: string): Buffer | null {
  const bytes: number[] = []
  for (const character of token) {
    const byte = BYTES.get(character)
    if (byte === undefined) return null
    bytes.push(byte)
  }
  return Buffer.from(bytes)
}
