import { basename, dirname, join } from 'node:path'
import { FieldtrialError } from '../../../core/errors.ts'
import { type GgufHeader, readGguf } from './file.ts'

/** A model in one GGUF file, or in several parts, of which the first holds the metadata. */
export interface GgufModel {
  /** The part that is given to llama.cpp, which finds the others beside it. */
  readonly first: GgufHeader
  readonly files: readonly string[]
  /** Weights, counted. */
  readonly parameters: number
  /** Bytes of all parts. */
  readonly bytes: number
}

const PART = /^(.*)-(\d{5})-of-(\d{5})(\.gguf)$/i

/**
 * Reads a GGUF file, or all parts of one that was split (`NAME-00001-of-00003.gguf`; any part may be named).
 *
 * @throws FieldtrialError `MODEL_MISSING` for a part that is not there, and as `readGguf`.
 */
export async function readGgufModel(file: string): Promise<GgufModel> {
  const match = PART.exec(basename(file))
  const files = match === null ? [file] : partNames(match).map((name) => join(dirname(file), name))
  const headers: GgufHeader[] = []
  for (const part of files) headers.push(await readPart(part, files.length))
  const [first] = headers as [GgufHeader]
  const announced = first.metadata.get('split.count')
  if (typeof announced === 'number' && announced > 1 && announced !== files.length)
    throw new FieldtrialError('MODEL_INVALID', `${file} is one of ${announced} parts, but is not named as one.`, {
      where: { file },
      hint: `Give the parts the names that they had: NAME-00001-of-${String(announced).padStart(5, '0')}.gguf and so on.`,
    })
  const total = headers.reduce((sum, { tensors }) => sum + tensors.length, 0)
  const expected = first.metadata.get('split.tensors.count')
  if (typeof expected === 'number' && expected !== total)
    throw new FieldtrialError(
      'MODEL_INVALID',
      `${file} and its parts hold ${total} tensors; ${expected} are announced.`,
      {
        where: { file },
        hint: 'Fetch all parts again, from one place.',
      },
    )
  const parameters = headers
    .flatMap(({ tensors }) => tensors)
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
  return { first, files, parameters, bytes: headers.reduce((sum, { size }) => sum + size, 0) }
}

function partNames([, name = '', , count = '', end = '']: RegExpExecArray): string[] {
  return Array.from({ length: Number(count) }, (_, i) => `${name}-${String(i + 1).padStart(5, '0')}-of-${count}${end}`)
}

async function readPart(file: string, of: number): Promise<GgufHeader> {
  try {
    return await readGguf(file)
  } catch (error) {
    if (of === 1 || !(error instanceof FieldtrialError) || error.code !== 'MODEL_MISSING') throw error
    throw new FieldtrialError('MODEL_MISSING', `${file} is not there: one of the ${of} parts of the model.`, {
      where: { file },
      hint: 'Fetch all parts into one folder.',
      cause: error,
    })
  }
}
