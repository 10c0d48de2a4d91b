import { parentPort, workerData } from 'node:worker_threads'
import { decompose } from './decompose.ts'

const { matrix, size } = workerData as { readonly matrix: Float64Array; readonly size: number }
const eigen = decompose(matrix, size)
parentPort!.postMessage(eigen, [eigen.values.buffer as ArrayBuffer, eigen.vectors.buffer as ArrayBuffer])
