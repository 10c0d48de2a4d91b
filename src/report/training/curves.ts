import type { DevScore, LoggedEvent, StepEvent } from '../../train/job/events.ts'
import type { Curves, Point } from './page.ts'

const POINTS = 240

/** The curves of a log of events. Steps are averaged in equal groups, so that a long training is no longer than a short one. */
export function curvesOf(events: readonly LoggedEvent[]): Curves {
  const steps = events.filter((event): event is LoggedEvent & StepEvent => event.event === 'step')
  const scores = events.filter((event): event is LoggedEvent & DevScore => event.event === 'score')
  const size = Math.max(1, Math.ceil(steps.length / POINTS))
  const groups = Array.from({ length: Math.ceil(steps.length / size) }, (_, i) => steps.slice(i * size, (i + 1) * size))
  const curve = (value: (step: StepEvent) => number): Point[] =>
    groups.map((group) => ({
      step: group.at(-1)!.step,
      value: group.reduce((sum, step) => sum + value(step), 0) / group.length,
    }))
  return {
    loss: curve(({ loss }) => loss),
    lr: curve(({ lr }) => lr),
    gradNorm: curve(({ gradNorm }) => gradNorm),
    accuracy: steps.some(({ accuracy }) => accuracy !== undefined) ? curve(({ accuracy }) => accuracy ?? 0) : [],
    tokensPerSecond: groups.map((group) => ({
      step: group.at(-1)!.step,
      value:
        group.reduce((sum, { tokens }) => sum + tokens, 0) /
        Math.max(
          1e-9,
          group.reduce((sum, { seconds }) => sum + seconds, 0),
        ),
    })),
    score: scores.map(({ step, value, best }) => ({ step, value, best })),
  }
}
