import { writeFile } from 'node:fs/promises'

/** A value of GGUF metadata; whole numbers are written as uint32. */
export type GgufValue =
  | string
  | boolean
  | number
  | { readonly f32: number }
  | { readonly strings: readonly string[] }
  | { readonly i32s: readonly number[] }
  | { readonly f32s: readonly number[] }
  | { readonly u8s: Uint8Array }

export interface GgufTensorData {
  /** As PyTorch has it: slowest first. */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

const ALIGNMENT = 32

/** Writes a GGUF file of version 3, tensors in 32 bits (format: ggml's docs/gguf.md). */
export async function writeGguf(
  file: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: Readonly<Record<string, GgufTensorData>> = {},
): Promise<string> {
  const out: Buffer[] = [
    Buffer.from('GGUF'),
    u32(3),
    u64(Object.keys(tensors).length),
    u64(Object.keys(metadata).length),
  ]
  for (const [key, value] of Object.entries(metadata)) out.push(text(key), ...encoded(value))
  const data: Buffer[] = []
  let offset = 0
  for (const [name, { shape, data: values }] of Object.entries(tensors)) {
    out.push(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(0), u64(offset))
    const bytes = padded(Buffer.from(values.buffer, values.byteOffset, values.byteLength))
    data.push(bytes)
    offset += bytes.length
  }
  await writeFile(file, Buffer.concat([padded(Buffer.concat(out)), ...data]))
  return file
}

function encoded(value: GgufValue): Buffer[] {
  if (typeof value === 'string') return [u32(8), text(value)]
  if (typeof value === 'boolean') return [u32(7), Buffer.from([Number(value)])]
  if (typeof value === 'number') return [u32(4), u32(value)]
  if ('f32' in value) return [u32(6), f32(value.f32)]
  if ('strings' in value) return [u32(9), u32(8), u64(value.strings.length), ...value.strings.map(text)]
  if ('i32s' in value) return [u32(9), u32(5), u64(value.i32s.length), Buffer.from(Int32Array.from(value.i32s).buffer)]
  if ('f32s' in value)
    return [u32(9), u32(6), u64(value.f32s.length), Buffer.from(Float32Array.from(value.f32s).buffer)]
  return [u32(9), u32(0), u64(value.u8s.length), Buffer.from(value.u8s)]
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}
