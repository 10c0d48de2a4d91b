import type { Command } from 'commander'
import type { Comparison, Holdings, Verdict } from '../data/verify/index.ts'
import { interruptible } from './interrupt.ts'
import { openWorkspace, WORKSPACE_HELP } from './options.ts'
import { ProgressLine } from './progress.ts'
import { alignTable } from './table.ts'
import { createTerminal, say, type Terminal } from './terminal.ts'

interface VerifyFlags {
  readonly all?: boolean
  readonly expect?: string
  readonly pin?: boolean
  readonly workspace?: string
  readonly offline?: boolean
  readonly json?: boolean
}

/** One collection that was asked for, with what came of it. */
interface Verified {
  readonly name: string
  readonly held: Holdings | null
  readonly comparisons: readonly Comparison[]
  readonly verdict: Verdict | 'cannot be read'
  /** Why it could not be read. */
  readonly error: string | null
}

export function registerDatasetsVerify(datasets: Command): void {
  datasets
    .command('verify')
    .summary('check counts and hashes of a collection')
    .description(
      'Reads a collection whole, fetching it if need be, and compares documents, queries, judgments and content hashes of every split with what the registry states, with a MANIFEST.md beside the folder, or with a file. Exits with 3 when anything differs, or when nothing is known to compare with.',
    )
    .argument('<source>', 'a name that `fieldtrial datasets` lists, a folder, a .zip, or hf:owner/name')
    .option('--all', 'the source is a folder of collections: verify each of them')
    .option('--expect <file>', 'what to compare with: a Markdown table of counts, or what --pin printed')
    .option('--pin', 'print what is there as JSON for --expect, and compare nothing')
    .option('-w, --workspace <dir>', WORKSPACE_HELP)
    .option('--offline', 'never use the network')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial datasets verify beir/scifact\n  fieldtrial datasets verify data --all --expect data/MANIFEST.md\n  fieldtrial datasets verify data/mine --pin > mine.json\n  fieldtrial datasets verify data/mine --expect mine.json',
    )
    .action(async (source: string, _flags: unknown, command: Command) => {
      const flags = command.optsWithGlobals<VerifyFlags>()
      const terminal = createTerminal()
      const verified = await interruptible(terminal, (signal) => verifyAll(source, flags, terminal, signal))
      process.exitCode = report(verified, flags, terminal)
    })
}

async function verifyAll(
  source: string,
  flags: VerifyFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Verified[]> {
  const { collectionsUnder, compareHoldings, expectationsFor, takeStock, verdictOf } = await import(
    '../data/verify/index.ts'
  )
  const { FieldtrialError } = await import('../core/errors.ts')
  const workspace = await openWorkspace(flags.workspace)
  const progress = new ProgressLine(terminal)
  const verified: Verified[] = []
  for (const one of flags.all ? await collectionsUnder(source, flags.expect) : [source]) {
    const expectations = flags.pin ? [] : await expectationsFor(one, flags.expect)
    const splits = expectations.flatMap(({ splits }) => Object.keys(splits))
    try {
      const context = {
        cacheDir: workspace.cache,
        signal,
        ...(flags.offline ? { offline: true } : {}),
        onNotice: (n: { message: string }) => say(terminal, n.message),
      }
      const held = await takeStock({ source: one }, context, { signal, onProgress: progress.update }, splits)
      const comparisons = expectations.flatMap((expected) => compareHoldings(held, expected))
      verified.push({ name: held.name, held, comparisons, verdict: verdictOf(comparisons), error: null })
    } catch (error) {
      // Of several collections one that is broken must not hide the others.
      if (!flags.all || !(error instanceof FieldtrialError) || error.code === 'CANCELLED') throw error
      verified.push({ name: one, held: null, comparisons: [], verdict: 'cannot be read', error: error.message })
    } finally {
      progress.clear()
    }
  }
  return verified
}

/** Prints what came of it, and says the exit code: 0 when all that is known agrees. */
function report(verified: readonly Verified[], flags: VerifyFlags, terminal: Terminal): number {
  const { out } = terminal
  if (flags.pin) {
    out.write(
      `${JSON.stringify(
        verified.flatMap(({ held }) => (held ? [held] : [])),
        null,
        1,
      )}\n`,
    )
    for (const { name, error } of verified) if (error !== null) terminal.err.write(`${name}: ${error}\n`)
    return verified.some(({ error }) => error !== null) ? 3 : 0
  }
  const failed = verified.some(({ verdict }) => verdict !== 'agrees')
  if (flags.json) out.write(`${JSON.stringify(verified)}\n`)
  else for (const one of verified) writeVerified(one, terminal)
  return failed ? 3 : 0
}

function writeVerified(one: Verified, { out, outColors: c }: Terminal): void {
  const { verdict } = one
  const known = one.comparisons.filter(({ expected }) => expected !== null)
  const paint = verdict === 'agrees' ? c.green : verdict === 'unknown' ? c.yellow : c.red
  const sources = [...new Set(known.map(({ against }) => against))]
  out.write(
    `${paint(verdict === 'agrees' ? '✓' : verdict === 'unknown' ? '?' : '✗')} ${one.name}: ${summaryText(one, known.length, sources)}\n`,
  )
  const differing = known.filter(({ expected, found }) => expected !== found)
  if (differing.length > 0)
    out.write(
      alignTable([
        ['  field', 'expected', 'found', 'stated by'],
        ...differing.map(({ field, expected, found, against }) => [
          `  ${field}`,
          String(expected),
          found === null ? 'no such split' : String(found),
          against,
        ]),
      ]),
    )
  const hashes = one.comparisons.filter(({ field }) => field.endsWith('hash'))
  if (one.held && !hashes.some(({ expected }) => expected !== null))
    out.write(`  no hash is known of it; its corpus hash is ${one.held.corpusHash} (--pin prints all)\n`)
}

function summaryText(one: Verified, fields: number, sources: readonly string[]): string {
  switch (one.verdict) {
    case 'cannot be read':
      return one.error!
    case 'unknown':
      return `nothing is known of it to compare with (${one.held!.documents} documents, splits ${Object.keys(one.held!.splits).join(', ')})`
    case 'agrees':
      return `${fields} fields agree with ${sources.join(' and ')}`
    case 'differs':
      return `differs from ${sources.join(' and ')}`
  }
}
