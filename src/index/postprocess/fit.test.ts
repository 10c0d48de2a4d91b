import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith } from '../../../test/support/shared.ts'
import type { Notice, Progress } from '../../core/progress.ts'
import { fitPostprocess, loadPostprocess, type PostprocessStep, savePostprocess } from './index.ts'

const PYTHON = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
const REFERENCE = fileURLToPath(new URL('../../../test/reference/postprocess.py', import.meta.url))
const D = 12
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldtrial-post-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Vectors whose dimensions correlate, vary by unequal amounts and lie off the origin. */
function vectors(rows: number, d: number, seed: number, offset = 0): Float32Array {
  const noise = (i: number) => Math.sin(seed * 1000 + i * 12.9898) * 43758.5453
  const uniform = (i: number) => noise(i) - Math.floor(noise(i)) - 0.5
  return Float32Array.from({ length: rows * d }, (_, at) => {
    const [row, i] = [Math.floor(at / d), at % d]
    return (
      3 * uniform(row * 977) * Math.cos(i) + uniform(at + 31) * 0.9 ** i + 2 + Math.sin(i) + offset * Math.cos(3 * i)
    )
  })
}

const inBlocks = (all: Float32Array, size: number) =>
  async function* () {
    for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
  }

const documents = vectors(60, D, 1)
const queries = vectors(7, D, 2, 1)
const sample = vectors(9, D, 3, 1)
const fitOn = (steps: readonly PostprocessStep[], all = documents, d = D, some: Float32Array | null = sample) =>
  fitPostprocess(steps, { documents: inBlocks(all, 5 * d), dimension: d, queries: some })

function toRows(all: ArrayLike<number>, d: number): number[][] {
  return Array.from({ length: all.length / d }, (_, row) => Array.from({ length: d }, (_, i) => all[row * d + i]!))
}

function farthest(got: Float32Array, want: readonly (readonly number[])[]): number {
  const flat = want.flat()
  expect(got.length).toBe(flat.length)
  const scale = Math.max(...flat.map(Math.abs))
  return flat.reduce((most, x, i) => Math.max(most, Math.abs(x - got[i]!) / scale), 0)
}

const CHAINS: readonly (readonly PostprocessStep[])[] = [
  [{ kind: 'center' }],
  [{ kind: 'center' }, { kind: 'normalize' }],
  [{ kind: 'abtt', components: 1 }],
  [{ kind: 'abtt', components: 3 }, { kind: 'normalize' }],
  [{ kind: 'whiten', power: 1, shrinkage: 0 }],
  [{ kind: 'whiten', power: 0.5, shrinkage: 0.3 }],
  [{ kind: 'center' }, { kind: 'whiten', power: 0.5 }, { kind: 'normalize' }],
  [{ kind: 'pca', dimensions: 4 }],
  [{ kind: 'normalize' }, { kind: 'pca', dimensions: 6 }, { kind: 'whiten', power: 1 }],
  [{ kind: 'truncate', dimensions: 5 }, { kind: 'normalize' }],
  [{ kind: 'center' }, { kind: 'int8' }],
  [{ kind: 'center' }, { kind: 'binary' }, { kind: 'normalize' }],
]

describeWith('fitPostprocess against numpy and scikit-learn', [PYTHON], () => {
  // More documents than dimensions, and fewer.
  it.each([
    [60, 12],
    [15, 40],
  ])('%i documents of %i dimensions', async (rows, d) => {
    const all = vectors(rows, d, 4)
    const [asked, some] = [vectors(5, d, 5, 1), vectors(8, d, 6, 1)]
    const chains = CHAINS.filter(
      (steps) => rows > d || !steps.some((step) => 'shrinkage' in step && step.shrinkage === 0),
    )
    const request = {
      documents: toRows(all, d),
      queries: toRows(asked, d),
      cases: chains.map((steps) => ({ steps, sample: toRows(some, d) })),
    }
    const path = join(folder, `request-${rows}.json`)
    await writeFile(path, JSON.stringify(request))
    const wanted = JSON.parse(execFileSync(PYTHON, [REFERENCE, path], { encoding: 'utf8', maxBuffer: 2 ** 26 })) as {
      documents: number[][]
      queries: number[][]
      shrinkage: number | null
    }[]
    for (const [i, steps] of chains.entries()) {
      const fitted = await fitOn(steps, all, d, some)
      const { documents: wantedDocuments, queries: wantedQueries, shrinkage } = wanted[i]!
      expect(farthest(await fitted.apply('document', all), wantedDocuments), JSON.stringify(steps)).toBeLessThan(2e-5)
      expect(farthest(await fitted.apply('query', asked), wantedQueries), JSON.stringify(steps)).toBeLessThan(2e-5)
      if (shrinkage === null) continue
      const found = fitted.report.steps.find((facts) => facts.shrinkage !== undefined)!.shrinkage!
      expect(found).toBeCloseTo(shrinkage, 6)
      expect(shrinkage).toBeGreaterThan(0)
    }
  })
})

