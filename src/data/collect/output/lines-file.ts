import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../../../core/atomic.ts'

const BUFFER = 1 << 20

/** A text file that is written line by line with bounded memory and flushed to the disk when it is closed. */
export class LinesFile {
  readonly #file: FileHandle
  #buffer: string[] = []
  #size = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async create(path: string): Promise<LinesFile> {
    await makeFolder(dirname(path))
    return new LinesFile(await open(path, 'wx'))
  }

  async add(line: string): Promise<void> {
    this.#buffer.push(line, '\n')
    this.#size += line.length + 1
    if (this.#size >= BUFFER) await this.#flush()
  }

  async #flush(): Promise<void> {
    await this.#file.writeFile(this.#buffer.join(''))
    this.#buffer = []
    this.#size = 0
  }

  async close(): Promise<void> {
    try {
      await this.#flush()
      await this.#file.sync()
    } finally {
      await this.#file.close()
    }
  }

  /** Gives the file up after a failure. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined)
  }
}
