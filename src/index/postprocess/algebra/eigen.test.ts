import { describe, expect, it } from 'vitest'
import type { Eigen } from './decompose.ts'
import { largestEigen, symmetricEigen } from './eigen.ts'
import { leadingEigen } from './leading.ts'
import { type Matrix, product } from './product.ts'

/** A matrix of that many numbers without pattern. */
function numbers(rows: number, columns: number, scale = (_column: number) => 1): Matrix<Float64Array> {
  const data = Float64Array.from(
    { length: rows * columns },
    (_, i) => scale(i % columns) * ((((i + 1) * 7919) % 10007) / 5003 - 1 + Math.sin(i * i)),
  )
  return { data, rows, columns }
}

/** A covariance-like matrix whose variances fall by the given factor from dimension to dimension. */
async function covariance(size: number, fall: number): Promise<Matrix<Float64Array>> {
  const x = numbers(size + 20, size, (column) => fall ** column)
  return product(x, x, 'first')
}

/** Largest of |S·v − λ·v| over all pairs, and of |V·Vᵀ − I|. */
async function errors(matrix: Matrix<Float64Array>, { values, vectors, size }: Eigen) {
  const v = { data: vectors, rows: values.length, columns: size }
  const image = await product(v, matrix)
  const residual = image.data.reduce((most, x, i) => {
    return Math.max(most, Math.abs(x - values[Math.floor(i / size)]! * vectors[i]!))
  }, 0)
  const grams = (await product(v, v, 'second')).data
  const skewed = grams.reduce((most, x, i) => {
    return Math.max(most, Math.abs(x - (Math.floor(i / values.length) === i % values.length ? 1 : 0)))
  }, 0)
  return { residual: residual / values[0]!, skewed }
}

describe('product', () => {
  it.each(['neither', 'first', 'second'] as const)('equals the plain sums, %s transposed', async (transposed) => {
    const shapes = { neither: [3, 5, 5, 4], first: [5, 3, 5, 4], second: [3, 5, 4, 5] } as const
    const [a0, a1, b0, b1] = shapes[transposed]
    const [a, b] = [numbers(a0, a1), numbers(b0, b1)]
    const at = (m: Matrix<Float64Array>, i: number, j: number, flip: boolean) =>
      flip ? m.data[j * m.columns + i]! : m.data[i * m.columns + j]!
    const want = Array.from({ length: 12 }, (_, cell) => {
      const [i, j] = [Math.floor(cell / 4), cell % 4]
      let sum = 0
      for (let k = 0; k < 5; k++) sum += at(a, i, k, transposed === 'first') * at(b, k, j, transposed === 'second')
      return sum
    })
    const got = await product(a, b, transposed)
    expect([got.rows, got.columns]).toEqual([3, 4])
    got.data.forEach((x, i) => {
      expect(x).toBeCloseTo(want[i]!, 12)
    })
    const single = (m: Matrix<Float64Array>) => ({ ...m, data: Float32Array.from(m.data) })
    const rough = await product(single(a), single(b), transposed)
    rough.data.forEach((x, i) => {
      expect(x).toBeCloseTo(want[i]!, 5)
    })
  })

  it('of no rows has none', async () => {
    expect((await product(numbers(0, 4), numbers(4, 2))).data).toEqual(new Float64Array())
  })
})

describe('symmetricEigen', () => {
  it.each([3, 60, 200])('takes a matrix of size %i apart', async (size) => {
    const matrix = await covariance(size, 0.97)
    const eigen = await symmetricEigen(matrix)
    const { residual, skewed } = await errors(matrix, eigen)
    expect(residual).toBeLessThan(1e-12)
    expect(skewed).toBeLessThan(1e-12)
    for (let i = 1; i < size; i++) expect(eigen.values[i]!).toBeLessThanOrEqual(eigen.values[i - 1]!)
  })

  it('knows a matrix of two by hand', async () => {
    const { values, vectors } = await symmetricEigen({ data: Float64Array.of(2, -1, -1, 2), rows: 2, columns: 2 })
    expect([...values]).toEqual([expect.closeTo(3), expect.closeTo(1)])
    expect(vectors[0]! * vectors[1]!).toBeCloseTo(-0.5)
    expect(vectors[2]! * vectors[3]!).toBeCloseTo(0.5)
  })

  it('ends its thread when cancelled', async () => {
    const matrix = await covariance(600, 0.99)
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 30)
    await expect(symmetricEigen(matrix, stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

describe('leadingEigen', () => {
  it('finds what taking all apart finds', async () => {
    const matrix = await covariance(300, 0.98)
    const [few, all] = [await leadingEigen(matrix, 12), await symmetricEigen(matrix)]
    expect(few!.values).toHaveLength(12)
    few!.values.forEach((value, i) => {
      expect(value / all.values[i]!).toBeCloseTo(1, 12)
    })
    few!.vectors.forEach((x, i) => {
      expect(x).toBeCloseTo(all.vectors[i]!, 8)
    })
  })

  it('handles a matrix of low rank', async () => {
    const thin = numbers(3, 200)
    const matrix = await product(thin, thin, 'first')
    const few = await leadingEigen(matrix, 5)
    expect(few!.values[2]! / few!.values[0]!).toBeGreaterThan(1e-3)
    expect(Math.abs(few!.values[3]! / few!.values[0]!)).toBeLessThan(1e-12)
  })

  it('gives up on a flat spectrum, and largestEigen does not', async () => {
    // Variances fall by 2 % over all 300 dimensions: nothing separates the first vectors from the rest.
    const size = 300
    const data = new Float64Array(size * size)
    for (let i = 0; i < size; i++) data[i * size + i] = 1 - (0.02 * i) / size
    const matrix = { data, rows: size, columns: size }
    expect(await leadingEigen(matrix, 4)).toBeNull()
    const { values, vectors } = await largestEigen(matrix, 4)
    expect([...values]).toEqual([0, 1, 2, 3].map((i) => expect.closeTo(data[i * size + i]!, 12)))
    expect(vectors[0]).toBeCloseTo(1)
  })
})
