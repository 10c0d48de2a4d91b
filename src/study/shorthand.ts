import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Bm25Input } from './schema-bm25.ts'
import type { FusionInput } from './schema-fusion.ts'
import { STUDY_FUSION_METHODS } from './schema-fusion.ts'

const BM25_KEYS = ['variant', 'k1', 'b', 'delta', 'analyzer', 'multifield', 'id'] as const
const NUMBERS = new Set(['k1', 'b', 'delta'])

/** Whether a string names BM25, with or without parameters: `bm25`, `bm25:analyzer=code,k1=1.2`. */
export function isBm25Shorthand(text: string): boolean {
  return /^bm25(?::|$)/i.test(text)
}

/** Whether a string names a fusion: `rrf:bm25,minilm`. */
export function isFusionShorthand(text: string): boolean {
  const method = /^([\w-]+):/.exec(text)?.[1]
  return method !== undefined && (STUDY_FUSION_METHODS as readonly string[]).includes(method)
}

/**
 * `bm25` or `bm25:key=value,…` as the object that it stands for. Values are checked by the schema afterwards.
 *
 * @throws FieldtrialError `USAGE` for an unknown key or a number that is none.
 */
export function parseBm25(text: string): Bm25Input {
  const input: Record<string, unknown> = { type: 'bm25' }
  const parameters = text.slice('bm25'.length).replace(/^:/, '')
  for (const part of parameters === '' ? [] : parameters.split(',')) {
    const [key, value] = split(part, text)
    if (!(BM25_KEYS as readonly string[]).includes(key))
      throw new FieldtrialError('USAGE', `bm25 has no parameter ${JSON.stringify(key)} (in ${JSON.stringify(text)}).`, {
        hint: didYouMean(key, BM25_KEYS),
      })
    if (NUMBERS.has(key)) {
      const number = Number(value)
      if (value.trim() === '' || !Number.isFinite(number))
        throw new FieldtrialError(
          'USAGE',
          `${key} must be a number, not ${JSON.stringify(value)} (in ${JSON.stringify(text)}).`,
          { hint: `For example bm25:${key}=0.9.` },
        )
      input[key] = number
    } else if (key === 'multifield') input[key] = value === '' || value === 'true'
    else input[key] = value
  }
  return input as Bm25Input
}

/** `METHOD:ID,ID[,ID…]` as the object that it stands for. */
export function parseFusion(text: string): FusionInput {
  const colon = text.indexOf(':')
  const method = colon < 0 ? text : text.slice(0, colon)
  if (colon < 0 || !(STUDY_FUSION_METHODS as readonly string[]).includes(method))
    throw new FieldtrialError('USAGE', `${JSON.stringify(text)} is no fusion.`, {
      hint:
        colon < 0
          ? 'Write METHOD:RETRIEVER,RETRIEVER, for example rrf:bm25,minilm.'
          : didYouMean(method, STUDY_FUSION_METHODS),
    })
  const of = text
    .slice(colon + 1)
    .split(',')
    .map((member) => member.trim())
  return { method: method as FusionInput['method'], of: of.filter((member) => member !== '') }
}

function split(part: string, whole: string): [string, string] {
  const equals = part.indexOf('=')
  if (equals < 0) {
    if (part.trim() === 'multifield') return ['multifield', 'true']
    throw new FieldtrialError('USAGE', `${JSON.stringify(part)} is not key=value (in ${JSON.stringify(whole)}).`, {
      hint: 'For example bm25:analyzer=code,k1=1.2.',
    })
  }
  return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()]
}
