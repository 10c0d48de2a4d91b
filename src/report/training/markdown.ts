import type { TrainingRecord } from '../../train/job/record.ts'
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatP,
  formatScore,
  formatSeconds,
  formatTime,
  NO_VALUE,
} from '../format.ts'
import { escapeMarkdown, table } from '../markdown-text.ts'
import type { Curves } from './curves.ts'
import { trainingSettings } from './settings.ts'

/** A training as GitHub-flavoured Markdown: what came of it, its curve in some rows, data, settings. */
export function renderTrainingMarkdown(record: TrainingRecord, curves: Curves): string {
  const { result, watched, machine } = record
  const parts = [
    `# ${escapeMarkdown(record.name)}`,
    ...(record.description === '' ? [] : [escapeMarkdown(record.description)]),
    outcome(record),
    ...(result?.warnings ?? []).map((warning) => `**Warning**: ${escapeMarkdown(warning)}`),
    '## Course',
    ...(watched === null
      ? []
      : [
          `${escapeMarkdown(watched.measure)} on ${formatCount(watched.queries)} queries and ${formatCount(watched.documents)} documents of ${escapeMarkdown(watched.collection)} (${escapeMarkdown(watched.split)}). It chose the weights, so it is too good for a test.`,
        ]),
    course(curves),
    '## Data',
    table(
      ['Source', 'Split', 'Examples', 'Negatives', 'Queries cut', 'Documents missing'],
      record.data.sources.map((source) => [
        escapeMarkdown(source.source),
        escapeMarkdown(source.split ?? NO_VALUE),
        formatCount(source.taken),
        escapeMarkdown(source.negatives ?? 'of the batch'),
        formatCount(source.cutQueries),
        formatCount(source.missing),
      ]),
      2,
    ),
    '## Settings',
    table(
      ['Setting', 'Value'],
      trainingSettings(record).map(([name, value]) => [escapeMarkdown(name), escapeMarkdown(value)]),
      2,
    ),
    `fieldtrial ${escapeMarkdown(record.fieldtrial)}, ${escapeMarkdown(machine.cpu)}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)} memory. Started ${escapeMarkdown(formatTime(record.startedAt))}. Fingerprint \`${record.fingerprint}\`.`,
  ]
  return `${parts.join('\n\n')}\n`
}

/** What came of it, in a sentence or two. */
function outcome({ result, watched }: TrainingRecord): string {
  if (result === null) return 'Not finished.'
  const { score, loss, steps, seconds, tokens, stopped } = result
  const sentences = [
    `${formatCount(steps)} updates in ${formatSeconds(seconds)}, ${formatCount(tokens / Math.max(seconds, 1e-9))} tokens per second${stopped === 'early' ? '; stopped early' : ''}.`,
    ...(loss === null ? [] : [`Loss ${loss.first.toFixed(3)} at the start, ${loss.last.toFixed(3)} at the end.`]),
    ...(score === null || watched === null
      ? []
      : [
          `${escapeMarkdown(watched.measure)} ${formatScore(score.before)} before and **${formatScore(score.after)}** at step ${score.step}: ${formatDifference(score.difference)} (${formatDifference(score.interval[0])} to ${formatDifference(score.interval[1])}), p ${formatP(score.p)}.`,
        ]),
  ]
  return sentences.join(' ')
}

const ROWS = 12

/** Some rows of the curves: every evaluation, else a dozen steps. */
function course({ loss, lr, score, accuracy }: Curves): string {
  const steps =
    score.length > 0
      ? score.map(({ step }) => step)
      : loss.filter((_, i) => i % Math.ceil(loss.length / ROWS) === 0 || i === loss.length - 1).map(({ step }) => step)
  const at = (curve: Curves['loss'], step: number) =>
    curve.findLast((point) => point.step <= step)?.value ?? curve.find((point) => point.step >= step)?.value ?? null
  return table(
    ['Step', 'Loss', 'First of its batch', 'Learning rate', ...(score.length > 0 ? ['Watched'] : [])],
    steps.map((step) => [
      formatCount(step),
      formatScore(at(loss, step), 3),
      formatScore(at(accuracy, step), 3),
      at(lr, step)?.toExponential(1) ?? NO_VALUE,
      ...(score.length > 0
        ? score.filter((one) => one.step === step).map(({ value, best }) => `${formatScore(value)}${best ? ' *' : ''}`)
        : []),
    ]),
  )
}
