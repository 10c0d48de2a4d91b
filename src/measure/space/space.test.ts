import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { describeWith } from '../../../test/support/shared.ts'
import {
  alignment,
  anisotropy,
  compareSpaces,
  describeSpace,
  hubness,
  linearCka,
  meanPairedCosine,
  neighbourOverlap,
  norms,
  type Rows,
  sideShift,
  spectrum,
  uniformity,
} from './index.ts'

const PYTHON = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
const REFERENCE = fileURLToPath(new URL('../../../test/reference/postprocess.py', import.meta.url))

const rows = (dimension: number, ...numbers: number[]): Rows => ({ vectors: Float32Array.from(numbers), dimension })

function made(n: number, dimension: number, seed: number): Rows {
  const vectors = Float32Array.from({ length: n * dimension }, (_, at) => {
    const noise = Math.sin(seed * 100 + at * 12.9898) * 43758.5453
    return (noise - Math.floor(noise) - 0.5) * 0.93 ** (at % dimension) + 0.3 * Math.cos(at % dimension)
  })
  return { vectors, dimension }
}

const asRows = ({ vectors, dimension }: Rows) =>
  Array.from({ length: vectors.length / dimension }, (_, i) =>
    Array.from(vectors.subarray(i * dimension, (i + 1) * dimension)),
  )

