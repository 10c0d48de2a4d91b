import { decodeNumbers, readBytes, type TensorPlace } from '../../engines/text/safetensors.ts'
import type { OpenSource } from './source.ts'
import { layerOf } from './tensor-name.ts'

/** Matrices looked at, and numbers of each: enough to tell 0 from 0.1, read in a moment from models of any size. */
const MATRICES = 8
const NUMBERS = 1 << 16

/**
 * Mean cosine between the two models' weights over a few matrices of their layers. Near 1 for siblings; for models that were initialised apart
 * it is 0 but for chance.
 *
 * @returns Null where they share no matrix.
 */
export async function relatedness(one: OpenSource, other: OpenSource): Promise<number | null> {
  const shared = [...one.tensors].flatMap(([name, { place }]) => {
    const twin = other.tensors.get(name)?.place
    const fits = twin !== undefined && place.shape.length === 2 && `${place.shape}` === `${twin.shape}`
    return fits && layerOf(name) !== null && isFloat(place) && isFloat(twin) ? [[place, twin] as const] : []
  })
  const part = (i: number) => Math.floor((i * MATRICES) / shared.length)
  const chosen = shared.filter((_, i) => part(i) !== part(i - 1))
  if (chosen.length === 0) return null
  let sum = 0
  for (const [place, twin] of chosen) sum += cosine(await head(place), await head(twin))
  return sum / chosen.length
}

async function head(place: TensorPlace): Promise<Float32Array> {
  const count = place.shape.reduce((a, b) => a * b, 1)
  const bytes = Math.min(count, NUMBERS) * (place.bytes / count)
  return decodeNumbers(place, await readBytes(place.file, place.offset, bytes))!
}

/** Whether a tensor's numbers can be merged. */
export function isFloat({ type }: TensorPlace): boolean {
  return type === 'F32' || type === 'F16' || type === 'BF16'
}

function cosine(x: Float32Array, y: Float32Array): number {
  let [dot, xx, yy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    dot += x[i]! * y[i]!
    xx += x[i]! * x[i]!
    yy += y[i]! * y[i]!
  }
  return xx === 0 || yy === 0 ? 0 : dot / Math.sqrt(xx * yy)
}
