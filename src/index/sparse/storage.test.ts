import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HashEncoder, numberedTexts } from '../../../test/support/hash-encoder.ts'
import { letterRows, SparseHashEncoder } from '../../../test/support/sparse-hash-encoder.ts'
import type { SparseRows } from '../../engines/types.ts'
import { encodeIntoStore, type StoreMeta, VectorStore } from '../dense/index.ts'
import { joinSparse } from './index.ts'
import { concatSparse, sparseFault } from './rows.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-sparse-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const STATS = { tokens: 1, truncated: 0, seconds: 0 }
const meta = (extra: Partial<StoreMeta> = {}): StoreMeta => ({
  identity: { model: 'm' },
  dimension: 1,
  dtype: 'float32',
  rows: 5,
  shardRows: 2,
  sparse: true,
  ...extra,
})

const rowsOf = (rows: readonly (readonly (readonly [term: number, weight: number])[])[]): SparseRows => ({
  offsets: Uint32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length)]),
  terms: Uint32Array.from(rows.flat(), ([term]) => term),
  weights: Uint16Array.from(rows.flat(), ([, weight]) => weight),
})

const FIVE = [
  rowsOf([
    [[3, 1]],
    [
      [0, 65535],
      [7, 2],
      [151_935, 300],
    ],
  ]),
  rowsOf([[], [[5, 5]]]),
  rowsOf([[]]),
] as const

async function fill(store: VectorStore, shards = [0, 1, 2]): Promise<void> {
  for (const shard of shards) {
    const ids = ['a', 'b', 'c', 'd', 'e'].slice(2 * shard, 2 * shard + store.rowsIn(shard))
    await store.writeShard(shard, ids, new Float32Array(ids.length), STATS, FIVE[shard])
  }
}

async function sizes(of: string): Promise<number> {
  const names = (await readdir(of)).filter((name) => name.endsWith('.safetensors'))
  const bytes = await Promise.all(names.map(async (name) => (await readFile(join(of, name))).length))
  return bytes.reduce((a, b) => a + b)
}

