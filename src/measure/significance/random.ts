/** Seeded random words: xoshiro128** 1.1 (Blackman and Vigna 2018), its state filled by SplitMix32. */
export interface RandomWords {
  /** The next 32 random bits as a signed integer. */
  next(): number
}

/**
 * @param seed a whole number; equal seeds give equal sequences on every machine
 * @param stream sequences of one seed that must not be alike take different numbers
 */
export function randomWords(seed: number, stream = 0): RandomWords {
  let mixed = (Math.trunc(seed) ^ Math.imul(stream, 0x632be5ab)) | 0
  // The upper half of a seed beyond 32 bits must count as well.
  mixed ^= Math.imul(Math.floor(seed / 2 ** 32) | 0, 0x27d4eb2f)
  const fill = () => {
    mixed = (mixed + 0x9e3779b9) | 0
    let z = mixed
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) | 0
  }
  let a = fill()
  let b = fill()
  let c = fill()
  // All zero is the one state that the generator never leaves.
  let d = fill() || 1
  return {
    next() {
      const scrambled = Math.imul(b, 5)
      const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9)
      const shifted = b << 9
      c ^= a
      d ^= b
      b ^= c
      a ^= d
      c ^= shifted
      d = (d << 11) | (d >>> 21)
      return result
    },
  }
}
