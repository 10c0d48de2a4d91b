import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import type { DcgForm } from './measures/ndcg.ts'

/** What stands between the parentheses of a measure's name, e.g. `rel=2, judged_only=True`. */
export interface Parameters {
  /** Lowest grade that counts as relevant; default 1. */
  readonly rel?: number
  /** Take documents without a grade out of the ranking first. */
  readonly judged_only?: boolean
  readonly dcg?: DcgForm
  readonly gains?: ReadonlyMap<number, number>
  readonly p?: number
  readonly beta?: number
  readonly relative?: boolean
  readonly max_rel?: number
}

export type ParameterName = keyof Parameters

interface Kind {
  readonly wants: string
  parse(text: string): unknown
  format(value: unknown): string
}

const count: Kind = {
  wants: 'a whole number from 1 on',
  parse: (text) => (/^\d{1,9}$/.test(text) && Number(text) >= 1 ? Number(text) : undefined),
  format: String,
}
const flag: Kind = {
  wants: 'True or False',
  parse: (text) => (/^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined),
  format: (value) => (value ? 'True' : 'False'),
}
const decimal = (wants: string, allowed: (value: number) => boolean): Kind => ({
  wants,
  parse(text) {
    const value = /^\d*\.?\d+(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
    return allowed(value) ? value : undefined
  },
  format: String,
})

const KINDS: Record<ParameterName, Kind> = {
  rel: count,
  max_rel: count,
  judged_only: flag,
  relative: flag,
  p: decimal('a number above 0 and below 1', (value) => value > 0 && value < 1),
  beta: decimal('a number above 0', (value) => value > 0),
  dcg: {
    wants: "'log2' or 'exp-log2'",
    parse: (text) => /^(['"]?)(log2|exp-log2)\1$/.exec(text)?.[2],
    format: (value) => `'${value}'`,
  },
  gains: { wants: 'gains by grade, e.g. {1:1,2:3}', parse: parseGains, format: formatGains },
}

function parseGains(text: string): Map<number, number> | undefined {
  const inner = /^\{(.*)\}$/.exec(text)?.[1]
  if (inner === undefined) return undefined
  const gains = new Map<number, number>()
  for (const pair of inner.split(',')) {
    const match = /^\s*(\d{1,9})\s*:\s*(-?\d*\.?\d+)\s*$/.exec(pair)
    if (!match) return undefined
    gains.set(Number(match[1]), Number(match[2]))
  }
  return gains
}

function formatGains(value: unknown): string {
  const pairs = [...(value as ReadonlyMap<number, number>)].sort(([a], [b]) => a - b)
  return `{${pairs.map(([grade, gain]) => `${grade}:${gain}`).join(',')}}`
}

/**
 * @param text what stands between the parentheses
 * @param allowed parameters that the measure has
 * @param measure the measure as it was written, for messages
 * @throws FieldtrialError `USAGE`
 */
export function parseParameters(text: string, allowed: readonly ParameterName[], measure: string): Parameters {
  const parameters: Record<string, unknown> = {}
  for (const part of splitParameters(text)) {
    const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    if (name === undefined || value === undefined)
      throw wrong(measure, `"${part.trim()}" is no parameter`, `Write parameters as name=value, e.g. P(rel=2)@10.`)
    if (!(allowed as readonly string[]).includes(name))
      throw wrong(
        measure,
        `it has no parameter ${name}`,
        allowed.length === 0 ? 'It has none.' : didYouMean(name, allowed),
      )
    if (name in parameters) throw wrong(measure, `the parameter ${name} stands twice`, 'Keep one.')
    const kind = KINDS[name as ParameterName]
    const parsed = kind.parse(value)
    if (parsed === undefined) throw wrong(measure, `${name} cannot be ${value || 'empty'}`, `${name} is ${kind.wants}.`)
    parameters[name] = parsed
  }
  return parameters
}

/** Splits at commas, but not at those within braces. */
function splitParameters(text: string): string[] {
  if (text.trim() === '') return []
  return text.split(/,(?![^{]*\})/)
}

/** The parameters that were given, in a fixed order: `(rel=2,judged_only=True)`; empty without any. */
export function formatParameters(parameters: Parameters): string {
  const given = (Object.keys(KINDS) as ParameterName[]).filter((name) => parameters[name] !== undefined)
  if (given.length === 0) return ''
  return `(${given.map((name) => `${name}=${KINDS[name].format(parameters[name])}`).join(',')})`
}

function wrong(measure: string, what: string, hint: string): FieldtrialError {
  return new FieldtrialError('USAGE', `The measure ${measure} cannot be read: ${what}.`, { hint })
}
