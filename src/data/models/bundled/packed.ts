import { toHalf } from '../../../core/float16.ts'

/** What the header of a packed file says of a tensor. */
interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [start: number, end: number]
}

/**
 * The packed form of models/nano (`fieldtrial-int8-rows-1`, written by models/nano/nano/packed.py) as a plain safetensors file of float16.
 *
 * A matrix W lies as `NAME` (I8) and `NAME.scale` (F32, a number per row): W ≈ integers · scale. Vectors lie as F32. The product is computed in
 * float32 and rounded once to float16.
 *
 * @param packed The whole packed file.
 * @returns The whole file to write, tensors sorted by name.
 * @throws Error where the bytes are not of this form: the file comes with the package, so that is nothing a user can mend.
 */
export function unpackHalf(packed: Buffer): Buffer {
  const headerBytes = Number(packed.readBigUInt64LE(0))
  const header = JSON.parse(packed.toString('utf8', 8, 8 + headerBytes)) as Record<string, Entry> & {
    __metadata__?: { format?: string }
  }
  if (header.__metadata__?.format !== 'fieldtrial-int8-rows-1') throw new Error('not a packed model')
  const bytesOf = (name: string) => {
    const [start, end] = header[name]!.data_offsets
    return packed.subarray(8 + headerBytes + start, 8 + headerBytes + end)
  }
  const names = Object.keys(header)
    .filter((name) => name !== '__metadata__' && !name.endsWith('.scale'))
    .sort()
  const tensors = names.map((name) => {
    const { shape } = header[name]!
    const floats = header[`${name}.scale`] === undefined
    return { name, shape, halves: floats ? halves(bytesOf(name)) : product(bytesOf(name), bytesOf(`${name}.scale`)) }
  })
  return plainFile(tensors)
}

/** Float32 as float16. */
function halves(bytes: Buffer): Uint16Array {
  return Uint16Array.from({ length: bytes.length / 4 }, (_, i) => toHalf(bytes.readFloatLE(4 * i)))
}

/** Each row's integers times its scale. */
function product(integers: Buffer, scales: Buffer): Uint16Array {
  const rows = scales.length / 4
  const columns = integers.length / rows
  const result = new Uint16Array(integers.length)
  // A row has at most 255 different values.
  const table = new Uint16Array(256)
  for (let row = 0; row < rows; row++) {
    const scale = scales.readFloatLE(4 * row)
    for (let value = -127; value <= 127; value++) table[value & 255] = toHalf(Math.fround(value * scale))
    const start = row * columns
    for (let i = start; i < start + columns; i++) result[i] = table[integers[i]!]!
  }
  return result
}

function plainFile(tensors: readonly { name: string; shape: readonly number[]; halves: Uint16Array }[]): Buffer {
  let end = 0
  const entries = tensors.map(({ name, shape, halves }) => {
    const start = end
    end += halves.byteLength
    return [name, { dtype: 'F16', shape, data_offsets: [start, end] }] as const
  })
  const json = Buffer.from(JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }))
  // The format's readers want the data at a multiple of 8.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  return Buffer.concat([
    length,
    padded,
    ...tensors.map(({ halves }) => Buffer.from(halves.buffer, halves.byteOffset, halves.byteLength)),
  ])
}
