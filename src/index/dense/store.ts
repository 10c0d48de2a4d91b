import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, systemCode, throwIfAborted } from '../../core/errors.ts'
import { differingFields, fingerprint } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { SparseRows } from '../../engines/types.ts'
import { sparseFault } from '../sparse/rows.ts'
import { readSparseFile, sparsePieces } from '../sparse/sparse-file.ts'
import { type PackedVectors, packVectors, unpackVectors } from './dtypes.ts'
import { appendJournal, type FileRecord, type JournalEntry, readJournal, type ShardStats } from './journal.ts'
import { emptyValues, openShard, readRows, shardPieces } from './shard-file.ts'
import { rowsInShard, shardCount, shardSize } from './shards.ts'
import { formatMeta, metaJson, parseMeta, type SettledMeta, type StoreMeta } from './store-meta.ts'

export type { StoreMeta } from './store-meta.ts'

/** Sums over the whole shards of a store. */
export interface StoreTotals {
  readonly shards: number
  readonly rows: number
  readonly bytes: number
  readonly tokens: number | null
  readonly truncated: number | null
  readonly seconds: number
}

/** A shard that cannot be trusted. */
export interface ShardProblem {
  readonly shard: number
  readonly file: string
  readonly problem: string
}

/**
 * Vectors of a collection in a folder: `store.json` (what they are), `journal.jsonl` (which shards are whole), and one safetensors file
 * per shard, or two where there are sparse vectors as well. A shard's files are written under temporary names, flushed, renamed, and only
 * then entered into the journal, all in one line, so a process killed at any moment loses the shard under way and nothing else. Two
 * processes that write the same store write the same shards; the later's files replace the earlier's, each whole.
 */
export class VectorStore {
  readonly folder: string
  readonly meta: SettledMeta
  readonly fingerprint: string
  readonly shards: number
  /** Every journal line of a shard: two processes may both have written it. */
  #entries = new Map<number, JournalEntry[]>()
  #journalBytes = -1

  /**
   * Makes the store, or opens the one that is there if it is meant for the same vectors.
   *
   * @throws FieldtrialError `FINGERPRINT_MISMATCH` naming the fields that differ, `WORKSPACE_VERSION`, `WORKSPACE_CORRUPT`, `DISK_FULL`.
   */
  static async create(folder: string, meta: StoreMeta): Promise<VectorStore> {
    const settled: SettledMeta = { sparse: false, ...meta, shardRows: meta.shardRows ?? shardSize(meta.rows) }
    for (const field of ['dimension', 'rows', 'shardRows'] as const)
      if (!Number.isSafeInteger(settled[field]) || settled[field] < 1)
        throw new FieldtrialError('INTERNAL', `A vector store cannot have ${field} ${settled[field]}.`)
    const path = join(folder, 'store.json')
    if ((await readIfThere(path)) === null) await writeAtomic(path, formatMeta(settled))
    return VectorStore.open(folder, settled)
  }

  /**
   * Opens a store.
   *
   * @param expected What it must hold; fields that are left out may be anything.
   * @throws FieldtrialError `DATA_MISSING` if there is none, and as `create`.
   */
  static async open(folder: string, expected: Partial<StoreMeta> = {}): Promise<VectorStore> {
    const path = join(folder, 'store.json')
    const text = await readIfThere(path)
    if (text === null)
      throw new FieldtrialError('DATA_MISSING', `There is no vector store in ${folder}.`, {
        hint: 'Run the study that makes it.',
        where: { file: path },
      })
    const store = new VectorStore(folder, parseMeta(path, text))
    const fields = differingFields(metaJson(store.meta), metaJson({ ...store.meta, ...expected }))
    if (fields.length > 0)
      throw new FieldtrialError('FINGERPRINT_MISMATCH', `${folder} holds other vectors: ${fields.join(', ')} differ.`, {
        hint: 'Use another folder, or remove this one if its vectors are no longer needed.',
        where: { file: path, field: fields[0]! },
      })
    await store.refresh()
    return store
  }

  private constructor(folder: string, meta: SettledMeta) {
    this.folder = folder
    this.meta = meta
    this.fingerprint = fingerprint(metaJson(meta))
    this.shards = shardCount(meta.rows, meta.shardRows)
  }

  shardPath(shard: number): string {
    return join(this.folder, `vectors-${String(shard).padStart(5, '0')}.safetensors`)
  }

  /** Where the sparse vectors of a shard lie, in stores that have them. */
  sparsePath(shard: number): string {
    return join(this.folder, `sparse-${String(shard).padStart(5, '0')}.safetensors`)
  }

  rowsIn(shard: number): number {
    return rowsInShard(shard, this.meta.rows, this.meta.shardRows)
  }

