import { type FileHandle, open } from 'node:fs/promises'
import { asWriteError } from '../../core/atomic.ts'

const BUFFER = 1 << 20

/** Writes numbers behind one another, little-endian, through a buffer of a megabyte. */
export class NumberFile {
  readonly #path: string
  readonly #file: FileHandle
  readonly #buffer = Buffer.allocUnsafe(BUFFER)
  #used = 0
  #closed = false

  static async create(path: string): Promise<NumberFile> {
    try {
      return new NumberFile(path, await open(path, 'w'))
    } catch (error) {
      throw asWriteError(error, path)
    }
  }

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  async int32(values: ArrayLike<number>): Promise<void> {
    for (let i = 0; i < values.length; i++) {
      if (this.#used + 4 > BUFFER) await this.#flush()
      this.#used = this.#buffer.writeInt32LE(values[i]!, this.#used)
    }
  }

  async float32(values: ArrayLike<number>): Promise<void> {
    for (let i = 0; i < values.length; i++) {
      if (this.#used + 4 > BUFFER) await this.#flush()
      this.#used = this.#buffer.writeFloatLE(values[i]!, this.#used)
    }
  }

  /** @param value A whole number up to 2^53. */
  async uint64(value: number): Promise<void> {
    if (this.#used + 8 > BUFFER) await this.#flush()
    this.#used = this.#buffer.writeBigUInt64LE(BigInt(value), this.#used)
  }

  /** Bytes as they are. */
  async bytes(values: Uint8Array): Promise<void> {
    for (let at = 0; at < values.length; ) {
      if (this.#used === BUFFER) await this.#flush()
      const part = values.subarray(at, at + BUFFER - this.#used)
      this.#buffer.set(part, this.#used)
      this.#used += part.length
      at += part.length
    }
  }

  /** Writes what is left and makes sure that it is on the disk. May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      await this.#flush()
      await this.#file.sync()
    } catch (error) {
      throw asWriteError(error, this.#path)
    } finally {
      await this.#file.close()
    }
  }

  /** Closes the file of work that failed. */
  async abandon(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#file.close()
  }

  async #flush(): Promise<void> {
    let at = 0
    try {
      while (at < this.#used) at += (await this.#file.write(this.#buffer, at, this.#used - at)).bytesWritten
    } catch (error) {
      throw asWriteError(error, this.#path)
    }
    this.#used = 0
  }
}