describe('by hand', () => {
  it('anisotropy', () => {
    // Cosines of (1,0), (0,2), (3,3): 0, √½, √½.
    expect(anisotropy(rows(2, 1, 0, 0, 2, 3, 3))).toBeCloseTo(Math.SQRT2 / 3, 12)
    expect(anisotropy(rows(2, 1, 0, -5, 0))).toBeCloseTo(-1, 12)
    expect(anisotropy(rows(2, 1, 2, 2, 4, 3, 6))).toBeCloseTo(1, 7)
    expect(anisotropy(rows(2, 1, 0))).toBeNull()
  })

  it('effective rank, participation ratio, first component', async () => {
    const square = await spectrum(rows(3, 1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0))
    expect(square!.effectiveRank).toBeCloseTo(2, 10)
    expect(square!.participationRatio).toBeCloseTo(2, 10)
    expect(square!.firstComponentShare).toBeCloseTo(0.5, 10)
    // Variances 9 : 1.
    const long = await spectrum(rows(2, 3, 0, -3, 0, 0, 1, 0, -1))
    expect(long!.effectiveRank).toBeCloseTo(Math.exp(-0.9 * Math.log(0.9) - 0.1 * Math.log(0.1)), 10)
    expect(long!.participationRatio).toBeCloseTo(1 / 0.82, 10)
    expect(long!.firstComponentShare).toBeCloseTo(0.9, 10)
    expect(await spectrum(rows(2, 0.1, 0.7, 0.1, 0.7, 0.1, 0.7))).toBeNull()
  })

  it('alignment and uniformity', async () => {
    const documents = rows(2, 2, 0, 0, 1)
    expect(alignment(rows(2, 1, 0, 0, -3), documents, [[0, 0]])).toBeCloseTo(0, 12)
    const pairs = [
      [0, 1],
      [1, 1],
    ] as const
    expect(alignment(rows(2, 1, 0, 0, -3), documents, pairs)).toBeCloseTo(3, 12)
    expect(alignment(documents, documents, [])).toBeNull()
    expect(await uniformity(documents)).toBeCloseTo(-4, 12)
    expect(await uniformity(rows(1, 1, -2))).toBeCloseTo(-8, 12)
    expect(await uniformity(rows(2, 1, 1, 2, 2))).toBeCloseTo(0, 6)
  })

  it('hubness', () => {
    const rankings = [
      ['a', 'b', 'c'],
      ['a', 'c', 'b'],
      ['b', 'a', 'd'],
      ['a', 'd', 'b'],
    ]
    // N_2 of a, b, c, d, e: 4, 2, 1, 1, 0; mean 1.6, moments 1.84 and 1.872.
    expect(hubness(rankings, 5, 2)).toEqual({
      k: 2,
      skew: expect.closeTo(1.872 / 1.84 ** 1.5, 10),
      absent: 0.2,
      hub: { id: 'a', count: 4 },
    })
    expect(hubness([['b'], ['a']], 2, 1)).toEqual({ k: 1, skew: null, absent: 0, hub: { id: 'a', count: 1 } })
    expect(hubness([], 3)).toEqual({ k: 10, skew: null, absent: 1, hub: null })
  })

  it('norms', () => {
    const some = rows(3, 3, 4, 1, 0, 0, 1, Number.NaN, 0, 1, 0, 0, 0)
    expect(norms(some)).toEqual({
      vectors: 4,
      length: { min: 0, mean: expect.closeTo((Math.sqrt(26) + 1) / 3, 10), max: expect.closeTo(Math.sqrt(26), 10) },
      notFinite: 1,
      zeros: 1,
      constantDimensions: 0,
    })
    expect(norms(rows(3, 1, 2, 3, 1, 5, 3)).constantDimensions).toBe(2)
    expect(norms(rows(1, Infinity))).toMatchObject({ length: null, notFinite: 1, constantDimensions: 0 })
  })

  it('shift of the sides', () => {
    const shift = sideShift(rows(2, 2, 0, 4, 0), rows(2, 0, 1, 0, 7))
    expect(shift).toEqual({ cosine: 0, distance: 5 })
    expect(sideShift(rows(2, 1, 0, -1, 0), rows(2, 0, 1))).toEqual({ cosine: null, distance: 1 })
    expect(sideShift(rows(2), rows(2, 0, 1))).toBeNull()
  })

  it('CKA: a rotated and scaled space is the same, an unrelated one is not', async () => {
    const a = made(50, 3, 1)
    const turned = asRows(a).flatMap(([x, y, z]) => [-2 * y! + 7, 2 * x!, 2 * z!, 1])
    expect(await linearCka(a, rows(4, ...turned))).toBeCloseTo(1, 6)
    expect(await linearCka(rows(1, 1, 1, -1, -1), rows(1, 1, -1, 1, -1))).toBeCloseTo(0, 12)
    expect(await linearCka(rows(1, 1, 1), rows(1, 1, 2))).toBeNull()
  })

  it('neighbours', async () => {
    // Angles in degrees; nearest two of each: in a {0,1,2} and {3,4,5} belong together, in b item 2 has gone over to the others.
    const at = (...angles: number[]) =>
      rows(2, ...angles.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]))
    const [a, b] = [at(0, 10, 21, 90, 100, 111), at(0, 10, 101, 90, 100, 111)]
    // a: 0→{1,2}, 1→{0,2}, 2→{1,0}, 3→{4,5}, 4→{3,5}, 5→{4,3}; b: 0→{1,3}, 1→{0,3}, 2→{4,5}, 3→{4,2}, 4→{2,3}, 5→{2,4}.
    const wanted = [1, 1, 0, 1, 1, 1].map((both) => [both / 2, both / (4 - both)])
    const mean = (which: number) => wanted.reduce((sum, pair) => sum + pair[which]!, 0) / 6
    const found = await neighbourOverlap(a, b, 2)
    expect(found).toEqual({ k: 2, overlap: expect.closeTo(mean(0), 12), jaccard: expect.closeTo(mean(1), 12) })
    expect(await neighbourOverlap(a, a, 50)).toEqual({ k: 5, overlap: expect.closeTo(1), jaccard: expect.closeTo(1) })
    expect(await neighbourOverlap(at(1), at(1))).toBeNull()
  })

  it('paired cosine', () => {
    expect(meanPairedCosine(rows(2, 1, 0, 0, 2), rows(2, 3, 0, 1, 0))).toBeCloseTo(0.5, 12)
    expect(meanPairedCosine(rows(2, 1, 0), rows(1, 1))).toBeNull()
  })
})

