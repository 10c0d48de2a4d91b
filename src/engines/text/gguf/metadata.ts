import { FieldtrialError } from '../../../core/errors.ts'

export type MetadataValue = string | number | boolean | readonly (string | number | boolean)[]

/** What a GGUF file says of its model, by key, such as `qwen2.block_count`. */
export type Metadata = ReadonlyMap<string, MetadataValue>

/** Reads metadata of one file, naming file and key where a value is not what it must be. */
export class MetadataReader {
  readonly file: string
  private readonly metadata: Metadata

  constructor(file: string, metadata: Metadata) {
    this.file = file
    this.metadata = metadata
  }

  text(key: string): string | null {
    return this.of(key, 'a text', (value) => typeof value === 'string')
  }

  number(key: string): number | null {
    return this.of(key, 'a number', (value) => typeof value === 'number')
  }

  flag(key: string): boolean | null {
    return this.of(key, 'true or false', (value) => typeof value === 'boolean')
  }

  texts(key: string): readonly string[] | null {
    return this.of(key, 'a list of texts', (value) => Array.isArray(value) && value.every((x) => typeof x === 'string'))
  }

  numbers(key: string): readonly number[] | null {
    return this.of(
      key,
      'a list of numbers',
      (value) => Array.isArray(value) && value.every((x) => typeof x === 'number'),
    )
  }

  /** A number, or a list of them. */
  either(key: string): number | readonly number[] | null {
    return Array.isArray(this.metadata.get(key)) ? this.numbers(key) : this.number(key)
  }

  /** @throws FieldtrialError `MODEL_INVALID` where the value is absent, as `invalid` for others. */
  required<T>(key: string, value: T | null): T {
    if (value === null) throw this.invalid(key, 'is not there')
    return value
  }

  invalid(key: string, what: string): FieldtrialError {
    return new FieldtrialError('MODEL_INVALID', `${this.file}: ${key} ${what}.`, {
      where: { file: this.file, field: key },
      hint: 'Convert the model again with a recent converter of llama.cpp, or fetch another file.',
    })
  }

  private of<T>(key: string, kind: string, fits: (value: MetadataValue) => boolean): T | null {
    const value = this.metadata.get(key)
    if (value === undefined) return null
    if (!fits(value)) throw this.invalid(key, `is not ${kind}`)
    return value as T
  }
}
