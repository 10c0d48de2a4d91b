import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import { modelGroups, namedModels, requireModel } from './index.ts'
import type { ModelEntry, ModelKind } from './types.ts'

const MODEL_KINDS: readonly ModelKind[] = ['llm', 'vision-llm', 'retriever', 'encoder', 'adapter']

export interface ModelFilter {
  readonly kind?: string
  readonly family?: string
  readonly group?: string
  /** At most so large: `7b`, `0.5B`, `300m`. */
  readonly size?: string
}

/**
 * The named models that a filter lets through, in the order of the list, or of the group.
 *
 * @throws FieldtrialError `USAGE` for a kind, family, group or size that there is not.
 */
export function filterModels(filter: ModelFilter): readonly ModelEntry[] {
  const families = [...new Set(namedModels.map(({ family }) => family))]
  const kind = known('kind', filter.kind, MODEL_KINDS)
  const family = known('family', filter.family, families)
  const group = known('group', filter.group, Object.keys(modelGroups))
  const most = filter.size === undefined ? Number.POSITIVE_INFINITY : parseSize(filter.size)
  const among = group === undefined ? namedModels : modelGroups[group]!.map((name) => requireModel(name))
  return among.filter(
    (model) =>
      (kind === undefined || model.kind === kind) &&
      (family === undefined || model.family === family) &&
      (most === Number.POSITIVE_INFINITY || nominalSize(model) <= most),
  )
}

function known(what: string, value: string | undefined, all: readonly string[]): string | undefined {
  if (value === undefined) return undefined
  const found = all.find((one) => one === value.toLowerCase())
  if (found !== undefined) return found
  throw new FieldtrialError('USAGE', `There is no ${what} ${JSON.stringify(value)} of models.`, {
    hint: didYouMean(value, all),
  })
}

/** Weights as people speak of them: `7b` in the name, though it has 7.6 billion; else those counted. Unknown ones are beyond any limit. */
function nominalSize({ name, parameters }: ModelEntry): number {
  const [, number, unit] = /-(\d+(?:\.\d+)?)([bm])(?=-|$)/.exec(name) ?? []
  if (number !== undefined) return Number(number) * (unit === 'b' ? 1e9 : 1e6)
  return parameters ?? Number.POSITIVE_INFINITY
}

function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([bm])$/i.exec(text.trim()) ?? []
  if (number === undefined)
    throw new FieldtrialError('USAGE', `${JSON.stringify(text)} is no size of a model.`, {
      hint: 'Write it as in the names: 7b, 0.5b, 300m.',
    })
  return Number(number) * (unit!.toLowerCase() === 'b' ? 1e9 : 1e6)
}