describe('a store with sparse vectors', () => {
  it('gives back what was written', async () => {
    const store = await VectorStore.create(folder, meta())
    await fill(store, [2, 0, 1])
    const again = await VectorStore.open(folder, meta())
    expect(again.complete).toBe(true)
    for (const shard of [0, 1, 2]) expect(await again.readSparse(shard)).toEqual(FIVE[shard])
    expect(await joinSparse(again)).toEqual({
      offsets: Uint32Array.of(0, 1, 4, 4, 5, 5),
      terms: Uint32Array.of(3, 0, 7, 151_935, 5),
      weights: Uint16Array.of(1, 65535, 2, 300, 5),
    })
    expect(await again.ids()).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(again.totals().bytes).toBe(await sizes(folder))
    expect(await again.verify()).toEqual([])
  })

  it('writes files that are safetensors, with aligned numbers', async () => {
    const store = await VectorStore.create(folder, meta())
    await fill(store, [0])
    const bytes = await readFile(join(folder, 'sparse-00000.safetensors'))
    const length = Number(bytes.readBigUInt64LE())
    expect((8 + length) % 64).toBe(0)
    expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
      __metadata__: { fingerprint: store.fingerprint },
      offsets: { dtype: 'U32', shape: [3], data_offsets: [0, 12] },
      terms: { dtype: 'U32', shape: [4], data_offsets: [12, 28] },
      weights: { dtype: 'U16', shape: [4], data_offsets: [28, 36] },
    })
    expect(bytes.length).toBe(8 + length + 36)
  })

  it('has a fingerprint of its own; stores without are described as before there were sparse vectors', async () => {
    const plain = await VectorStore.create(folder, meta({ sparse: false }))
    const other = join(folder, 'sparse')
    const sparse = await VectorStore.create(other, meta())
    expect(sparse.fingerprint).not.toBe(plain.fingerprint)
    // SHA-256 of {"dimension":1,"dtype":"float32","identity":{"model":"m"},"rows":5,"shardRows":2}
    expect(plain.fingerprint).toBe('e88e7d6e18f644d855c8979782cefff0c3f343a04d1a2dd523192232b0e08839')
    expect(Object.keys(JSON.parse(await readFile(join(folder, 'store.json'), 'utf8')))).toEqual([
      'format',
      'fingerprint',
      'identity',
      'dimension',
      'dtype',
      'rows',
      'shardRows',
    ])
    await expect(VectorStore.create(folder, meta())).rejects.toMatchObject({
      code: 'FINGERPRINT_MISMATCH',
      message: expect.stringMatching(/sparse differ/),
    })
    await expect(VectorStore.open(other, { sparse: false })).rejects.toMatchObject({ code: 'FINGERPRINT_MISMATCH' })
    expect((await VectorStore.open(other)).meta.sparse).toBe(true)
    await expect(plain.readSparse(0)).rejects.toMatchObject({ code: 'DATA_MISSING' })
    const path = join(other, 'store.json')
    await writeFile(path, (await readFile(path, 'utf8')).replace('"sparse": true', '"sparse": false'))
    await expect(VectorStore.open(other)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
  })

  it('refuses shards without sparse vectors, and stores without refuse shards with them', async () => {
    const store = await VectorStore.create(folder, meta())
    const [ids, vectors] = [['a', 'b'], new Float32Array(2)] as const
    await expect(store.writeShard(0, ids, vectors, STATS)).rejects.toThrow(/comes without sparse vectors/)
    const plain = await VectorStore.create(join(folder, 'plain'), meta({ sparse: false }))
    await expect(plain.writeShard(0, ids, vectors, STATS, FIVE[0])).rejects.toThrow(/brings sparse vectors/)
    expect([store.has(0), plain.has(0)]).toEqual([false, false])
    await expect(store.writeShard(0, ids, vectors, STATS, FIVE[2])).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/gave 1 sparse vectors in place of 2/),
    })
    expect((await readdir(folder)).sort()).toEqual(['plain', 'store.json'])
  })

  it('does not believe a shard of which either file or its line is not whole', async () => {
    const store = await VectorStore.create(folder, meta())
    await fill(store)
    const missing = async () => (await VectorStore.open(folder)).missingShards()
    await truncate(store.sparsePath(1), 100)
    expect(await missing()).toEqual([1])
    await rm(store.sparsePath(1))
    await rm(store.shardPath(2))
    expect(await missing()).toEqual([1, 2])
    await fill(store, [1, 2])
    expect(await missing()).toEqual([])
    // Lines of a writer that knew nothing of sparse vectors, and torn ones.
    const journal = join(folder, 'journal.jsonl')
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n').slice(-2)
    await writeFile(journal, `${JSON.stringify({ ...JSON.parse(lines[0]!), sparse: undefined })}\n${lines[1]}\n`)
    expect(await missing()).toEqual([0, 1])
    await writeFile(journal, `${JSON.stringify({ ...JSON.parse(lines[0]!), sparse: { bytes: 1 } })}\n${lines[1]}`)
    expect(await missing()).toEqual([0, 1])
  })

  it('finds a file whose bytes changed, one of another store, and what is no file of ours', async () => {
    const store = await VectorStore.create(folder, meta())
    await fill(store)
    const path = store.sparsePath(1)
    const good = await readFile(path)
    const bad = Buffer.from(good)
    bad[bad.length - 1]! ^= 1
    await writeFile(path, bad)
    const reopened = await VectorStore.open(folder)
    expect(reopened.complete).toBe(true)
    expect(await reopened.verify()).toEqual([
      { shard: 1, file: path, problem: 'its checksum is not the one in the journal' },
    ])
    const strange = await VectorStore.create(join(folder, 'strange'), meta({ identity: 'another' }))
    await fill(strange, [1])
    const foreign = await readFile(strange.sparsePath(1))
    const header = (change: (text: string) => string) => {
      const length = Number(good.readBigUInt64LE())
      const text = Buffer.from(change(good.subarray(8, 8 + length).toString()).padEnd(length))
      expect(text.length).toBe(length)
      return Buffer.concat([good.subarray(0, 8), text, good.subarray(8 + length)])
    }
    const cases: [Uint8Array, RegExp][] = [
      [foreign, /belongs to another store/],
      [good.subarray(0, -1), /shorter than its header says/],
      [Buffer.concat([good, Buffer.of(0)]), /longer than its header says/],
      [header((text) => text.replace('"terms"', '"terns"')), /no tensor `terms`/],
      [header((text) => text.replace('[12,16]', '[12,24]')), /impossible about the place of its terms/],
      [header((text) => text.replace('U16', 'F16')), /no tensor `weights`/],
      [header((text) => text.replace('}', ']')), /not JSON/],
      [Buffer.from('x'.repeat(100)), /not a safetensors file/],
      [Buffer.from(''), /ends too early/],
    ]
    for (const [content, message] of cases) {
      await writeFile(path, content)
      await expect(reopened.readSparse(1)).rejects.toMatchObject({
        code: 'WORKSPACE_CORRUPT',
        message: expect.stringMatching(message),
      })
    }
    await writeFile(path, good)
    expect(await reopened.readSparse(1)).toEqual(FIVE[1])
    await rm(path)
    await expect(reopened.readSparse(1)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
  })
})

