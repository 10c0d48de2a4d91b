import { type BenchReport, cells, HEAD, machineLine, type Skip } from './report.ts'

/** Load average per core above which figures are not to be trusted without a word. */
const BUSY = 0.25

/**
 * All reports as one Markdown page: the machine, a table per bench with targets and verdicts, what was skipped, and why.
 *
 * @param command The command that made it.
 * @param failures Benches that gave no report.
 */
export function markdownPage(command: string, reports: readonly BenchReport[], failures: readonly Skip[]): string {
  const [first] = reports
  const rows = reports.flatMap((report) => report.rows)
  const met = rows.filter((row) => row.ok === true).length
  const undecided = rows.filter((row) => row.target !== null && row.ok === null).length
  const missed = rows.filter((row) => row.ok === false)
  const parts = [
    '# Benchmarks',
    `Made by \`${command}\` (see \`bench/README.md\`). Fieldtrial and the peer took turns on one machine; medians; a ratio above 1 means that fieldtrial does better. Compare ratios, not figures, with another machine's.`,
    [
      `Of ${met + missed.length + undecided} targets ${met} are met`,
      ...missed.map((row) => `missed: ${row.name} (${row.peerName || row.unit})`),
      ...(undecided === 0 ? [] : [`${undecided} undecided for want of a peer`]),
    ].join('; '),
    ...(first !== undefined && first.machine.load > BUSY * first.machine.cores
      ? [`The machine was busy before the start (load average ${first.machine.load}): read the ratios with care.`]
      : []),
    ...reports.map(section),
    ...(failures.length === 0 ? [] : [`## Not run\n\n${failures.map(skipLine).join('\n')}`]),
  ]
  return `${parts.join('\n\n')}\n`
}

function section(report: BenchReport): string {
  const features = report.machine.features.length === 0 ? '' : ` (${report.machine.features.join(', ')})`
  const parts = [
    `## ${report.title}`,
    `\`${report.command}\` on ${machineLine(report.machine)}${features}.`,
    ...(report.rows.length === 0 ? [] : [table(HEAD, report.rows.map(cells))]),
  ]
  if (report.notes.length > 0) parts.push(report.notes.map((note) => `- ${note}`).join('\n'))
  if (report.skips.length > 0) parts.push(`Skipped:\n\n${report.skips.map(skipLine).join('\n')}`)
  return parts.join('\n\n')
}

function skipLine(skip: Skip): string {
  return `- ${skip.name}: ${skip.reason}`
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) => `| ${row.map((word) => word.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = '|---|---:|---:|---|---:|---:|---|---|'
  return [line(head), rule, ...body.map(line)].join('\n')
}