describeWith('against numpy and scipy', [PYTHON], () => {
  it.each([
    [70, 20],
    [25, 40],
  ])('%i vectors of %i dimensions', async (n, d) => {
    const [documents, other, queries] = [made(n, d, 1), made(n, d + 3, 2), made(30, d, 3)]
    // The other space knows something of this one.
    asRows(documents).forEach((row, i) => {
      for (let j = 0; j < 6; j++) other.vectors[i * (d + 3) + j] = 2 * row[j + 1]!
    })
    const pairs = Array.from({ length: 30 }, (_, i) => [i, (i * 7) % n] as const)
    const k = 5
    const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-space-'))
    const path = join(folder, 'request.json')
    const space = { documents: asRows(documents), other: asRows(other), queries: asRows(queries), pairs, k }
    await writeFile(path, JSON.stringify({ space }))
    const want = JSON.parse(
      execFileSync(PYTHON, [REFERENCE, path], { encoding: 'utf8', maxBuffer: 2 ** 26 }),
    ) as Record<string, number>
    await rm(folder, { recursive: true })
    const cosine = (a: readonly number[], b: readonly number[]) =>
      a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b)
    const ids = asRows(queries).map((query) => {
      const scores = asRows(documents).map((document, i) => [cosine(query, document), i] as const)
      return scores.sort((a, b) => b[0] - a[0]).map(([, i]) => `${i}`)
    })
    const found = await describeSpace({
      dimension: d,
      documents: documents.vectors,
      queries: queries.vectors,
      pairs,
      rankings: { ids, documents: n, k },
    })
    const compared = await compareSpaces(documents, other, k)
    const got = {
      anisotropy: found.documents.anisotropy,
      effectiveRank: found.documents.spectrum!.effectiveRank,
      participationRatio: found.documents.spectrum!.participationRatio,
      firstComponentShare: found.documents.spectrum!.firstComponentShare,
      uniformity: found.documents.uniformity,
      alignment: found.alignment,
      cka: compared.cka,
      neighbourOverlap: compared.neighbours!.overlap,
      neighbourJaccard: compared.neighbours!.jaccard,
      skew: found.hubness!.skew,
      absent: found.hubness!.absent,
      blockCosine: found.shift!.cosine,
      blockDistance: found.shift!.distance,
    }
    expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort())
    for (const [name, value] of Object.entries(got)) expect(value, name).toBeCloseTo(want[name]!, 8)
  })
})

describe('describeSpace and compareSpaces', () => {
  it('leave out and count what is broken, and renumber the pairs', async () => {
    const sound = made(9, 4, 5)
    const queries = made(3, 4, 6)
    const broken = rows(4, ...sound.vectors.subarray(0, 8), 0, 0, 0, 0, ...sound.vectors.subarray(8), NaN, 1, 1, 1)
    const whole = { dimension: 4, queries: queries.vectors }
    const good = await describeSpace({ ...whole, documents: sound.vectors, pairs: [[1, 2]] })
    const bad = await describeSpace({
      ...whole,
      documents: broken.vectors,
      // Of the vector of zeros, of the one with NaN, and of one behind the zeros.
      pairs: [
        [0, 2],
        [0, 10],
        [1, 3],
      ],
    })
    expect(bad.documents.norms).toMatchObject({ vectors: 11, notFinite: 1, zeros: 1 })
    const { norms: _, ...rest } = good.documents
    expect(bad.documents).toMatchObject(rest)
    expect([bad.alignment, bad.pairs, bad.shift]).toEqual([good.alignment, 1, good.shift])
    expect(JSON.parse(JSON.stringify(bad))).toEqual(bad)
    expect((await compareSpaces(broken, broken)).items).toBe(9)
    expect(await compareSpaces(broken, sound).catch((error: unknown) => error)).toMatchObject({ code: 'INTERNAL' })
  })

  it('keep relevant documents that are given apart out of the sample', async () => {
    const [documents, queries, relevant] = [made(9, 4, 5), made(3, 4, 6), made(2, 4, 8)]
    const common = { dimension: 4, documents: documents.vectors, queries: queries.vectors }
    const alone = await describeSpace(common)
    const { alignment, pairs, ...rest } = await describeSpace({
      ...common,
      relevant: relevant.vectors,
      pairs: [
        [0, 1],
        [2, 0],
      ],
    })
    expect(rest).toEqual({ ...rest, ...(({ alignment: _, pairs: __, ...same }) => same)(alone) })
    expect(pairs).toBe(2)
    const cosine = (q: number, d: number) => {
      const [a, b] = [asRows(queries)[q]!, asRows(relevant)[d]!]
      return a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b)
    }
    expect(alignment).toBeCloseTo(2 - cosine(0, 1) - cosine(2, 0), 6)
  })

  it('have no figures for what is not there', async () => {
    expect(await describeSpace({ dimension: 2, documents: Float32Array.of(1, 2) })).toEqual({
      dimension: 2,
      documents: {
        norms: {
          vectors: 1,
          length: { min: Math.sqrt(5), mean: Math.sqrt(5), max: Math.sqrt(5) },
          notFinite: 0,
          zeros: 0,
          constantDimensions: 0,
        },
        anisotropy: null,
        uniformity: null,
        spectrum: null,
      },
      queries: null,
      alignment: null,
      pairs: 0,
      shift: null,
      hubness: null,
    })
  })
})
