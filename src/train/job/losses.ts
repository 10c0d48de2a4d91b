import type { StepEvent } from './events.ts'
import type { TrainingResult } from './record.ts'

/** Updates whose losses are averaged, before it is judged whether they fell: single ones go up and down. */
const WINDOW = 20

/** Mean loss of the first and of the last twentieth of the updates; null where there was none. */
export function lossOf(steps: readonly StepEvent[]): TrainingResult['loss'] {
  if (steps.length === 0) return null
  const count = Math.max(1, Math.floor(steps.length / 20))
  return { first: mean(steps.slice(0, count)), last: mean(steps.slice(-count)) }
}

/** What is to be said of a loss that did not fall; null where it did, or where too few updates were made to tell. */
export function lossWarning(steps: readonly StepEvent[]): string | null {
  if (steps.length < 2 * WINDOW) return null
  const [first, last] = [mean(steps.slice(0, WINDOW)), mean(steps.slice(-WINDOW))]
  if (last < first) return null
  return `The loss did not fall: ${first.toFixed(3)} in the first ${WINDOW} updates, ${last.toFixed(3)} in the last. The learning rate may be too high or too low, the training too short, or the positives no answers.`
}

function mean(steps: readonly StepEvent[]): number {
  return steps.reduce((sum, { loss }) => sum + loss, 0) / steps.length
}
