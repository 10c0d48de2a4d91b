import { FieldtrialError } from '../core/errors.ts'
import { nearest } from '../core/suggest.ts'
import { type Aggregate, MEASURE_FAMILIES, type MeasureFamily } from './families.ts'
import { formatParameters, type Parameters, parseParameters } from './parameters.ts'
import { type JudgedRanking, judgedOnly } from './ranking.ts'

/** A measure with its parameters and cutoff. */
export interface Measure {
  /** Canonical: `nDCG@10`, `P(rel=2)@10`; parameters stand in it when they were given. */
  readonly name: string
  readonly family: string
  readonly cutoff: number | null
  readonly parameters: Parameters
  readonly aggregate: Aggregate
  /** The value for one query. */
  compute(ranking: JudgedRanking): number
}

const byName = new Map<string, MeasureFamily>()
const byCutName = new Map<string, MeasureFamily>()
for (const family of MEASURE_FAMILIES) {
  for (const name of [family.name, ...family.aliases, ...(family.trec ? [family.trec] : [])])
    byName.set(name.toLowerCase(), family)
  if (family.trecCut) byCutName.set(family.trecCut.toLowerCase(), family)
}

/**
 * Reads a measure's name: ir_measures' grammar `Name(parameter=value,…)@cutoff`, without regard to case; also
 * trec_eval's names (`ndcg_cut_10`, `P.5`, `recip_rank`) and those of MTEB and BEIR (`ndcg_at_10`). `MAP` is AP, `Recall`
 * is R, `Precision` is P; `MRR` and `RR` are the same measure, and each keeps the name that was asked for.
 *
 * @throws FieldtrialError `USAGE`, with the name that was probably meant
 */
export function parseMeasure(text: string): Measure {
  const name = text.trim()
  const parts = /^([\w.-]+)\s*(?:\((.*)\))?\s*(?:@\s*(\S+))?$/.exec(name)
  if (!parts) throw unknown(name, name)
  const [, base, inner, cut] = parts
  const family = byName.get(base!.toLowerCase())
  if (family) return build(family, name, inner ?? '', cut)
  if (inner === undefined && cut === undefined) {
    const appended = withAppendedCutoff(base!)
    if (appended) return build(appended.family, name, '', appended.cutoff)
  }
  throw unknown(name, base!)
}

/**
 * Reads many measures; a text may hold several, separated by commas or blanks, and trec_eval's `P.5,10` means P@5 and P@10.
 * A measure that is asked for twice counts once.
 *
 * @throws FieldtrialError `USAGE`, with every wrong one in `problems`
 */
export function parseMeasures(texts: readonly string[]): Measure[] {
  const measures = new Map<string, Measure>()
  const problems: FieldtrialError[] = []
  for (const text of texts.flatMap(splitList)) {
    try {
      const measure = parseMeasure(text)
      measures.set(measure.name, measure)
    } catch (error) {
      if (!(error instanceof FieldtrialError)) throw error
      problems.push(error)
    }
  }
  if (problems.length === 1) throw problems[0]
  if (problems.length > 1)
    throw new FieldtrialError('USAGE', `${problems.length} measures cannot be read.`, {
      hint: problems.map((problem) => `${problem.message} ${problem.hint ?? ''}`.trim()).join('\n'),
      problems,
    })
  return [...measures.values()]
}

function splitList(text: string): string[] {
  const dotted = /^([A-Za-z]\w*)\.(\d+(?:\.\d+)?(?:,\d+(?:\.\d+)?)+)$/.exec(text.trim())
  if (dotted) return dotted[2]!.split(',').map((cutoff) => `${dotted[1]}.${cutoff}`)
  return text.split(/[\s,]+(?![^(]*\))/).filter((part) => part !== '')
}

/** `ndcg_cut_10`, `P.5`, `iprec_at_recall_0.10`, and MTEB's `ndcg_at_10`. */
function withAppendedCutoff(name: string): { family: MeasureFamily; cutoff: string } | undefined {
  const trec = /^(.+?)[._](\d+(?:\.\d+)?)$/.exec(name)
  if (trec) {
    const family = byCutName.get(trec[1]!.toLowerCase())
    if (family) return { family, cutoff: trec[2]! }
  }
  const mteb = /^(.+)_at_(\d+)$/i.exec(name)
  const family = mteb ? byName.get(mteb[1]!.toLowerCase()) : undefined
  return family && family.cutoff !== 'none' ? { family, cutoff: mteb![2]! } : undefined
}

function build(family: MeasureFamily, written: string, inner: string, cut: string | undefined): Measure {
  const parameters = parseParameters(inner, family.parameters, written)
  const cutoff = parseCutoff(family, written, cut)
  const suffix = cutoff === undefined ? '' : `@${cutoff}`
  return {
    name: `${family.name}${formatParameters(parameters)}${suffix}`,
    family: family.name,
    cutoff: cutoff ?? null,
    parameters,
    aggregate: family.aggregate,
    compute: (ranking) => family.compute(parameters.judged_only ? judgedOnly(ranking) : ranking, parameters, cutoff),
  }
}

function parseCutoff(family: MeasureFamily, written: string, cut: string | undefined): number | undefined {
  if (family.cutoff === 'recall') {
    const recall = cut !== undefined && /^\d*\.?\d+$/.test(cut) ? Number(cut) : Number.NaN
    if (recall >= 0 && recall <= 1) return recall
    throw wrongCutoff(written, 'needs a recall from 0 to 1', `Write ${family.name}@0.1.`)
  }
  if (cut === undefined) {
    if (family.cutoff !== 'required') return undefined
    throw wrongCutoff(written, 'needs a cutoff', `Write ${family.name}@10.`)
  }
  if (family.cutoff === 'none') throw wrongCutoff(written, 'has no cutoff', `Write ${family.name}.`)
  if (/^\d{1,9}$/.test(cut) && Number(cut) >= 1) return Number(cut)
  throw wrongCutoff(written, `cannot be cut at ${cut}`, `The cutoff is a whole number from 1 on: ${family.name}@10.`)
}

function wrongCutoff(written: string, what: string, hint: string): FieldtrialError {
  return new FieldtrialError('USAGE', `The measure ${written} ${what}.`, { hint })
}

const NAMES = [...byName.keys(), ...byCutName.keys()].filter((name) => name.length > 1)

/** Suggests the whole of what was written, mended: `nDCG@10` rather than `nDCG`. */
function unknown(written: string, base: string): FieldtrialError {
  const stem = base.replace(/(_at_|[_.])?\d+$/, '')
  const near = stem.length > 1 ? nearest(stem, NAMES) : undefined
  const family = near === undefined ? undefined : (byName.get(near) ?? byCutName.get(near))
  let hint: string
  if (family) {
    const cutoff =
      /(?:@|_at_|[_.]|[A-Za-z])(\d+)$/.exec(written)?.[1] ?? (family.cutoff === 'required' ? '10' : undefined)
    hint = `Did you mean ${family.name}${family.cutoff === 'none' || cutoff === undefined ? '' : `@${cutoff}`}?`
  } else hint = `Known: ${MEASURE_FAMILIES.map((f) => f.name).join(', ')}; for example nDCG@10, R@100, AP.`
  return new FieldtrialError(
    'USAGE',
    written === '' ? 'The name of a measure is empty.' : `There is no measure ${written}.`,
    { hint },
  )
}
