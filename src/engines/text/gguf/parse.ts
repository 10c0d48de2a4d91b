import type { Metadata, MetadataValue } from './metadata.ts'
import { tensorBytes } from './tensor-types.ts'

export interface GgufTensor {
  readonly name: string
  /** Fastest first, as ggml has it: a matrix of [inputs, outputs]. */
  readonly shape: readonly number[]
  /** ggml's number of the type. */
  readonly type: number
  /** From where tensors begin. */
  readonly offset: number
  /** Null for a type that is not known here. */
  readonly bytes: number | null
}

export interface Parsed {
  readonly metadata: Metadata
  readonly tensors: readonly GgufTensor[]
  /** Where the last tensor ends in the file. */
  readonly end: number
}

/** The bytes at hand end before the header does. */
export class TooShort extends Error {}

const DEFAULT_ALIGNMENT = 32
const MOST_DIMENSIONS = 8
const STRING = 8
const ARRAY = 9

/**
 * Parses the header of a GGUF file.
 *
 * @param bytes From the start of the file, as many as are at hand.
 * @param invalid Makes the error for what is no GGUF header.
 * @throws TooShort where the bytes do not reach the header's end.
 */
export function parseGguf(bytes: Buffer, invalid: (what: string) => Error): Parsed {
  if (bytes.subarray(0, 4).toString('latin1') !== 'GGUF') throw invalid('is no GGUF file')
  const read = new Reader(bytes, invalid)
  read.skip(4)
  const version = read.number(4)
  if (version > 0xffff) throw invalid('is a GGUF file in big-endian byte order, which is not read')
  if (version !== 2 && version !== 3) throw invalid(`is GGUF of version ${version}; 2 and 3 are read`)
  const tensorCount = read.number(10)
  const metadataCount = read.number(10)
  const metadata = new Map<string, MetadataValue>()
  for (let i = 0; i < metadataCount; i++) {
    const key = read.text()
    metadata.set(key, read.value(read.number(4), key))
  }
  const tensors: GgufTensor[] = []
  for (let i = 0; i < tensorCount; i++) {
    const name = read.text()
    const dimensions = read.number(4)
    if (dimensions > MOST_DIMENSIONS) throw invalid(`gives the tensor ${name} ${dimensions} dimensions`)
    const shape = Array.from({ length: dimensions }, () => read.number(10))
    const type = read.number(4)
    tensors.push({ name, shape, type, offset: read.number(10), bytes: tensorBytes(type, shape) })
  }
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT
  if (typeof alignment !== 'number' || alignment < 1) throw invalid('has an alignment that is no number')
  const start = Math.ceil(read.at / alignment) * alignment
  const ends = tensors.map(({ offset, bytes: size }) => start + offset + (size ?? 0))
  return { metadata, tensors, end: ends.reduce((a, b) => Math.max(a, b), read.at) }
}

class Reader {
  at = 0
  private readonly bytes: Buffer
  private readonly invalid: (what: string) => Error

  constructor(bytes: Buffer, invalid: (what: string) => Error) {
    this.bytes = bytes
    this.invalid = invalid
  }

  /** Moves on, and gives the place before. */
  skip(length: number): number {
    const from = this.at
    if (from + length > this.bytes.length) throw new TooShort()
    this.at = from + length
    return from
  }

  text(): string {
    const length = this.number(10)
    const from = this.skip(length)
    return this.bytes.toString('utf8', from, from + length)
  }

  /** @param type GGUF's number of a number's type. Beyond 2^53 there are no sizes or counts. */
  number(type: number): number {
    const { bytes } = this
    switch (type) {
      case 0:
        return bytes.readUInt8(this.skip(1))
      case 1:
        return bytes.readInt8(this.skip(1))
      case 2:
        return bytes.readUInt16LE(this.skip(2))
      case 3:
        return bytes.readInt16LE(this.skip(2))
      case 4:
        return bytes.readUInt32LE(this.skip(4))
      case 5:
        return bytes.readInt32LE(this.skip(4))
      case 6:
        return bytes.readFloatLE(this.skip(4))
      case 10:
        return Number(bytes.readBigUInt64LE(this.skip(8)))
      case 11:
        return Number(bytes.readBigInt64LE(this.skip(8)))
      case 12:
        return bytes.readDoubleLE(this.skip(8))
      default:
        throw this.invalid(`holds a value of the unknown type ${type}`)
    }
  }

  value(type: number, key: string): MetadataValue {
    if (type === STRING) return this.text()
    if (type === 7) return this.bytes.readUInt8(this.skip(1)) !== 0
    if (type !== ARRAY) return this.number(type)
    const of = this.number(4)
    const length = this.number(10)
    if (of === ARRAY) throw this.invalid(`holds lists of lists (${key}), which are not read`)
    // A list takes a byte per entry at least: a length beyond the file is damage, and must not be made room for.
    if (length > this.bytes.length) throw new TooShort()
    const values: (string | number | boolean)[] = []
    for (let i = 0; i < length; i++) values.push(this.value(of, key) as string | number | boolean)
    return values
  }
}
