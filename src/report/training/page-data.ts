import type { TrainingRecord } from '../../train/job/record.ts'
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatPEquation,
  formatScore,
  formatSeconds,
  formatTime,
} from '../format.ts'
import type { Curves, TrainingPage } from './page.ts'
import { trainingSettings } from './settings.ts'

/** A training in the words and figures of its reports. */
export function trainingPage(record: TrainingRecord, curves: Curves): TrainingPage {
  const { name, description, result, watched, data, machine, fingerprint } = record
  return {
    name,
    description,
    outcome: outcomeOf(record),
    warnings: result?.warnings ?? [],
    watched:
      watched === null
        ? null
        : {
            measure: watched.measure,
            sentence: `${watched.measure} on ${formatCount(watched.queries)} of ${formatCount(watched.of.queries)} queries and ${formatCount(watched.documents)} of ${formatCount(watched.of.documents)} documents of ${watched.collection} (${watched.split}). It chose the weights, so it is too good for a test.`,
          },
    curves,
    sources: data.sources.map(({ source, split, taken, negatives, cutQueries, missing }) => ({
      source,
      split,
      examples: taken,
      negatives: negatives ?? 'of the batch',
      cutQueries,
      missing,
    })),
    settings: trainingSettings(record),
    made: `fieldtrial ${record.fieldtrial}, ${machine.cpu}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)} memory. Started ${formatTime(record.startedAt)}.`,
    fingerprint,
  }
}

function outcomeOf({ result, watched }: TrainingRecord): string[] {
  if (result === null) return ['Not finished.']
  const { score, loss, steps, seconds, tokens, stopped } = result
  return [
    `${formatCount(steps)} updates in ${formatSeconds(seconds)}, ${formatCount(tokens / Math.max(seconds, 1e-9))} tokens per second${stopped === 'early' ? '; stopped early' : ''}.`,
    ...(loss === null ? [] : [`Loss ${loss.first.toFixed(3)} at the start, ${loss.last.toFixed(3)} at the end.`]),
    ...(score === null || watched === null
      ? []
      : [
          `${watched.measure} ${formatScore(score.before)} before and ${formatScore(score.after)} at step ${score.step}: ${formatDifference(score.difference)} (${formatDifference(score.interval[0])} to ${formatDifference(score.interval[1])}), ${formatPEquation(score.p)}.`,
        ]),
  ]
}
