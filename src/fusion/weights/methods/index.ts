import type { MergeMethod } from '../types.ts'
import { dareLinear, dareTies } from './dare.ts'
import { linear } from './linear.ts'
import { slerp } from './slerp.ts'
import { taskArithmetic } from './task-arithmetic.ts'
import { ties } from './ties.ts'
import type { Method } from './types.ts'

/** Layers as they are: there is one source for each. */
const passthrough: Method = () => (piece) => piece.models[0]!

export const METHODS: Readonly<Record<MergeMethod, Method>> = {
  linear,
  slerp,
  task_arithmetic: taskArithmetic,
  ties,
  dare_linear: dareLinear,
  dare_ties: dareTies,
  passthrough,
}
