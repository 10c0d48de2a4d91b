import { spawn } from 'node:child_process'
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashVector } from '../../../test/support/embedding-server.ts'
import { HashEncoder, numberedTexts } from '../../../test/support/hash-encoder.ts'
import type { Progress } from '../../core/progress.ts'
import { unpackVectors } from './dtypes.ts'
import { encodeIntoStore, type StoreMeta, shardSize, VectorStore } from './index.ts'
import { parseJournal } from './journal.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-store-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const STATS = { tokens: 10, truncated: 1, seconds: 0.5 }
const meta = (extra: Partial<StoreMeta> = {}): StoreMeta => ({
  identity: { model: 'm', recipe: { prefix: 'a' } },
  dimension: 4,
  dtype: 'float32',
  rows: 5,
  shardRows: 2,
  ...extra,
})

const vectorsOf = (rows: number) => Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i + 1))

/** The bytes of every shard file, by name. */
async function shardBytes(of: string): Promise<Map<string, string>> {
  const names = (await readdir(of)).filter((name) => name.endsWith('.safetensors')).sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, (await readFile(join(of, name))).toString('base64')] as const)),
  )
}

describe('shardSize', () => {
  it('is a power of two near a 64th, between 256 and 8,192', () => {
    expect([1, 5183, 16384, 16385, 57638, 1e6, 1e7].map(shardSize)).toEqual([256, 256, 256, 512, 1024, 8192, 8192])
  })
})

