import type { FileHandle } from 'node:fs/promises'
import { writeAtomic } from '../../core/atomic.ts'

/** A tensor to be written; its bytes come later, piece by piece. */
export interface TensorSpec {
  readonly name: string
  /** As the format names types: `F32`, `BF16` … */
  readonly type: string
  readonly shape: readonly number[]
  readonly bytes: number
}

/** Takes the next bytes of a tensor. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>

/**
 * Writes a safetensors file (https://huggingface.co/docs/safetensors) whole or not at all, one piece of one tensor in memory at a time.
 * Data start at a multiple of 8, so that they can be used in place.
 *
 * @param fill Called for each tensor in turn; hands over its bytes in order, as many as announced.
 * @throws FieldtrialError `DISK_FULL`, `NOT_WRITABLE`.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorSpec[],
  fill: (index: number, write: WriteBytes) => Promise<void>,
): Promise<void> {
  let end = 0
  const entries = tensors.map(({ name, type, shape, bytes }) => {
    const start = end
    end += bytes
    return [name, { dtype: type, shape, data_offsets: [start, end] }] as const
  })
  // transformers refuses files that do not say which library's tensors they hold.
  const header = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) })
  const json = Buffer.from(header)
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  await writeAtomic(path, async (file) => {
    let at = await writeAll(file, Buffer.concat([length, padded]), 0)
    for (let i = 0; i < tensors.length; i++) {
      const due = at + tensors[i]!.bytes
      await fill(i, async (bytes) => {
        at = await writeAll(file, bytes, at)
      })
      if (at !== due) throw new Error(`${tensors[i]!.name}: ${at - due} bytes too many were written`)
    }
  })
}

/** Writes all of it, however little the system takes at a time; returns the place behind it. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.length - done, 2 ** 30), position + done)
    done += bytesWritten
  }
  return position + bytes.length
}
