const bits = new Uint32Array(1)
const number = new Float32Array(bits.buffer)

/** The bits of a float32 rounded to bfloat16: to nearest, ties to even; NaN stays one. */
export function toBfloat16(value: number): number {
  number[0] = value
  const x = bits[0]!
  if ((x & 0x7fffffff) > 0x7f800000) return (x >>> 16) | 0x40
  return ((x + 0x7fff + ((x >>> 16) & 1)) >>> 16) & 0xffff
}
