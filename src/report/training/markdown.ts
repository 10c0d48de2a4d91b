import { formatCount, formatScore, NO_VALUE } from '../format.ts'
import { escapeMarkdown, table } from '../markdown-text.ts'
import type { Curves, TrainingPage } from './page.ts'

/** A training as GitHub-flavoured Markdown: what came of it, its course in some rows, data, settings. */
export function renderTrainingMarkdown(page: TrainingPage): string {
  const parts = [
    `# ${escapeMarkdown(page.name)}`,
    ...(page.description === '' ? [] : [escapeMarkdown(page.description)]),
    page.outcome.map(escapeMarkdown).join(' '),
    ...page.warnings.map((warning) => `**Warning**: ${escapeMarkdown(warning)}`),
    '## Course',
    ...(page.watched === null ? [] : [escapeMarkdown(page.watched.sentence)]),
    course(page.curves),
    '## Data',
    table(
      ['Source', 'Split', 'Examples', 'Negatives', 'Queries cut', 'Documents missing'],
      page.sources.map(({ source, split, examples, negatives, cutQueries, missing }) => [
        escapeMarkdown(source),
        escapeMarkdown(split ?? NO_VALUE),
        formatCount(examples),
        escapeMarkdown(negatives),
        formatCount(cutQueries),
        formatCount(missing),
      ]),
      2,
    ),
    '## Settings',
    table(
      ['Setting', 'Value'],
      page.settings.map(([name, value]) => [escapeMarkdown(name), escapeMarkdown(value)]),
      2,
    ),
    `${escapeMarkdown(page.made)} Fingerprint \`${page.fingerprint}\`.`,
  ]
  return `${parts.join('\n\n')}\n`
}

const ROWS = 12

/** Every evaluation, or without any a dozen steps. */
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
        ? score
            .filter((one) => one.step === step)
            .map(({ value, best }) => `${formatScore(value)}${best ? ' \\*' : ''}`)
        : []),
    ]),
  )
}