describe('fitPostprocess', () => {
  it('centres each side by its own mean', async () => {
    const fitted = await fitOn([{ kind: 'center' }])
    const meanOf = (all: Float32Array) =>
      Array.from({ length: D }, (_, i) => toRows(all, D).reduce((sum, row) => sum + row[i]!, 0) / (all.length / D))
    for (const x of meanOf(await fitted.apply('document', documents))) expect(x).toBeCloseTo(0, 6)
    for (const x of meanOf(await fitted.apply('query', sample))) expect(x).toBeCloseTo(0, 6)
    expect(fitted.report).toEqual({ documents: 60, queries: 9, bytesPerDocument: 48, steps: [{ step: 'center' }] })
    expect(fitted.notes).toEqual([])
  })

  it('says so where queries have no mean of their own', async () => {
    const notices: Notice[] = []
    const work = { onNotice: (notice: Notice) => notices.push(notice) }
    const open = inBlocks(documents, D)
    const fitted = await fitPostprocess([{ kind: 'center' }], { documents: open, dimension: D, queries: null, work })
    expect(await fitted.apply('query', queries)).toEqual(await fitted.apply('document', queries))
    expect(notices.map(({ code }) => code)).toEqual(['postprocess.shared-mean'])
    expect(fitted.notes).toEqual(["Queries are centred by the documents' mean."])
    await fitPostprocess([{ kind: 'int8' }], { documents: open, dimension: D, queries: null, work })
    expect(notices).toHaveLength(1)
  })

  it('makes all variances equal with power 1, and the square root of what they were with 0.5', async () => {
    const variances = async (steps: readonly PostprocessStep[]) => {
      const out = toRows(await (await fitOn(steps)).apply('document', documents), D)
      return Array.from({ length: D }, (_, i) => out.reduce((sum, row) => sum + row[i]! ** 2, 0) / out.length)
    }
    for (const variance of await variances([{ kind: 'whiten', power: 1, shrinkage: 0 }]))
      expect(variance).toBeCloseTo(1, 4)
    const total = (values: number[]) => values.reduce((a, b) => a + b)
    const principal = await variances([{ kind: 'pca', dimensions: D }])
    expect(total(await variances([{ kind: 'whiten', power: 0.5, shrinkage: 0 }]))).toBeCloseTo(
      total(principal.map(Math.sqrt)),
      4,
    )
  })

  it('sums over many blocks, cut anew from those that come', async () => {
    const wide = 1 << 20
    const rows = Float32Array.from({ length: 5 * wide }, (_, i) => Math.floor(i / wide) + (i % 4))
    for (const rowsAtOnce of [1, 3]) {
      const open = inBlocks(rows, rowsAtOnce * wide)
      const { apply } = await bound([{ kind: 'center' }], open, wide)
      const out = await apply('document', rows.subarray(3 * wide, 4 * wide))
      expect([...out.subarray(0, 4)]).toEqual([1, 1, 1, 1])
      expect(out.every((x) => x === 1)).toBe(true)
    }
  })

  it('tells what share of the variance components hold', async () => {
    const [kept, gone] = [await fitOn([{ kind: 'pca', dimensions: 2 }]), await fitOn([{ kind: 'abtt', components: 2 }])]
    expect(kept.report.steps[0]!.variance).toBeCloseTo(gone.report.steps[0]!.variance!, 12)
    expect(kept.report.steps[0]!.variance).toBeGreaterThan(0.5)
    expect(kept.notes[0]).toMatch(/^pca_2: the components kept hold \d+(\.\d+)? % of the variance of 60 documents\.$/)
    expect(kept.dimension).toBe(2)
  })

  it('gives the same however the documents come in blocks, in any number of passes', async () => {
    const steps: PostprocessStep[] = [
      { kind: 'normalize' },
      { kind: 'center' },
      { kind: 'abtt', components: 2 },
      { kind: 'pca', dimensions: 5 },
      { kind: 'whiten', power: 0.5 },
      { kind: 'int8' },
    ]
    const made = [1, 7, 60].map(async (rows) => {
      const open = inBlocks(documents, rows * D)
      const fitted = await fitPostprocess(steps, { documents: open, dimension: D, queries: sample, normalize: true })
      return fitted.apply('document', documents)
    })
    const [first, ...others] = await Promise.all(made)
    for (const other of others) expect(other).toEqual(first)
    for (const row of toRows(first!, 5)) expect(Math.hypot(...row)).toBeCloseTo(1, 6)
  })

  it('rounds documents to 256 steps a dimension, and no query', async () => {
    const { apply } = await bound([{ kind: 'int8' }])
    const out = await apply('document', documents)
    for (let i = 0; i < D; i++) {
      const column = toRows(documents, D).map((row) => row[i]!)
      const [low, high] = [Math.min(...column), Math.max(...column)]
      for (const [row, value] of column.entries()) {
        const steps = ((out[row * D + i]! - low) / (high - low)) * 255
        expect(steps).toBeCloseTo(Math.round(steps), 3)
        expect(Math.abs(out[row * D + i]! - value)).toBeLessThanOrEqual(((high - low) / 255) * 0.5001)
      }
    }
    expect(await apply('query', queries)).toEqual(queries)
    const far = await apply('document', new Float32Array(D).fill(1e6))
    expect(far[0]).toBeCloseTo(Math.max(...toRows(documents, D).map((row) => row[0]!)), 5)
  })

  it('keeps the dimension that no document varies in', async () => {
    const flat = documents.map((x, i) => (i % D === 3 ? 0.25 : x))
    const fitted = await fitOn([{ kind: 'int8' }], flat)
    expect((await fitted.apply('document', flat))[3]).toBe(0.25)
  })

  it('makes nothing of a vector of which only rounding noise is left', async () => {
    // The mean itself, and a vector along the one component that is removed.
    const line = Float32Array.of(1, 2, 3, 6, 3, 1, -4, 1, 2, -1, 2, 2)
    const fitted = await fitOn([{ kind: 'abtt', components: 1 }], line, 3, null)
    const mean = [0, 1, 2].map((i) => (line[i]! + line[3 + i]! + line[6 + i]! + line[9 + i]!) / 4)
    expect([...(await fitted.apply('document', Float32Array.from(mean)))]).toEqual([0, 0, 0])
    const end = await fitOn([{ kind: 'center' }, { kind: 'normalize' }, { kind: 'binary' }], line, 3, null)
    expect([...(await end.apply('document', Float32Array.from(mean)))]).toEqual([0, 0, 0])
  })

  it('keeps and gives back, bit for bit', async () => {
    for (const [i, steps] of [...CHAINS, []].entries()) {
      const fitted = await fitOn(steps)
      const path = join(folder, `${i}.safetensors`)
      await savePostprocess(fitted, path)
      const loaded = await loadPostprocess(path)
      expect(loaded.report).toEqual(fitted.report)
      expect([loaded.steps, loaded.dimension, loaded.inputDimension]).toEqual([steps, fitted.dimension, D])
      for (const side of ['query', 'document'] as const)
        expect(await loaded.apply(side, documents)).toEqual(await fitted.apply(side, documents))
    }
  })

  it('refuses files that are not whole or newer', async () => {
    const path = join(folder, 'whole.safetensors')
    await savePostprocess(await fitOn([{ kind: 'pca', dimensions: 3 }]), path)
    const bytes = await readFile(path)
    await expect(loadPostprocess(join(folder, 'absent'))).rejects.toMatchObject({ code: 'DATA_MISSING' })
    await writeFile(path, bytes.toString('latin1').replace('"format":"1"', '"format":"2"'), 'latin1')
    await expect(loadPostprocess(path)).rejects.toMatchObject({ code: 'WORKSPACE_VERSION' })
    await writeFile(path, bytes)
    for (const length of [bytes.length - 1, 100, 3]) {
      await truncate(path, length)
      await expect(loadPostprocess(path)).rejects.toMatchObject({ code: 'WORKSPACE_CORRUPT' })
    }
  })
})

