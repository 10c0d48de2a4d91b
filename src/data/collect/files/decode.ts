import { isUtf8 } from 'node:buffer'

export interface Decoded {
  readonly text: string
  /** As it was read; `utf-8` for most. */
  readonly encoding: string
}

/** How far encodings are declared, and zeros looked for. */
const HEAD = 4096
/** Python's cookie, XML's declaration, HTML's meta element. */
const DECLARED = /(?:coding[:=]|charset\s*=)\s*["']?([-\w.]+)/

/**
 * The text of a file's bytes: by its byte order mark, as UTF-8 where it is valid, else as it declares itself, else as Windows-1252, which
 * takes any byte. Undefined for binary files.
 */
export function decodeText(bytes: Uint8Array): Decoded | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decode(bytes, 'utf-16le')
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decode(bytes, 'utf-16be')
  const head = bytes.subarray(0, HEAD)
  if (head.includes(0)) return undefined
  if (isUtf8(bytes)) return decode(bytes, 'utf-8')
  const declared = DECLARED.exec(Buffer.from(head).toString('latin1'))?.[1]
  return (declared !== undefined && decode(bytes, declared)) || decode(bytes, 'windows-1252')
}

function decode(bytes: Uint8Array, encoding: string): Decoded | undefined {
  try {
    const decoder = new TextDecoder(encoding)
    // A file that declares UTF-8 and is not must be read as something else.
    if (decoder.encoding === 'utf-8' && !isUtf8(bytes)) return undefined
    return { text: decoder.decode(bytes), encoding: decoder.encoding }
  } catch {
    return undefined
  }
}
