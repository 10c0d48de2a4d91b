const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]
const TINY = 1e-300
const EPSILON = 2 ** -53

/** Natural logarithm of the gamma function for x > 0 (Lanczos' approximation, g = 7, nine terms). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const z = x - 1
  let sum = LANCZOS[0]!
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (z + i)
  const t = z + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum)
}

/** Corrections to Stirling's formula, ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π), from x = 10 on. */
function stirlingTail(x: number): number {
  const r = 1 / (x * x)
  return (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360)))))) / x
}

/** ln B(a, b). With one large argument the gammas cancel nearly all their digits, so their difference is worked out by Stirling's formula. */
function logBeta(a: number, b: number): number {
  const small = Math.min(a, b)
  const large = Math.max(a, b)
  if (large < 10) return logGamma(small) + logGamma(large) - logGamma(small + large)
  const sum = small + large
  const tail = stirlingTail(large) - stirlingTail(sum)
  if (small < 10)
    return logGamma(small) + tail + small - small * Math.log(sum) + (large - 0.5) * Math.log1p(-small / sum)
  return (
    0.5 * Math.log(2 * Math.PI) -
    0.5 * Math.log(large) +
    stirlingTail(small) +
    tail +
    (small - 0.5) * Math.log(small / sum) +
    large * Math.log1p(-small / sum)
  )
}

/**
 * Regularised incomplete beta function I_x(a, b), by Lentz' evaluation of its continued fraction (DLMF 8.17.22).
 *
 * @param y 1 − x, given apart because it loses its digits when x is near 1
 */
export function incompleteBeta(x: number, a: number, b: number, y = 1 - x): number {
  if (x <= 0) return 0
  if (y <= 0) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(y, b, a, x)
  const front = Math.exp(a * Math.log(x) + b * Math.log(y) - logBeta(a, b)) / a
  let c = 1
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / nonZero(1 + even * d)
    c = nonZero(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / nonZero(1 + odd * d)
    c = nonZero(1 + odd / c)
    const step = d * c
    value *= step
    if (Math.abs(step - 1) < EPSILON) break
  }
  return front * value
}

function nonZero(x: number): number {
  return Math.abs(x) < TINY ? TINY : x
}

/** P(|T| ≥ |t|) for Student's t with `df` degrees of freedom. */
export function studentTwoSided(t: number, df: number): number {
  if (Number.isNaN(t) || !(df > 0)) return Number.NaN
  if (!Number.isFinite(t)) return 0
  const square = t * t
  return incompleteBeta(df / (df + square), df / 2, 0.5, square / (df + square))
}

/** The t with P(T ≤ t) = p, by halving intervals and Newton's steps. */
export function studentQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1) || !(df > 0)) return p === 0 ? -Infinity : p === 1 ? Infinity : Number.NaN
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, df)
  const tails = 2 * (1 - p)
  let low = 0
  let high = 1
  while (studentTwoSided(high, df) > tails) {
    low = high
    high *= 2
  }
  const logFront = -logBeta(df / 2, 0.5) - 0.5 * Math.log(df)
  let t = (low + high) / 2
  for (let i = 0; i < 200; i++) {
    const excess = studentTwoSided(t, df) - tails
    if (excess > 0) low = t
    else high = t
    const density = 2 * Math.exp(logFront - ((df + 1) / 2) * Math.log1p((t * t) / df))
    const newton = t + excess / density
    const next = newton > low && newton < high ? newton : (low + high) / 2
    if (Math.abs(next - t) <= 2 * EPSILON * Math.abs(t)) return next
    t = next
  }
  return t
}

/** P(|Z| ≥ |z|) for the standard normal distribution: the incomplete gamma function Q(½, z²/2), by series near zero and continued fraction beyond. */
export function normalTwoSided(z: number): number {
  if (Number.isNaN(z)) return Number.NaN
  const x = (z * z) / 2
  if (x === 0) return 1
  if (!Number.isFinite(x)) return 0
  const front = Math.sqrt(x / Math.PI) * Math.exp(-x)
  if (x < 1.5) {
    let term = 2
    let sum = 2
    for (let n = 1; term > sum * EPSILON; n++) {
      term *= x / (n + 0.5)
      sum += term
    }
    return 1 - front * sum
  }
  let b = x + 0.5
  let c = 1 / TINY
  let d = 1 / b
  let value = d
  for (let i = 1; i < 10_000; i++) {
    const a = -i * (i - 0.5)
    b += 2
    d = 1 / nonZero(a * d + b)
    c = nonZero(b + a / c)
    const step = d * c
    value *= step
    if (Math.abs(step - 1) < EPSILON) break
  }
  return front * value
}

/** The z with P(Z ≤ z) = p: Wichura's algorithm AS 241 (Applied Statistics 37, 1988), good to 16 digits. */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : Number.NaN
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return (q * polynomial(CENTRE_UP, r)) / polynomial(CENTRE_DOWN, r)
  }
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)))
  const z =
    r <= 5
      ? polynomial(MIDDLE_UP, r - 1.6) / polynomial(MIDDLE_DOWN, r - 1.6)
      : polynomial(TAIL_UP, r - 5) / polynomial(TAIL_DOWN, r - 5)
  return q < 0 ? -z : z
}

function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0
  for (let i = coefficients.length - 1; i >= 0; i--) value = value * x + coefficients[i]!
  return value
}

const CENTRE_UP = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
]
const CENTRE_DOWN = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852546,
]
const MIDDLE_UP = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
]
const MIDDLE_DOWN = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
]
const TAIL_UP = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
]
const TAIL_DOWN = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
  1.421511758316446e-7, 2.0442631033899397e-15,
]
