import { join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { Activation, HeadStep } from '../../recipes/sentence-transformers-head.ts'
import { readSafetensors, readTensor } from './safetensors.ts'

/** A step of the head with its weights in memory. */
export type LoadedStep = (vector: Float32Array) => Float32Array

/** Loads the weights of the steps after the pooling. Dense layers are small, and run once per text, so plain loops do. */
export async function loadHead(folder: string, head: readonly HeadStep[]): Promise<LoadedStep[]> {
  return Promise.all(
    head.map(async (step): Promise<LoadedStep> => {
      if (step.kind === 'normalize') return normalized
      const { weight, bias } = await readDense(folder, step)
      const act = ACTIVATE[step.activation]
      return (vector) => {
        const out = new Float32Array(step.outputs)
        for (let o = 0; o < step.outputs; o++) {
          let sum = bias === null ? 0 : bias[o]!
          for (let i = 0, at = o * step.inputs; i < step.inputs; i++, at++) sum += weight[at]! * vector[i]!
          out[o] = act(sum)
        }
        return out
      }
    }),
  )
}

/**
 * Files of the dense layers' weights.
 *
 * @throws FieldtrialError `MODEL_INVALID` where one is not there.
 */
export async function denseFiles(folder: string, head: readonly HeadStep[]): Promise<string[]> {
  const files = head.flatMap((step) => (step.kind === 'dense' ? [denseFile(folder, step)] : []))
  for (const file of files) if ((await readSafetensors(file)) === null) throw missing(file)
  return files
}

function denseFile(folder: string, { path }: HeadStep & { kind: 'dense' }): string {
  return join(folder, path, 'model.safetensors')
}

function missing(file: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `${file} is not there.`, {
    where: { file },
    hint: 'Save the model as safetensors: pickled weights (pytorch_model.bin) are never read.',
  })
}

async function readDense(
  folder: string,
  step: HeadStep & { kind: 'dense' },
): Promise<{ weight: Float32Array; bias: Float32Array | null }> {
  const file = denseFile(folder, step)
  const tensors = await readSafetensors(file)
  if (tensors === null) throw missing(file)
  const read = async (name: string, shape: readonly number[]) => {
    const place = tensors.get(name)
    if (place === undefined || place.shape.join() !== shape.join())
      throw new FieldtrialError('MODEL_INVALID', `${file} has no tensor ${name} of shape [${shape}].`, {
        where: { file },
      })
    return readTensor(name, place)
  }
  return {
    weight: await read('linear.weight', [step.outputs, step.inputs]),
    bias: step.bias ? await read('linear.bias', [step.outputs]) : null,
  }
}

const ACTIVATE: Readonly<Record<Activation, (x: number) => number>> = {
  identity: (x) => x,
  tanh: Math.tanh,
  relu: (x) => Math.max(0, x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
}

/** The error function: Maclaurin series near zero, continued fraction of erfc beyond (Abramowitz & Stegun 7.1.5, 7.1.14); to about 1e-15. */
export function erf(x: number): number {
  const z = Math.abs(x)
  if (z > 6) return Math.sign(x)
  let value: number
  if (z < 2.5) {
    let term = z
    value = z
    for (let n = 1; Math.abs(term) > 1e-17 * value; n++) {
      term *= (-z * z) / n
      value += term / (2 * n + 1)
    }
    value *= 2 / Math.sqrt(Math.PI)
  } else {
    let fraction = 0
    for (let n = 60; n >= 1; n--) fraction = n / 2 / (z + fraction)
    value = 1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction)
  }
  return x < 0 ? -value : value
}

/** Scales to length 1 in place and gives the same vector; nothing is changed where the length is 0 or not finite. */
export function normalized(vector: Float32Array): Float32Array {
  let sum = 0
  for (const x of vector) sum += x * x
  const length = Math.sqrt(sum)
  if (length > 0 && Number.isFinite(length)) for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! / length
  return vector
}
