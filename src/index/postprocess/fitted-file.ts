import { stat } from 'node:fs/promises'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import {
  bytesOf,
  ends,
  headerPiece,
  openTensorFile,
  readFully,
  type TensorEntry,
  type TensorFile,
} from '../dense/tensor-file.ts'
import type { FitReport } from './fitted.ts'
import type { FittedStep } from './fitted-step.ts'
import type { PostprocessStep } from './steps.ts'

/** Version of the layout; a newer one is refused. */
const FORMAT = 1

/** What a file of fitted post-processing holds. */
export interface FittedContent {
  readonly inputDimension: number
  readonly steps: readonly PostprocessStep[]
  readonly report: FitReport
  readonly fitted: readonly FittedStep[]
}

/** The arrays of each kind of operation. */
const ARRAYS: Readonly<Record<FittedStep['kind'], readonly string[]>> = {
  shift: ['query', 'document'],
  'shift-by-modality': ['query', 'document'],
  remove: ['vectors'],
  project: ['vectors'],
  transform: ['matrix'],
  truncate: [],
  normalize: [],
  int8: ['low', 'step'],
  binary: [],
}

type Plain = Readonly<Record<string, unknown>> & { readonly kind: FittedStep['kind']; readonly dimension: number }

/**
 * Writes fitted post-processing as safetensors: tensor `2.vectors` is the array `vectors` of operation 2; all else lies as JSON in `__metadata__`.
 */
export async function writeFitted(path: string, content: FittedContent): Promise<void> {
  const arrays: Uint8Array[] = []
  const tensors: Record<string, TensorEntry> = {}
  let at = 0
  const plain = content.fitted.map((step, index) => {
    const fields: Record<string, unknown> = { ...step }
    for (const name of ARRAYS[step.kind]) {
      const array = fields[name] as Float32Array
      delete fields[name]
      const rows = array.length / step.dimension
      const shape = rows === 1 ? [step.dimension] : [rows, step.dimension]
      tensors[`${index}.${name}`] = { dtype: 'F32', shape, data_offsets: [at, at + array.byteLength] }
      arrays.push(bytesOf(array))
      at += array.byteLength
    }
    return fields
  })
  const { inputDimension, steps, report } = content
  const metadata = {
    format: `${FORMAT}`,
    postprocess: JSON.stringify({ inputDimension, steps, report, operations: plain }),
  }
  const pieces = [headerPiece({ __metadata__: metadata, ...tensors }), ...arrays]
  await writeAtomic(path, async (file) => {
    for (const piece of pieces) await file.writeFile(piece)
  })
}

/** Reads what `writeFitted` wrote. */
export async function readFitted(path: string): Promise<FittedContent> {
  if ((await stat(path).catch(() => null)) === null)
    throw new FieldtrialError('DATA_MISSING', `There is no fitted post-processing at ${path}.`, {
      hint: 'Run the study that makes it.',
      where: { file: path },
    })
  try {
    const { content, opened } = await openTensorFile(path, async (opened) => ({
      content: await parse(opened),
      opened,
    }))
    await opened.file.close()
    return content
  } catch (error) {
    if (error instanceof FieldtrialError && error.code === 'WORKSPACE_VERSION') throw error
    throw new FieldtrialError('WORKSPACE_CORRUPT', `${path} is no fitted post-processing, or a damaged one.`, {
      hint: 'Remove this file and run the same command again: it is fitted anew.',
      where: { file: path },
      cause: error,
    })
  }
}

async function parse({ path, file, header, dataAt }: TensorFile): Promise<FittedContent> {
  const { __metadata__: metadata, ...tensors } = JSON.parse(header) as {
    __metadata__: { format: string; postprocess: string }
  } & Record<string, TensorEntry>
  if (Number(metadata.format) > FORMAT)
    throw new FieldtrialError('WORKSPACE_VERSION', `${path} was written by a newer fieldtrial.`, {
      hint: 'Update fieldtrial, or use another --workspace.',
      where: { file: path },
    })
  const { operations, ...rest } = JSON.parse(metadata.postprocess) as Omit<FittedContent, 'fitted'> & {
    operations: readonly Plain[]
  }
  const fitted: FittedStep[] = []
  for (const [index, operation] of operations.entries()) {
    const arrays: Record<string, Float32Array> = {}
    for (const name of ARRAYS[operation.kind]) {
      const range = ends((tensors as Record<string, TensorEntry>)[`${index}.${name}`] ?? {})
      const numbers = range === null ? Number.NaN : (range[1] - range[0]) / 4
      if (range === null || !(numbers > 0) || numbers % operation.dimension !== 0)
        throw new Error(`tensor ${index}.${name} is not there or of another size`)
      const array = new Float32Array(numbers)
      await readFully(file, bytesOf(array), dataAt + range[0], path)
      if (!array.every(Number.isFinite)) throw new Error(`tensor ${index}.${name} holds what is no number`)
      arrays[name] = array
    }
    fitted.push({ ...operation, ...arrays } as unknown as FittedStep)
  }
  return { ...rest, fitted }
}
