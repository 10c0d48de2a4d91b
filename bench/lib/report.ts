import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { describeMachine, type Machine } from './machine.ts'

/** What a row is held against: our speed as a multiple of the peer's, or a bound on our own figure. */
export type Target =
  | { readonly ratio: number }
  | { readonly atMost: number }
  | { readonly atLeast: number }
  | { readonly below: number }

/** One figure beside a peer's. */
export interface BenchRow {
  /** What was measured, e.g. `index, 57,638 documents`. */
  readonly name: string
  readonly ours: number
  /** The peer's figure in the same unit; null where there is no peer. */
  readonly peer: number | null
  /** Who the peer is, with its version if known; empty where there is none. */
  readonly peerName: string
  /** e.g. `documents/s`, `ms`, `MB`. */
  readonly unit: string
  /** How many times better ours is than the peer's: above 1 is better, whichever way the unit points. Null without a peer. */
  readonly ratio: number | null
  readonly target: Target | null
  /** Whether the target is met; null without one. */
  readonly ok: boolean | null
}

/** Something that could not be measured, and why. */
export interface Skip {
  readonly name: string
  readonly reason: string
}

/** What a bench script leaves behind (`--json FILE`). */
export interface BenchReport {
  readonly title: string
  readonly command: string
  readonly machine: Machine
  readonly rows: readonly BenchRow[]
  readonly skips: readonly Skip[]
  readonly notes: readonly string[]
}

/**
 * Makes a row, working out ratio and verdict.
 *
 * @param spec `better` says which way the unit points: `higher` for a rate (documents/s), `lower` for time or memory. A `ratio`
 *   target without a peer's figure stays undecided (`ok` null).
 */
export function benchRow(spec: {
  readonly name: string
  readonly ours: number
  readonly unit: string
  readonly better: 'higher' | 'lower'
  readonly peer?: number | null
  readonly peerName?: string
  readonly target?: Target | null
}): BenchRow {
  const { name, ours, unit, better, peer = null, peerName = '', target = null } = spec
  const ratio = peer === null ? null : better === 'higher' ? ours / peer : peer / ours
  return { name, ours, peer, peerName, unit, ratio, target, ok: verdict(ours, ratio, target) }
}

function verdict(ours: number, ratio: number | null, target: Target | null): boolean | null {
  if (target === null) return null
  if ('ratio' in target) return ratio === null ? null : ratio >= target.ratio
  if ('atMost' in target) return ours <= target.atMost
  if ('below' in target) return ours < target.below
  return ours >= target.atLeast
}

/**
 * Prints a bench's rows as an aligned table on standard output, its skips with their reasons, and, with `--json FILE` on the
 * command line, writes them as JSON.
 *
 * @param options `packages`: the Python peers whose versions belong into the machine's description.
 */
export async function reportBench(
  rows: readonly BenchRow[],
  options: {
    readonly title: string
    readonly skips?: readonly Skip[]
    readonly notes?: readonly string[]
    readonly packages?: readonly string[]
    readonly argv?: readonly string[]
  },
): Promise<BenchReport> {
  const { title, skips = [], notes = [], packages = [], argv = process.argv } = options
  const json = flagValue('--json', argv)
  const words = argv.slice(2).filter((_, i, all) => all[i] !== '--json' && all[i - 1] !== '--json')
  const command = ['node', `bench/${basename(argv[1] ?? '')}`, ...words].join(' ')
  const report: BenchReport = { title, command, machine: await describeMachine(packages), rows, skips, notes }
  console.log(`${title}\n${machineLine(report.machine)}\n`)
  console.log(alignedTable(HEAD, rows.map(cells)))
  for (const skip of skips) console.log(`skipped: ${skip.name}: ${skip.reason}`)
  for (const note of notes) console.log(`note: ${note}`)
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`)
  return report
}

/** The word after a flag on the command line. */
export function flagValue(flag: string, argv: readonly string[] = process.argv): string | undefined {
  const at = argv.indexOf(flag)
  return at < 0 ? undefined : argv[at + 1]
}

/** The machine in one line. */
export function machineLine(machine: Machine): string {
  const versions = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`)
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
    machine.os,
    `Node ${machine.node}`,
    machine.python === null ? 'no Python' : `Python ${machine.python}`,
    ...versions,
  ].join('; ')
}

/** The columns of every table. */
export const HEAD = ['what', 'fieldtrial', 'peer', 'unit', 'ratio', 'target', 'verdict', 'peer is'] as const

/** A row as the words of a table. */
export function cells(row: BenchRow): string[] {
  return [
    row.name,
    figure(row.ours),
    row.peer === null ? '–' : figure(row.peer),
    row.unit,
    row.ratio === null ? '–' : `${row.ratio.toFixed(2)}×`,
    targetWords(row.target),
    row.ok === null ? '–' : row.ok ? 'met' : 'NOT met',
    row.peerName || '–',
  ]
}

function targetWords(target: Target | null): string {
  if (target === null) return '–'
  if ('ratio' in target) return `≥ ${target.ratio}×`
  if ('atMost' in target) return `≤ ${target.atMost}`
  if ('below' in target) return `< ${target.below}`
  return `≥ ${target.atLeast}`
}

/** Three or four significant digits, thousands parted by commas. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en-US')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  // Cosines live here: rounding one up to its target would make the verdict look wrong.
  if (size > 0.99 && size < 1) return value.toFixed(6)
  return size >= 0.1 ? value.toFixed(4).replace(/0{1,2}$/, '') : value.toPrecision(3)
}

function alignedTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const widths = head.map((word, i) => Math.max(word.length, ...body.map((row) => row[i]!.length)))
  const numeric = new Set([1, 2, 4, 5])
  const line = (row: readonly string[]) =>
    row
      .map((word, i) => (numeric.has(i) ? word.padStart(widths[i]!) : word.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
