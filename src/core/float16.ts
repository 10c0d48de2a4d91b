const bits = new ArrayBuffer(4)
const asFloat = new Float32Array(bits)
const asInt = new Uint32Array(bits)

/**
 * IEEE 754 half precision of a float32, rounded to nearest, ties to even. Values whose rounding exceeds 65,504 give infinity, as the
 * standard says; the caller decides what to do about it.
 *
 * @returns The 16 bits.
 */
export function toHalf(value: number): number {
  asFloat[0] = value
  const x = asInt[0]!
  const sign = (x >>> 16) & 0x8000
  const magnitude = x & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // 2^-14, the smallest normal half, and above: rebias the exponent, round off 13 bits; a carry into the exponent is right as it is.
  if (magnitude >= 0x38800000) {
    const rounded = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13
    return sign | Math.min(rounded, 0x7c00)
  }
  // Half of the smallest subnormal, 2^-25, ties to zero; below it is zero.
  if (magnitude <= 0x33000000) return sign
  const exponent = magnitude >>> 23
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  const shift = 126 - exponent
  const kept = mantissa >>> shift
  const rest = mantissa & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0))
}

/** The value of 16 bits of IEEE 754 half precision; exact. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
