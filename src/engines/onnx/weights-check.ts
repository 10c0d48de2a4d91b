import { throwIfAborted } from '../../core/errors.ts'
import { type Checkpoint, readBytes, type TensorPlace } from '../text/safetensors.ts'

/** A tensor that holds what is no number. */
export interface BadTensor {
  readonly name: string
  readonly file: string
  /** NaN and infinities in it. */
  readonly count: number
}

/** Bytes read at a time. */
const CHUNK = 2 ** 26
/** Per type: size, and the bits that are all set in NaN and infinities only. */
const EXPONENTS: Readonly<Record<string, readonly [bytes: 2 | 4, mask: number]>> = {
  F32: [4, 0x7f800000],
  F16: [2, 0x7c00],
  BF16: [2, 0x7f80],
}

/** Reads all weights of a checkpoint and names the tensors with NaN or infinities in them. */
export async function findBadTensors(checkpoint: Checkpoint, signal?: AbortSignal): Promise<BadTensor[]> {
  const bad: BadTensor[] = []
  for (const [name, place] of checkpoint) {
    throwIfAborted(signal)
    const count = await countBad(place, signal)
    if (count > 0) bad.push({ name, file: place.file, count })
  }
  return bad
}

async function countBad({ type, file, offset, bytes }: TensorPlace, signal: AbortSignal | undefined): Promise<number> {
  const kind = EXPONENTS[type]
  if (kind === undefined) return 0
  const [size, mask] = kind
  let count = 0
  for (let done = 0; done < bytes; done += CHUNK) {
    throwIfAborted(signal)
    const { buffer } = await readBytes(file, offset + done, Math.min(CHUNK, bytes - done))
    const words = size === 4 ? new Uint32Array(buffer) : new Uint16Array(buffer)
    for (const word of words) if ((word & mask) === mask) count++
  }
  return count
}
