import { Worker } from 'node:worker_threads'
import { FieldtrialError, throwIfAborted } from '../../../core/errors.ts'
import { workerUrl } from '../../../core/worker-url.ts'
import { decompose, type Eigen } from './decompose.ts'
import { leadingEigen } from './leading.ts'
import type { Matrix } from './product.ts'

/** Below this size starting a thread takes longer than the work. */
const INLINE = 160
/** Where fewer than this share of all vectors is wanted, iterating on these alone is tried first. */
const FEW = 1 / 16

/**
 * All eigenvalues and vectors of a symmetric matrix; large ones in a thread of their own, so that the process stays responsive.
 *
 * @throws FieldtrialError `CANCELLED`; the thread is ended.
 */
export async function symmetricEigen({ data, rows }: Matrix<Float64Array>, signal?: AbortSignal): Promise<Eigen> {
  throwIfAborted(signal)
  if (rows <= INLINE) return decompose(data, rows)
  const worker = new Worker(workerUrl(import.meta.url, './eigen-worker'), { workerData: { matrix: data, size: rows } })
  const stop = () => void worker.terminate()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await new Promise<Eigen>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => reject(new FieldtrialError('INTERNAL', 'The thread for eigenvalues ended by itself.')))
    })
  } catch (error) {
    throwIfAborted(signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/**
 * The `count` largest eigenvalues of a symmetric matrix without negative eigenvalues, and their vectors. A few are found by iteration (a second where
 * all would take minutes); many, or those of a spectrum too flat for it, by taking all apart.
 */
export async function largestEigen(matrix: Matrix<Float64Array>, count: number, signal?: AbortSignal): Promise<Eigen> {
  const size = matrix.rows
  if (size > INLINE && count <= size * FEW) {
    const found = await leadingEigen(matrix, count, signal)
    if (found !== null) return found
  }
  const all = await symmetricEigen(matrix, signal)
  return { size, values: all.values.slice(0, count), vectors: all.vectors.slice(0, count * size) }
}
