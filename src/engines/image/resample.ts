/**
 * Resizing as Pillow does it (src/libImaging/Resample.c): separable convolution with a filter that is widened where the picture shrinks, in
 * whole numbers, rows first, each pass rounded to 8 bits. Processors of vision models were trained on it; others differ by some levels.
 */

/** Pillow's numbers of its filters, which preprocessor_config.json gives as `resample`. */
export const RESAMPLING = { lanczos: 1, bilinear: 2, bicubic: 3 } as const
export type Resampling = keyof typeof RESAMPLING

interface Filter {
  readonly support: number
  at(x: number): number
}

const FILTERS: Readonly<Record<Resampling, Filter>> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: bicubic },
  lanczos: { support: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
}

/** Keys' cubic (1981) with a = -0.5. */
function bicubic(given: number): number {
  const a = -0.5
  const x = Math.abs(given)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a
  return 0
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI)
}

/** Bits behind the point of a weight. */
const PRECISION = 22
const HALF = 1 << (PRECISION - 1)

interface Weights {
  /** First pixel that each new one is made of, and how many follow. */
  readonly from: Int32Array
  readonly counts: Int32Array
  /** `size` weights for each new pixel. */
  readonly values: Int32Array
  readonly size: number
}

function weightsOf(given: number, wanted: number, { support, at }: Filter): Weights {
  const scale = given / wanted
  const stretch = Math.max(1, scale)
  const reach = support * stretch
  const size = Math.ceil(reach) * 2 + 1
  const from = new Int32Array(wanted)
  const counts = new Int32Array(wanted)
  const values = new Int32Array(wanted * size)
  const row = new Float64Array(size)
  for (let i = 0; i < wanted; i++) {
    const center = (i + 0.5) * scale
    const first = Math.max(0, Math.trunc(center - reach + 0.5))
    const count = Math.min(given, Math.trunc(center + reach + 0.5)) - first
    let sum = 0
    for (let k = 0; k < count; k++) {
      row[k] = at((k + first - center + 0.5) / stretch)
      sum += row[k]!
    }
    from[i] = first
    counts[i] = count
    for (let k = 0; k < count; k++) {
      const weight = (row[k]! / (sum === 0 ? 1 : sum)) * 2 ** PRECISION
      values[i * size + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5)
    }
  }
  return { from, counts, values, size }
}

function clip(sum: number): number {
  const level = sum >> PRECISION
  return level < 0 ? 0 : Math.min(255, level)
}

/** @param pixels RGB, row after row. @returns The same at another size. */
export function resample(
  pixels: Uint8Array,
  width: number,
  height: number,
  newWidth: number,
  newHeight: number,
  filter: Resampling,
): Uint8Array {
  const rows = width === newWidth ? pixels : resizeRows(pixels, width, height, newWidth, FILTERS[filter])
  return height === newHeight ? rows : resizeColumns(rows, newWidth, height, newHeight, FILTERS[filter])
}

function resizeRows(pixels: Uint8Array, width: number, height: number, newWidth: number, filter: Filter): Uint8Array {
  const { from, counts, values, size } = weightsOf(width, newWidth, filter)
  const out = new Uint8Array(newWidth * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < newWidth; x++) {
      let r = HALF
      let g = HALF
      let b = HALF
      let at = (y * width + from[x]!) * 3
      const end = x * size + counts[x]!
      for (let k = x * size; k < end; k++) {
        const weight = values[k]!
        r += pixels[at]! * weight
        g += pixels[at + 1]! * weight
        b += pixels[at + 2]! * weight
        at += 3
      }
      const to = (y * newWidth + x) * 3
      out[to] = clip(r)
      out[to + 1] = clip(g)
      out[to + 2] = clip(b)
    }
  return out
}

function resizeColumns(
  pixels: Uint8Array,
  width: number,
  height: number,
  newHeight: number,
  filter: Filter,
): Uint8Array {
  const { from, counts, values, size } = weightsOf(height, newHeight, filter)
  const stride = width * 3
  const out = new Uint8Array(newHeight * stride)
  const sums = new Int32Array(stride)
  for (let y = 0; y < newHeight; y++) {
    sums.fill(HALF)
    for (let k = 0; k < counts[y]!; k++) {
      const weight = values[y * size + k]!
      const row = (from[y]! + k) * stride
      for (let i = 0; i < stride; i++) sums[i] = sums[i]! + pixels[row + i]! * weight
    }
    for (let i = 0; i < stride; i++) out[y * stride + i] = clip(sums[i]!)
  }
  return out
}

/** @returns The middle of a picture; what lies outside of it is black. */
export function centerCrop(
  pixels: Uint8Array,
  width: number,
  height: number,
  newWidth: number,
  newHeight: number,
): Uint8Array {
  if (width === newWidth && height === newHeight) return pixels
  const out = new Uint8Array(newWidth * newHeight * 3)
  const left = cropStart(width, newWidth)
  const top = cropStart(height, newHeight)
  for (let y = 0; y < newHeight; y++) {
    const from = y + top
    if (from < 0 || from >= height) continue
    const first = Math.max(0, left)
    const last = Math.min(width, left + newWidth)
    out.set(pixels.subarray((from * width + first) * 3, (from * width + last) * 3), (y * newWidth + first - left) * 3)
  }
  return out
}

/** Negative where the picture is smaller than the crop. */
function cropStart(size: number, wanted: number): number {
  return size >= wanted ? Math.floor((size - wanted) / 2) : -Math.floor((wanted - size + 1) / 2)
}
