import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { decodeNumbers, readBytes, type TensorPlace } from '../../engines/text/safetensors.ts'
import { LoraDelta } from './lora.ts'
import { type Piece, subtract } from './methods/types.ts'
import type { Input, OutputTensor } from './output-tensors.ts'

/** Numbers of one model read at a time: 8 MiB as float32. What is in memory is a few of these per model, whatever the size of a tensor. */
const PIECE = 1 << 21

/** Reads the inputs of one tensor of the result piece by piece, whole rows each, as often as wanted. */
export class TensorReader {
  readonly elements: number
  readonly #columns: number
  readonly #rows: number
  readonly #base: Numbers | null
  readonly #models: readonly Numbers[]
  readonly #signal: AbortSignal | undefined

  private constructor(
    shape: readonly number[],
    base: Numbers | null,
    models: readonly Numbers[],
    signal: AbortSignal | undefined,
  ) {
    this.elements = shape.reduce((a, b) => a * b, 1)
    // A vector is cut anywhere, a matrix between rows.
    this.#columns = shape.length < 2 ? 1 : shape.slice(1).reduce((a, b) => a * b, 1)
    this.#rows = this.#columns === 0 ? 0 : this.elements / this.#columns
    this.#base = base
    this.#models = models
    this.#signal = signal
  }

  static async open({ shape, base, models }: OutputTensor, signal?: AbortSignal): Promise<TensorReader> {
    const opened: Numbers[] = []
    for (const model of models) opened.push(await Numbers.open(model))
    return new TensorReader(shape, base === null ? null : await Numbers.open(base), opened, signal)
  }

  async *pass(): AsyncGenerator<Piece> {
    for (const [first, rows] of this.#cuts()) {
      const models: Float32Array[] = []
      for (const model of this.#models) models.push(await model.read(first, rows, this.#columns))
      yield { base: (await this.#base?.read(first, rows, this.#columns)) ?? null, models }
    }
  }

  /** One model's difference from the base. */
  async *differences(model: number): AsyncGenerator<Float32Array> {
    for (const [first, rows] of this.#cuts()) {
      const base = await this.#base!.read(first, rows, this.#columns)
      yield subtract(await this.#models[model]!.read(first, rows, this.#columns), base)
    }
  }

  *#cuts(): Generator<[first: number, rows: number]> {
    const step = Math.max(1, Math.floor(PIECE / this.#columns))
    for (let first = 0; first < this.#rows; first += step) {
      throwIfAborted(this.#signal)
      yield [first, Math.min(step, this.#rows - first)]
    }
  }
}

/** The numbers of a tensor of one model, LoRA weights put on. */
class Numbers {
  readonly #place: TensorPlace
  readonly #lora: LoraDelta | null

  private constructor(place: TensorPlace, lora: LoraDelta | null) {
    this.#place = place
    this.#lora = lora
  }

  static async open({ source, tensor, key }: Input): Promise<Numbers> {
    const lora = tensor.module === '' ? source.lora?.modules.get(key) : undefined
    return new Numbers(tensor.place, lora === undefined ? null : await LoraDelta.load(lora))
  }

  async read(first: number, rows: number, columns: number): Promise<Float32Array> {
    const { file, offset, type } = this.#place
    const size = type === 'F32' ? 4 : 2
    const bytes = await readBytes(file, offset + first * columns * size, rows * columns * size)
    const numbers = decodeNumbers(this.#place, bytes)
    if (numbers === null)
      throw new FieldtrialError('MODEL_INVALID', `${file} holds numbers as ${type}; F32, F16 and BF16 can be merged.`, {
        where: { file },
        hint: 'Save the model in one of these types.',
      })
    this.#lora?.addTo(numbers, first)
    return numbers
  }
}
