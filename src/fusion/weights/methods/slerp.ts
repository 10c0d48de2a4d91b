import type { Method } from './types.ts'

/** Above this cosine two tensors are as good as parallel, and the arc is a straight line (as in mergekit). */
const PARALLEL = 0.9995
/** Tensors shorter than this have no direction. */
const NO_LENGTH = 1e-8

/**
 * The point at t on the arc from the first model's tensor to the second's, each taken as one vector:
 * (sin((1 − t)·θ)·x₀ + sin(t·θ)·x₁) / sin θ, θ the angle between them; straight interpolation where they are nearly parallel.
 */
export const slerp: Method = async ({ t, pass }) => {
  let [dot, squares0, squares1] = [0, 0, 0]
  for await (const { models } of pass()) {
    const [x, y] = [models[0]!, models[1]!]
    for (let i = 0; i < x.length; i++) {
      const [a, b] = [x[i]!, y[i]!]
      dot += a * b
      squares0 += a * a
      squares1 += b * b
    }
  }
  const length = (squares: number) => (Math.sqrt(squares) > NO_LENGTH ? Math.sqrt(squares) : 1)
  const cosine = Math.max(-1, Math.min(1, dot / (length(squares0) * length(squares1))))
  const [first, second] = shares(cosine, t)
  return ({ models }) => {
    const [x, y] = [models[0]!, models[1]!]
    for (let i = 0; i < x.length; i++) x[i] = first * x[i]! + second * y[i]!
    return x
  }
}

function shares(cosine: number, t: number): [number, number] {
  if (Math.abs(cosine) > PARALLEL) return [1 - t, t]
  const angle = Math.acos(cosine)
  return [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)]
}
