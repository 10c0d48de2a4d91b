import * as ort from '../../engines/onnx/runtime.ts'
import type { Dtype } from './dtypes.ts'
import { paddedRows } from './search-cut.ts'
import { CHUNK, needsScales, searchGraph } from './search-graph.ts'
import type { SearchPiece } from './search-pieces.ts'
import { emptyValues, readRows } from './shard-file.ts'

/** float16 as 16-bit words: `ort.Tensor` would make a Float16Array of them where there is one, which onnxruntime's binding cannot read. */
function tensorOf(dtype: Dtype, data: Float32Array | Uint16Array | Int8Array, dims: readonly number[]): ort.Tensor {
  if (dtype !== 'float16') return new ort.Tensor(dtype, data as Float32Array, dims)
  return { type: 'float16', data, dims, location: 'cpu' } as unknown as ort.Tensor
}

/** Multiplies pieces of a store with queries, one after the other in the same buffers. */
export class Product {
  readonly #session: ort.InferenceSession
  readonly #dtype: Dtype
  readonly #dimension: number
  readonly #leastRows: number
  readonly #vectors: Float32Array | Uint16Array | Int8Array
  readonly #scales: Float32Array | null
  readonly #scores: Float32Array
  readonly #maxima: Float32Array
  #rows = 0

  static async open(size: {
    readonly dtype: Dtype
    readonly dimension: number
    readonly similarity: 'cosine' | 'dot'
    readonly threads: number
    /** The most rows and queries at once, and the fewest rows. */
    readonly pieceRows: number
    readonly leastRows: number
    readonly queryRows: number
  }): Promise<Product> {
    const session = await ort.InferenceSession.create(searchGraph(size.dtype, size.dimension, size.similarity), {
      intraOpNumThreads: size.threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'disabled',
      enableMemPattern: false,
      logSeverityLevel: 3,
    })
    return new Product(session, size)
  }

  private constructor(session: ort.InferenceSession, size: Parameters<typeof Product.open>[0]) {
    const { dtype, dimension, similarity, pieceRows, queryRows, leastRows } = size
    this.#session = session
    this.#dtype = dtype
    this.#dimension = dimension
    this.#leastRows = leastRows
    this.#vectors = emptyValues(dtype, pieceRows * dimension)
    this.#scales = needsScales(dtype, similarity) ? new Float32Array(pieceRows) : null
    this.#scores = new Float32Array(queryRows * pieceRows)
    this.#maxima = new Float32Array((queryRows * pieceRows) / CHUNK)
  }

  /** Reads the piece that `multiply` is about from now on. */
  async load({ shard, from, documents }: SearchPiece): Promise<void> {
    this.#rows = paddedRows(documents, this.#leastRows)
    const [used, end] = [documents * this.#dimension, this.#rows * this.#dimension]
    const scales = this.#scales?.subarray(0, documents) ?? null
    await readRows(shard, from, this.#vectors.subarray(0, used), scales)
    this.#vectors.fill(0, used, end)
    this.#scales?.fill(0, documents, this.#rows)
  }

  /**
   * @param queries count × dimension.
   * @returns The scores of all queries, count × `stride`, and the largest of each CHUNK; both are overwritten by the next call.
   */
  async multiply(
    queries: Float32Array,
    count: number,
  ): Promise<{ readonly scores: Float32Array; readonly maxima: Float32Array; readonly stride: number }> {
    const rows = this.#rows
    const [scores, maxima] = [this.#scores.subarray(0, count * rows), this.#maxima.subarray(0, (count * rows) / CHUNK)]
    await this.#session.run(
      {
        queries: new ort.Tensor('float32', queries, [count, this.#dimension]),
        vectors: tensorOf(this.#dtype, this.#vectors.subarray(0, rows * this.#dimension), [rows, this.#dimension]),
        ...(this.#scales === null ? {} : { scales: new ort.Tensor('float32', this.#scales.subarray(0, rows), [rows]) }),
      },
      {
        scores: new ort.Tensor('float32', scores, [count, rows]),
        maxima: new ort.Tensor('float32', maxima, [count, rows / CHUNK]),
      },
    )
    return { scores, maxima, stride: rows }
  }

  close(): Promise<void> {
    return this.#session.release()
  }
}