/** `apply` as a function. */
async function bound(steps: readonly PostprocessStep[], open = inBlocks(documents, D), dimension = D) {
  const fitted = await fitPostprocess(steps, { documents: open, dimension, queries: null })
  return { apply: fitted.apply.bind(fitted) }
}

describe('what cannot be fitted', () => {
  const refused = (steps: readonly PostprocessStep[], all: Float32Array, d = D) => fitOn(steps, all, d, null)

  it('needs more documents than there are', async () => {
    const three = documents.subarray(0, 3 * D)
    await expect(refused([{ kind: 'pca', dimensions: 3 }], three)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: 'The post-processing step pca_3 needs 4 documents or more; there are 3.',
    })
    await refused([{ kind: 'pca', dimensions: 2 }], three)
    await expect(refused([{ kind: 'abtt', components: 2 }], three)).rejects.toThrow(/needs 4 documents or more/)
    await refused([{ kind: 'abtt', components: 1 }], three)
    await expect(refused([{ kind: 'whiten', power: 1 }], documents.subarray(0, D))).rejects.toThrow(/there is 1/)
    await expect(refused([{ kind: 'center' }], new Float32Array())).rejects.toThrow(/no document vectors/)
  })

  it('needs documents that differ', async () => {
    const twice = new Float32Array([...documents.subarray(0, 3 * D), ...documents.subarray(0, 3 * D)])
    await expect(refused([{ kind: 'pca', dimensions: 4 }], twice)).rejects.toThrow(/vary in 2 only \(6 documents\)/)
    await expect(refused([{ kind: 'whiten', power: 1, shrinkage: 0 }], twice)).rejects.toMatchObject({
      message: expect.stringMatching(/vary in 2 only/),
      hint: expect.stringContaining('ledoit-wolf'),
    })
    await refused([{ kind: 'whiten', power: 1 }], twice)
    const same = new Float32Array(4 * D).fill(2)
    await expect(refused([{ kind: 'whiten', power: 1 }], same)).rejects.toThrow(/at least two different documents/)
  })

  it('refuses NaN on every side, and vectors of another size', async () => {
    const bad = documents.slice()
    bad[4 * D + 1] = Number.NaN
    const refusal = { code: 'ENGINE_FAILED', message: 'Vector 4 holds NaN.' }
    await expect(refused([{ kind: 'center' }], bad)).rejects.toMatchObject(refusal)
    const sampled = fitPostprocess([{ kind: 'center' }], {
      documents: inBlocks(documents, D),
      dimension: D,
      queries: bad,
    })
    await expect(sampled).rejects.toThrow(/Vector of the query sample 4 holds NaN/)
    const fitted = await fitOn([{ kind: 'whiten', power: 1 }])
    await expect(fitted.apply('document', bad)).rejects.toMatchObject(refusal)
    await expect(fitted.apply('query', new Float32Array(D + 1))).rejects.toThrow(/not whole vectors of dimension 12/)
    await expect(fitted.apply('query', new Float32Array(D).fill(3e38))).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
  })

  it('notices that documents changed between passes, and stops when cancelled', async () => {
    let pass = 0
    const changing = async function* () {
      yield documents.subarray(0, (pass++ === 0 ? 60 : 59) * D)
    }
    const work = fitPostprocess([{ kind: 'whiten', power: 1 }], { documents: changing, dimension: D, queries: null })
    await expect(work).rejects.toThrow(/There were 60 document vectors, and now there are 59/)
    const told: Progress[] = []
    const stop = new AbortController()
    const cancelled = fitPostprocess([{ kind: 'whiten', power: 1 }], {
      documents: inBlocks(documents, D),
      dimension: D,
      queries: null,
      work: {
        signal: stop.signal,
        onProgress: (progress) => {
          told.push(progress)
          stop.abort()
        },
      },
    })
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(told).toEqual([{ step: 'fit post-processing: whiten, mean', done: 60, unit: 'documents' }])
  })
})
