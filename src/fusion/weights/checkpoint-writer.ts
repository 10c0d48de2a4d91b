import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { asWriteError, writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { encodeNumbers } from './encode-numbers.ts'
import type { MergeDtype } from './types.ts'

export const SAFETENSORS_TYPES: Readonly<Record<MergeDtype, string>> = {
  float32: 'F32',
  bfloat16: 'BF16',
  float16: 'F16',
}
const BYTES: Readonly<Record<string, number>> = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, I16: 2 }
/** Shards of this size are usual on the hub. */
const SHARD_BYTES = 5_000_000_000

/** A tensor before its numbers are known. */
export interface TensorHead {
  readonly name: string
  /** As in safetensors: F32, F16, BF16, I64 … */
  readonly type: string
  readonly shape: readonly number[]
}

/** Bytes that a tensor takes. */
export function bytesOf({ type, shape }: TensorHead): number {
  return shape.reduce((a, b) => a * b, 1) * (BYTES[type] ?? 1)
}

/**
 * Writes a checkpoint whose tensors come one after the other, in the order announced: `model.safetensors`, or shards and their index.
 * Format: https://huggingface.co/docs/safetensors.
 */
export class CheckpointWriter {
  readonly #folder: string
  readonly #shards: readonly (readonly TensorHead[])[]
  readonly #file: (shard: number) => string
  #shard = -1
  #tensor = 0
  #handle: FileHandle | null = null

  /** @param name File name of a checkpoint in one file, e.g. `model.safetensors`. */
  constructor(folder: string, tensors: readonly TensorHead[], name = 'model.safetensors', shardBytes = SHARD_BYTES) {
    this.#folder = folder
    this.#shards = cutShards(tensors, shardBytes)
    const count = this.#shards.length
    const number = (n: number) => String(n).padStart(5, '0')
    this.#file = (shard) =>
      count === 1 ? name : name.replace('.safetensors', `-${number(shard + 1)}-of-${number(count)}.safetensors`)
  }

  /** Goes on to the next tensor; its numbers follow. */
  async next(): Promise<void> {
    if (this.#handle === null || this.#tensor === this.#shards[this.#shard]!.length - 1) {
      await this.#handle?.close()
      this.#shard++
      this.#tensor = 0
      const path = join(this.#folder, this.#file(this.#shard))
      this.#handle = await open(path, 'w').catch((error: unknown) => {
        throw asWriteError(error, path)
      })
      await this.#put(headerOf(this.#shards[this.#shard]!))
    } else this.#tensor++
  }

  /**
   * Some numbers of the tensor under way, in its type.
   *
   * @throws FieldtrialError `MODEL_INVALID` on NaN, infinity, or what is too large for float16.
   */
  async numbers(values: Float32Array): Promise<void> {
    const { name, type } = this.#shards[this.#shard]![this.#tensor]!
    const { bytes, bad } = encodeNumbers(values, type)
    if (bad >= 0)
      throw new FieldtrialError('MODEL_INVALID', `${name} would hold ${values[bad]}, which ${type} cannot hold.`, {
        hint: 'Look at the models with `fieldtrial doctor`; write float32 or bfloat16 if float16 overflows.',
      })
    await this.#put(bytes)
  }

  /** The same as bytes, for tensors that are copied. */
  bytes(values: Uint8Array): Promise<void> {
    return this.#put(values)
  }

  async finish(): Promise<void> {
    await this.#handle?.sync()
    await this.#handle?.close()
    this.#handle = null
    if (this.#shards.length === 1) return
    const weightMap: Record<string, string> = {}
    let total = 0
    for (const [shard, tensors] of this.#shards.entries())
      for (const tensor of tensors) {
        weightMap[tensor.name] = this.#file(shard)
        total += bytesOf(tensor)
      }
    const index = { metadata: { total_size: total }, weight_map: weightMap }
    await writeAtomic(
      join(this.#folder, `${this.#file(0).replace(/-\d+-of.*/, '')}.safetensors.index.json`),
      `${JSON.stringify(index, null, 2)}\n`,
    )
  }

  /** Closes what is open, after an error. */
  async abandon(): Promise<void> {
    await this.#handle?.close().catch(() => undefined)
    this.#handle = null
  }

  async #put(bytes: Uint8Array): Promise<void> {
    try {
      await this.#handle!.writeFile(bytes)
    } catch (error) {
      throw asWriteError(error, this.#folder)
    }
  }
}

function cutShards(tensors: readonly TensorHead[], shardBytes: number): TensorHead[][] {
  const shards: TensorHead[][] = [[]]
  let size = 0
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor)
    if (size > 0 && size + bytes > shardBytes) {
      shards.push([])
      size = 0
    }
    shards.at(-1)!.push(tensor)
    size += bytes
  }
  return shards
}

function headerOf(tensors: readonly TensorHead[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  let offset = 0
  for (const tensor of tensors) {
    const end = offset + bytesOf(tensor)
    header[tensor.name] = { dtype: tensor.type, shape: tensor.shape, data_offsets: [offset, end] }
    offset = end
  }
  // Blanks make the numbers begin at a multiple of eight.
  const json = Buffer.from(JSON.stringify(header))
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ')
  padded.writeBigUInt64LE(BigInt(padded.length - 8))
  json.copy(padded, 8)
  return padded
}
