import type { FileHandle } from 'node:fs/promises'
import { writeAtomic } from '../../../../core/atomic.ts'
import { writeAll } from '../../write-safetensors.ts'

/** A value of metadata. Numbers say how they are written. */
export type GgufValue =
  | string
  | boolean
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly strings: readonly string[] }
  | { readonly i32s: readonly number[] }
  | { readonly f32s: readonly number[] }

/** A tensor to be written; its bytes come later, piece by piece. */
export interface GgufTensorSpec {
  readonly name: string
  /** As PyTorch has it, slowest first; the file has it the other way round. */
  readonly shape: readonly number[]
  /** ggml's number of the type. */
  readonly type: number
  readonly bytes: number
}

const ALIGNMENT = 32
const VERSION = 3
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const

/**
 * Writes a GGUF file of version 3 (format: ggml's docs/gguf.md) whole or not at all, one piece of one tensor in memory at a time.
 *
 * @param fill Called for each tensor in turn; hands over its bytes in order, as many as announced.
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function writeGgufFile(
  path: string,
  metadata: ReadonlyMap<string, GgufValue>,
  tensors: readonly GgufTensorSpec[],
  fill: (index: number, write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const head = header(metadata, tensors)
  await writeAtomic(path, async (file) => {
    let at = await writeAll(file, head, 0)
    for (let i = 0; i < tensors.length; i++) {
      const due = at + tensors[i]!.bytes
      await fill(i, async (bytes) => {
        at = await writeAll(file, bytes, at)
      })
      if (at !== due) throw new Error(`${tensors[i]!.name}: ${at - due} bytes too many were written`)
      at = await pad(file, at)
    }
  })
}

async function pad(file: FileHandle, at: number): Promise<number> {
  const missing = (ALIGNMENT - (at % ALIGNMENT)) % ALIGNMENT
  return missing === 0 ? at : writeAll(file, new Uint8Array(missing), at)
}

function header(metadata: ReadonlyMap<string, GgufValue>, tensors: readonly GgufTensorSpec[]): Buffer {
  const out: Buffer[] = [Buffer.from('GGUF'), u32(VERSION), u64(tensors.length), u64(metadata.size)]
  for (const [key, value] of metadata) {
    out.push(text(key))
    // Vocabularies are too long to be spread into a call.
    for (const part of encoded(value)) out.push(part)
  }
  let offset = 0
  for (const { name, shape, type, bytes } of tensors) {
    out.push(text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(type), u64(offset))
    offset += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
  }
  const whole = Buffer.concat(out)
  return Buffer.concat([whole, Buffer.alloc((ALIGNMENT - (whole.length % ALIGNMENT)) % ALIGNMENT)])
}

function encoded(value: GgufValue): Buffer[] {
  if (typeof value === 'string') return [u32(TYPE.string), text(value)]
  if (typeof value === 'boolean') return [u32(TYPE.bool), Buffer.from([Number(value)])]
  if ('u32' in value) return [u32(TYPE.u32), u32(value.u32)]
  if ('f32' in value) return [u32(TYPE.f32), bytesOf(Float32Array.of(value.f32))]
  const array = (type: number, length: number) => [u32(TYPE.array), u32(type), u64(length)]
  if ('strings' in value) return [...array(TYPE.string, value.strings.length), ...value.strings.map(text)]
  if ('i32s' in value) return [...array(TYPE.i32, value.i32s.length), bytesOf(Int32Array.from(value.i32s))]
  return [...array(TYPE.f32, value.f32s.length), bytesOf(Float32Array.from(value.f32s))]
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

function bytesOf(values: Float32Array | Int32Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength)
}