  /** Takes notice of shards that another process has finished since. */
  async refresh(): Promise<void> {
    const path = this.#journal
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    )
    if (size === this.#journalBytes) return
    this.#journalBytes = size
    const entries = new Map<number, JournalEntry[]>()
    for (const entry of await readJournal(path)) {
      if (entry.shard >= this.shards || entry.rows !== this.rowsIn(entry.shard)) continue
      if (this.meta.sparse && entry.sparse === undefined) continue
      entries.set(entry.shard, [...(entries.get(entry.shard) ?? []), entry])
    }
    for (const [shard, lines] of entries) {
      // A file that is gone or has another size is made anew; `verify` looks closer.
      for (const { path, written } of this.#filesOf(shard, lines)) {
        const found = await stat(path).catch(() => null)
        if (found === null || !written.some(({ bytes }) => bytes === found.size)) entries.delete(shard)
      }
    }
    this.#entries = entries
  }

  /** Whether a shard is whole, as far as journal and file size tell. */
  has(shard: number): boolean {
    return this.#entries.has(shard)
  }

  missingShards(): number[] {
    return Array.from({ length: this.shards }, (_, shard) => shard).filter((shard) => !this.has(shard))
  }

  get complete(): boolean {
    return this.#entries.size === this.shards
  }

  totals(): StoreTotals {
    const lines = [...this.#entries.values()].map((entries) => entries[0]!)
    const sum = (pick: (entry: JournalEntry) => number) => lines.reduce((total, entry) => total + pick(entry), 0)
    const known = (field: 'tokens' | 'truncated') =>
      lines.some((entry) => entry[field] === null) ? null : sum((entry) => entry[field]!)
    return {
      shards: lines.length,
      rows: sum(({ rows }) => rows),
      bytes: sum(({ bytes, sparse }) => bytes + (sparse?.bytes ?? 0)),
      tokens: known('tokens'),
      truncated: known('truncated'),
      seconds: sum(({ seconds }) => seconds),
    }
  }

  /**
   * Writes one shard and enters it into the journal.
   *
   * @param vectors rows × dimension, row-major, float32; converted to the store's dtype.
   * @param sparse The sparse vectors of the same documents: wanted where the store has them, refused where not.
   * @throws FieldtrialError `ENGINE_FAILED` on NaN, what the dtype cannot hold, or sparse vectors that cannot be, `DISK_FULL`.
   */
  async writeShard(
    shard: number,
    ids: readonly string[],
    vectors: Float32Array,
    stats: ShardStats,
    sparse?: SparseRows,
  ): Promise<void> {
    const { dimension, dtype } = this.meta
    const rows = this.rowsIn(shard)
    if (ids.length !== rows || vectors.length !== rows * dimension)
      throw new FieldtrialError(
        'INTERNAL',
        `Shard ${shard} needs ${rows} ids and ${rows} × ${dimension} numbers, not ${ids.length} and ${vectors.length}.`,
      )
    if (this.meta.sparse !== (sparse !== undefined))
      throw new FieldtrialError(
        'INTERNAL',
        `Shard ${shard} ${sparse === undefined ? 'comes without' : 'brings'} sparse vectors, and the store ${this.meta.sparse ? 'holds' : 'does not hold'} them.`,
      )
    const pieces = shardPieces(packVectors(vectors, rows, dimension, dtype), ids, this.fingerprint)
    const written = sparse && (await this.#writeSparse(shard, sparse))
    const file = await writePieces(this.shardPath(shard), pieces)
    const entry: JournalEntry = { shard, rows, ...file, ...(written ? { sparse: written } : {}), ...stats }
    await appendJournal(this.#journal, entry)
    this.#entries.set(shard, [entry])
  }

  async #writeSparse(shard: number, sparse: SparseRows): Promise<FileRecord> {
    const fault = sparseFault(sparse, this.rowsIn(shard))
    if (fault !== null)
      throw new FieldtrialError('ENGINE_FAILED', `The encoder gave ${fault}.`, {
        hint: 'Run `fieldtrial doctor` on the encoder: its vectors cannot be used.',
      })
    return writePieces(this.sparsePath(shard), sparsePieces(sparse, this.fingerprint))
  }

  /** A shard's numbers as stored, and its ids. */
  async readShard(shard: number): Promise<PackedVectors & { readonly ids: readonly string[] }> {
    const opened = await this.openShard(shard)
    const { dtype, rows, dimension, ids } = opened.layout
    const values = emptyValues(dtype, rows * dimension)
    const scales = dtype === 'int8' ? new Float32Array(rows) : null
    try {
      await readRows(opened, 0, values, scales)
      return { dtype, rows, dimension, values, scales, ids }
    } finally {
      await opened.file.close()
    }
  }

  /** A shard's vectors as float32, rows × dimension, row-major. */
  async readShardAsFloat32(shard: number): Promise<Float32Array> {
    return unpackVectors(await this.readShard(shard))
  }

  /**
   * Opens a shard's file for reading in pieces; the caller closes it.
   *
   * @throws FieldtrialError `WORKSPACE_CORRUPT` if it does not hold what the store says.
   */
  async openShard(shard: number): ReturnType<typeof openShard> {
    const path = this.shardPath(shard)
    const opened = await openShard(path)
    const { rows, dimension, dtype, fingerprint: written } = opened.layout
    const wanted = this.meta
    if (
      written === this.fingerprint &&
      rows === this.rowsIn(shard) &&
      dimension === wanted.dimension &&
      dtype === wanted.dtype
    )
      return opened
    await opened.file.close()
    throw new FieldtrialError('WORKSPACE_CORRUPT', `${path} belongs to another store.`, {
      hint: 'Remove this file and run the same command again: only this shard is encoded anew.',
      where: { file: path },
    })
  }

  /**
   * A shard's sparse vectors, in the order of its rows.
   *
   * @throws FieldtrialError `DATA_MISSING` if the store was made without, `WORKSPACE_CORRUPT`.
   */
  async readSparse(shard: number): Promise<SparseRows> {
    if (!this.meta.sparse)
      throw new FieldtrialError('DATA_MISSING', `${this.folder} holds no sparse vectors.`, {
        hint: 'Encode with a recipe that has a sparse half, such as promptreps.',
        where: { file: this.folder },
      })
    return readSparseFile(this.sparsePath(shard), this.rowsIn(shard), this.fingerprint)
  }

  /** The ids of one shard's documents, in the order of its rows. */
  async idsOf(shard: number): Promise<readonly string[]> {
    const { file, layout } = await this.openShard(shard)
    await file.close()
    return layout.ids
  }

  /** All vectors as float32, rows × dimension; for queries and other small sets: they are in memory at once. */
  async readAll(): Promise<Float32Array> {
    const { rows, dimension, shardRows } = this.meta
    const vectors = new Float32Array(rows * dimension)
    for (let shard = 0; shard < this.shards; shard++)
      vectors.set(await this.readShardAsFloat32(shard), shard * shardRows * dimension)
    return vectors
  }

  /** All document ids, in the order of the rows. */
  async ids(): Promise<string[]> {
    const all: string[] = []
    for (let shard = 0; shard < this.shards; shard++) for (const id of await this.idsOf(shard)) all.push(id)
    return all
  }

  /**
   * Reads every file of the whole shards and compares it with its checksum.
   *
   * @returns What is wrong; empty if nothing is. A shard with a problem is made anew once the named file is removed.
   */
  async verify({ signal, onProgress }: LongWork = {}): Promise<ShardProblem[]> {
    const problems: ShardProblem[] = []
    let done = 0
    for (const [shard, entries] of this.#entries) {
      for (const { path: file, written, look } of this.#filesOf(shard, entries)) {
        try {
          const sum = await sha256Of(file, signal)
          if (!written.some(({ sha256 }) => sha256 === sum))
            problems.push({ shard, file, problem: 'its checksum is not the one in the journal' })
          else await look()
        } catch (error) {
          throwIfAborted(signal)
          problems.push({ shard, file, problem: error instanceof Error ? error.message : String(error) })
        }
      }
      done += this.rowsIn(shard)
      onProgress?.({ step: 'verify vectors', subject: this.folder, done, total: this.meta.rows, unit: 'documents' })
    }
    return problems
  }

  /** A shard's files: what the journal's lines say of each, and how to see whether it holds what the store says. */
  #filesOf(shard: number, lines: readonly JournalEntry[]) {
    const dense = {
      path: this.shardPath(shard),
      written: lines as readonly FileRecord[],
      look: async () => (await this.openShard(shard)).file.close(),
    }
    if (!this.meta.sparse) return [dense]
    const sparse = {
      path: this.sparsePath(shard),
      written: lines.flatMap((line) => line.sparse ?? []) as readonly FileRecord[],
      look: async () => void (await this.readSparse(shard)),
    }
    return [dense, sparse]
  }

  get #journal(): string {
    return join(this.folder, 'journal.jsonl')
  }
}

/** Writes a file whole or not at all, in pieces, so that no second copy of the vectors is made. */
async function writePieces(path: string, pieces: readonly Uint8Array[]): Promise<FileRecord> {
  const hash = createHash('sha256')
  let bytes = 0
  for (const piece of pieces) {
    hash.update(piece)
    bytes += piece.length
  }
  await writeAtomic(path, async (file) => {
    for (const piece of pieces) await file.writeFile(piece)
  })
  return { bytes, sha256: hash.digest('hex') }
}

async function sha256Of(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal ? { signal } : {}) }))
    hash.update(chunk as Buffer)
  return hash.digest('hex')
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}