describe('sparse rows', () => {
  it('that cannot be are told', () => {
    const rows = FIVE[0]
    expect(sparseFault(rows, 2)).toBeNull()
    expect(sparseFault(rows, 3)).toMatch(/2 sparse vectors in place of 3/)
    expect(sparseFault({ ...rows, offsets: Uint32Array.of(0, 1, 3) }, 2)).toMatch(/do not fit their terms/)
    expect(sparseFault({ ...rows, offsets: Uint32Array.of(1, 1, 4) }, 2)).toMatch(/do not fit their terms/)
    expect(sparseFault({ ...rows, weights: new Uint16Array(3) }, 2)).toMatch(/do not fit their terms/)
    expect(sparseFault({ ...rows, offsets: Uint32Array.of(0, 4, 3, 4) }, 3)).toMatch(/do not ascend|that do not ascend/)
    expect(
      sparseFault(
        rowsOf([
          [
            [3, 1],
            [3, 1],
          ],
        ]),
        1,
      ),
    ).toMatch(/terms in sparse vector 0 that do not ascend/)
    expect(sparseFault(rowsOf([[], [[3, 0]]]), 2)).toMatch(/a term without weight in sparse vector 1/)
    expect(sparseFault(rowsOf([[[2 ** 32 - 1, 1]]]), 1)).toMatch(/a term 4294967295 .* no tokenizer has/)
  })

  it('joined are those of all parts, one after the other', () => {
    const row = fc.dictionary(fc.integer({ min: 0, max: 99 }).map(String), fc.integer({ min: 1, max: 65535 }), {
      maxKeys: 5,
    })
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 4 }), { maxLength: 4 }), (parts) => {
        const rows = (some: Record<string, number>[]) =>
          rowsOf(
            some.map((entries) => Object.entries(entries).map(([term, weight]) => [Number(term), weight] as const)),
          )
        expect(concatSparse(parts.map(rows))).toEqual(rows(parts.flat()))
      }),
    )
  })
})

describe('encodeIntoStore', () => {
  const ROWS = 1300
  const make = (sparse = true) =>
    VectorStore.create(folder, {
      identity: 'kill',
      dimension: 16,
      dtype: 'float32',
      rows: ROWS,
      shardRows: 300,
      sparse,
    })
  const encode = (store: VectorStore, encoder: HashEncoder = new SparseHashEncoder()) =>
    encodeIntoStore({ encoder, texts: numberedTexts(ROWS), total: ROWS, store })
  const all = letterRows(Array.from({ length: ROWS }, (_, i) => `the text ${i}`))

  async function fileBytes(): Promise<Map<string, string>> {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.safetensors')).sort()
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')] as const),
      ),
    )
  }

  it('stores the sparse vectors of all chunks', async () => {
    const store = await make()
    const totals = await encode(store)
    expect(await joinSparse(store)).toEqual(all)
    expect(totals.bytes).toBe(await sizes(folder))
    const before = await fileBytes()
    await rm(store.sparsePath(1))
    await rm(store.shardPath(3))
    const encoder = new SparseHashEncoder()
    await encode(await make(), encoder)
    expect(encoder.encoded).toBe(600)
    expect(await fileBytes()).toEqual(before)
  })

  it('drops them where the store is for dense vectors only, and refuses an encoder without', async () => {
    await encode(await make(false))
    expect([...(await fileBytes()).keys()].every((name) => name.startsWith('vectors-'))).toBe(true)
    await rm(folder, { recursive: true })
    await expect(encode(await make(), new HashEncoder())).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/gave no sparse vectors/),
    })
  })

  it('survives kill -9 at any moment and two processes at once, byte for byte', async () => {
    await encode(await make())
    const undisturbed = await fileBytes()
    expect(undisturbed.size).toBe(10)
    await rm(folder, { recursive: true })
    const script = fileURLToPath(new URL('../../../test/support/encode-sparse-until-killed.ts', import.meta.url))
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
    for (const after of [0, 131, 149, 167]) await runOnce(after)
    expect((await make()).missingShards().length).toBeGreaterThan(0)
    const outputs = await Promise.all([runOnce(null), runOnce(null)])
    expect(outputs.every((output) => output.includes('done'))).toBe(true)
    const store = await make()
    expect([store.complete, await store.verify()]).toEqual([true, []])
    expect(await fileBytes()).toEqual(undisturbed)
  })

  it('makes a shard anew that was killed between its two files', async () => {
    const store = await make()
    await encode(store)
    const whole = await fileBytes()
    // Killed after the sparse file was renamed: the dense one is not there, and the journal knows nothing of the shard.
    const journal = join(folder, 'journal.jsonl')
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n')
    await writeFile(journal, `${lines.slice(0, 4).join('\n')}\n`)
    await rm(store.shardPath(4))
    await writeFile(`${store.shardPath(4)}.1-aaaaaaaa.partial`, 'half')
    expect((await make()).missingShards()).toEqual([4])
    await encode(await make())
    expect(await fileBytes()).toEqual(whole)
  })
})
