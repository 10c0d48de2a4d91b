import type { Finding } from '../data/types.ts'
import type { LintReport } from '../study/lint/types.ts'
import { alignTable } from './table.ts'
import type { Terminal } from './terminal.ts'

const EXAMPLES = 3

/** What lint found as people read it: warnings with what to do, then what is worth knowing, then ceilings and lengths. */
export function lintText(findings: readonly Finding[], report: LintReport, colors: Terminal['outColors']): string {
  const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level)
  const warnings = of('warning')
  return [
    warnings.length === 0 ? `${colors.green('No warnings.')}\n` : '',
    ...warnings.map((finding) => findingText(finding, colors.yellow('warning'), colors)),
    ...of('info').map((finding) => findingText(finding, 'note', colors)),
    ceilingTable(report),
    lengthTable(report),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function findingText(
  { code, count, of, message, examples, hint, level }: Finding,
  label: string,
  colors: Terminal['outColors'],
): string {
  const share = level === 'warning' && of > 0 && count < of ? ` (${((100 * count) / of).toFixed(1)} %)` : ''
  const lines = [`${label} ${colors.dim(code)}${share}: ${message}`]
  if (examples.length > 0) {
    const more = examples.length > EXAMPLES ? ' …' : ''
    lines.push(`  e.g. ${examples.slice(0, EXAMPLES).join('; ')}${more}`)
  }
  if (hint !== undefined) lines.push(`  ${colors.dim(`→ ${hint}`)}`)
  return `${lines.join('\n')}\n`
}

/** The best that can be expected of each measure. */
function ceilingTable({ ceilings }: LintReport): string {
  if (ceilings.length === 0) return ''
  return alignTable([
    ['best possible', 'with twins', 'without'],
    ...ceilings.map(({ measure, value, apart }) => [measure, value.toFixed(4), apart.toFixed(4)]),
  ])
}

function lengthTable({ lint, tokens }: LintReport): string {
  const { documents, queries } = lint.lengths
  const rows = [
    ['documents, words', documents.words],
    ['documents, characters', documents.characters],
    ['queries, words', queries.words],
    ['queries, characters', queries.characters],
    ...tokens.flatMap(({ encoder, documents: d, queries: q }) => [
      [`documents, tokens of ${encoder}`, d?.tokens ?? null] as const,
      [`queries, tokens of ${encoder}`, q?.tokens ?? null] as const,
    ]),
  ] as const
  return alignTable([
    ['length', 'mean', 'least', 'median', '90 %', '99 %', 'most'],
    ...rows.map(([name, spread]) =>
      spread === null
        ? [name, '-', '-', '-', '-', '-', '-']
        : [
            name,
            spread.mean.toFixed(1),
            ...[spread.min, spread.median, spread.p90, spread.p99, spread.max].map(String),
          ],
    ),
  ])
}