describe('VectorStore', () => {
  it.each(['float32', 'float16', 'int8'] as const)('gives back what was written as %s', async (dtype) => {
    const store = await VectorStore.create(folder, meta({ dtype }))
    expect([store.shards, store.complete, store.missingShards()]).toEqual([3, false, [0, 1, 2]])
    const ids = ['a', 'é"\\', '漢\n😀', '', ' x ']
    for (const shard of [2, 0, 1]) {
      const rows = store.rowsIn(shard)
      await store.writeShard(
        shard,
        ids.slice(2 * shard, 2 * shard + rows),
        vectorsOf(5).slice(8 * shard, 8 * shard + 4 * rows),
        STATS,
      )
    }
    const again = await VectorStore.open(folder, meta({ dtype }))
    expect(again.complete).toBe(true)
    expect(await again.ids()).toEqual(ids)
    const within = { float32: 0, float16: 2 ** -11, int8: 1 / 254 + 1e-6 }[dtype]
    const all = await again.readAll()
    all.forEach((x, i) => {
      expect(Math.abs(x - vectorsOf(5)[i]!)).toBeLessThanOrEqual(within)
    })
    expect(unpackVectors(await again.readShard(2))).toEqual(all.slice(16))
    expect(await again.verify()).toEqual([])
    expect(again.totals()).toMatchObject({ shards: 3, rows: 5, tokens: 30, truncated: 3, seconds: 1.5 })
  })

  it('writes files that are safetensors, with aligned numbers', async () => {
    const store = await VectorStore.create(folder, meta({ dtype: 'int8' }))
    await store.writeShard(0, ['a', 'b'], vectorsOf(2), STATS)
    const bytes = await readFile(store.shardPath(0))
    const length = Number(bytes.readBigUInt64LE())
    expect((8 + length) % 64).toBe(0)
    expect(bytes.length).toBe(8 + length + 2 * 4 + 2 * 4)
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString())
    expect(header.scales).toEqual({ dtype: 'F32', shape: [2], data_offsets: [0, 8] })
    expect(header.vectors).toEqual({ dtype: 'I8', shape: [2, 4], data_offsets: [8, 16] })
    expect(Object.values(header.__metadata__).every((value) => typeof value === 'string')).toBe(true)
  })

  it('names the fields in which a store differs from what is asked for', async () => {
    await VectorStore.create(folder, meta())
    const other = meta({ identity: { model: 'm', recipe: { prefix: 'b' } }, dtype: 'int8' })
    for (const attempt of [VectorStore.create, VectorStore.open])
      await expect(attempt(folder, other)).rejects.toMatchObject({
        code: 'FINGERPRINT_MISMATCH',
        message: expect.stringMatching(/dtype, identity\.recipe\.prefix differ/),
      })
    await expect(VectorStore.open(folder, { rows: 5 })).resolves.toBeDefined()
  })

  it('refuses a store of a newer version, one whose description was changed, and one that is not there', async () => {
    await VectorStore.create(folder, meta())
    const path = join(folder, 'store.json')
    const good = await readFile(path, 'utf8')
    await writeFile(path, good.replace('"format": 1', '"format": 2'))
    await expect(VectorStore.open(folder)).rejects.toMatchObject({ code: 'WORKSPACE_VERSION' })
    for (const bad of [
      good.replace('"rows": 5', '"rows": 6'),
      good.slice(0, 40),
      '{}',
      'null',
      good.replace('float32', 'bf16'),
    ]) {
      await writeFile(path, bad)
      await expect(VectorStore.open(folder)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
    }
    await expect(VectorStore.open(join(folder, 'none'))).rejects.toMatchObject({ code: 'DATA_MISSING' })
  })

  it('does not believe torn lines, lines without a file, files without a line, or a file of another size', async () => {
    const store = await VectorStore.create(folder, meta())
    for (const shard of [0, 1, 2])
      await store.writeShard(shard, ['a', 'b'].slice(0, store.rowsIn(shard)), vectorsOf(store.rowsIn(shard)), STATS)
    const journal = join(folder, 'journal.jsonl')
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n')

    await writeFile(journal, `${lines[0]}\n${lines[1]!.slice(0, -1)}`)
    const torn = await VectorStore.open(folder)
    expect(torn.missingShards()).toEqual([1, 2])
    await torn.writeShard(2, ['a'], vectorsOf(1), STATS)
    expect((await VectorStore.open(folder)).missingShards()).toEqual([1])

    await writeFile(journal, `${lines.join('\n')}\n${lines.join('\n')}\n\n{"shard":99}\n[]\n`)
    const doubled = await VectorStore.open(folder)
    expect([doubled.complete, doubled.totals().tokens]).toEqual([true, 30])

    await truncate(store.shardPath(1), 100)
    expect((await VectorStore.open(folder)).missingShards()).toEqual([1])
    await rm(store.shardPath(1))
    expect((await VectorStore.open(folder)).missingShards()).toEqual([1])
  })

  it('finds a shard whose bytes changed, and one that belongs to another store', async () => {
    const store = await VectorStore.create(folder, meta())
    for (const shard of [0, 1, 2])
      await store.writeShard(shard, ['a', 'b'].slice(0, store.rowsIn(shard)), vectorsOf(store.rowsIn(shard)), STATS)
    const path = store.shardPath(1)
    const bytes = await readFile(path)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(path, bytes)
    const reopened = await VectorStore.open(folder)
    expect(reopened.complete).toBe(true)
    expect((await reopened.verify()).map(({ shard }) => shard)).toEqual([1])

    const other = await mkdtemp(join(tmpdir(), 'fieldtrial-store-'))
    const strange = await VectorStore.create(other, meta({ identity: 'another' }))
    await strange.writeShard(1, ['a', 'b'], vectorsOf(2), STATS)
    await writeFile(path, await readFile(strange.shardPath(1)))
    await expect(reopened.readShard(1)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
    await rm(other, { recursive: true })
    for (const bad of ['', 'x'.repeat(100), '\x08\0\0\0\0\0\0\0{"a":1} ']) {
      await writeFile(path, bad)
      await expect(reopened.readShard(1)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
    }
  })

  it('lets two writers of the same store work at the same time', async () => {
    const [a, b] = await Promise.all([VectorStore.create(folder, meta()), VectorStore.create(folder, meta())])
    const writeAll = async (store: VectorStore) => {
      for (const shard of [0, 1, 2])
        await store.writeShard(shard, ['a', 'b'].slice(0, store.rowsIn(shard)), vectorsOf(store.rowsIn(shard)), STATS)
    }
    await Promise.all([writeAll(a), writeAll(b)])
    const store = await VectorStore.open(folder)
    expect([store.complete, await store.verify(), store.totals().rows]).toEqual([true, [], 5])
    expect(parseJournal(await readFile(join(folder, 'journal.jsonl'), 'utf8'))).toHaveLength(6)
  })

  it('takes notice of shards that another process finished', async () => {
    const [a, b] = [await VectorStore.create(folder, meta()), await VectorStore.create(folder, meta())]
    await a.writeShard(1, ['a', 'b'], vectorsOf(2), STATS)
    expect(b.has(1)).toBe(false)
    await b.refresh()
    expect(b.has(1)).toBe(true)
  })

  it('reports what is unknown as unknown', async () => {
    const store = await VectorStore.create(folder, meta({ rows: 4 }))
    await store.writeShard(0, ['a', 'b'], vectorsOf(2), STATS)
    await store.writeShard(1, ['c', 'd'], vectorsOf(2), { tokens: null, truncated: null, seconds: 1 })
    expect((await VectorStore.open(folder)).totals()).toMatchObject({ tokens: null, truncated: null, seconds: 1.5 })
  })
})

describe('encodeIntoStore', () => {
  const ROWS = 1300
  const make = (of = folder) =>
    VectorStore.create(of, { identity: 'kill', dimension: 16, dtype: 'float32', rows: ROWS, shardRows: 300 })

  it('encodes each text once and tells what it took', async () => {
    const seen: Progress[] = []
    const encoder = new HashEncoder()
    const store = await make()
    const totals = await encodeIntoStore({
      encoder,
      texts: numberedTexts(ROWS),
      total: ROWS,
      store,
      subject: 'hash × numbers',
      work: { onProgress: (progress) => seen.push(progress) },
    })
    expect(encoder.encoded).toBe(ROWS)
    const tokens = Array.from({ length: ROWS }, (_, i) => `the text ${i}`.length)
    expect(totals).toMatchObject({
      rows: ROWS,
      shards: 5,
      tokens: tokens.reduce((a, b) => a + b),
      truncated: tokens.filter((n) => n > 12).length,
    })
    expect(seen.at(-1)).toEqual({
      step: 'encode documents',
      subject: 'hash × numbers',
      done: ROWS,
      total: ROWS,
      unit: 'documents',
      tokens: totals.tokens,
    })
    expect(seen.every(({ done }, i) => i === 0 || done >= seen[i - 1]!.done)).toBe(true)
    const { vectors } = await new HashEncoder().encode(['the text 777'], 'document')
    expect((await store.readAll()).slice(777 * 16, 778 * 16)).toEqual(vectors)
    expect(vectors[0]).toBeCloseTo(
      hashVector('the text 777', 16)[0]! / Math.hypot(...hashVector('the text 777', 16)),
      6,
    )
    expect((await store.ids())[777]).toBe('d777')
    await encodeIntoStore({ encoder, texts: numberedTexts(ROWS), total: ROWS, store })
    expect(encoder.encoded).toBe(ROWS)
  })

  it('makes only the shards that are missing, reading no further than it must', async () => {
    const store = await make()
    await encodeIntoStore({ encoder: new HashEncoder(), texts: numberedTexts(ROWS), total: ROWS, store })
    const whole = await shardBytes(folder)
    await rm(store.shardPath(1))
    await rm(store.shardPath(3))
    let read = 0
    const counted = async function* () {
      for await (const text of numberedTexts(ROWS)) {
        read++
        yield text
      }
    }
    const encoder = new HashEncoder()
    const totals = await encodeIntoStore({ encoder, texts: counted(), total: ROWS, store: await make() })
    expect([encoder.encoded, read, totals.rows]).toEqual([600, 1200, ROWS])
    expect(await shardBytes(folder)).toEqual(whole)
  })

  it('notices a collection that is shorter or longer than it was', async () => {
    for (const count of [ROWS - 1, ROWS + 1]) {
      await rm(folder, { recursive: true })
      const work = encodeIntoStore({
        encoder: new HashEncoder(),
        texts: numberedTexts(count),
        total: ROWS,
        store: await make(),
      })
      await expect(work).rejects.toMatchObject({ code: 'DATA_INVALID' })
    }
  })

  it('keeps whole shards when cancelled', async () => {
    const stop = new AbortController()
    const work = encodeIntoStore({
      encoder: new HashEncoder(16, 5),
      texts: numberedTexts(ROWS),
      total: ROWS,
      store: await make(),
      work: { signal: stop.signal, onProgress: ({ done }) => done >= 700 && stop.abort() },
    })
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await make()).missingShards()).toEqual([2, 3, 4])
  })

  it('survives kill -9 at any moment and two processes at once, byte for byte', async () => {
    await encodeIntoStore({ encoder: new HashEncoder(), texts: numberedTexts(ROWS), total: ROWS, store: await make() })
    const undisturbed = await shardBytes(folder)
    await rm(folder, { recursive: true })
    const script = fileURLToPath(new URL('../../../test/support/encode-until-killed.ts', import.meta.url))
    const runOnce = (killAfterMs: number | null) =>
      new Promise<string>((resolve) => {
        const child = spawn(process.execPath, [script, folder, String(ROWS), '300', '40'])
        let output = ''
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk
          if (killAfterMs !== null && output.startsWith('ready')) setTimeout(() => child.kill('SIGKILL'), killAfterMs)
        })
        child.once('close', () => resolve(output))
      })
    for (const after of [0, 47, 61, 83]) await runOnce(after)
    const left = (await make()).missingShards().length
    expect(left).toBeGreaterThan(0)
    const outputs = await Promise.all([runOnce(null), runOnce(null)])
    expect(outputs.every((output) => output.includes('done'))).toBe(true)
    const store = await make()
    expect([store.complete, await store.verify()]).toEqual([true, []])
    expect(await shardBytes(folder)).toEqual(undisturbed)
    await appendFile(join(folder, 'journal.jsonl'), '{"sha')
    expect((await make()).complete).toBe(true)
  })
})
