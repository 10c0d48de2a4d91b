import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import { globPattern, whyNotOpened } from './expand.ts'
import { DATASET_GROUPS } from './groups.ts'
import { listDatasets } from './list.ts'
import type { DatasetInfo } from './types.ts'

export interface DatasetFilter {
  /** Part of an id or title, or a pattern over ids with `*` and `?`. */
  readonly name?: string
  readonly family?: string
  /** Of documents or queries: text, code or image. */
  readonly modality?: string
  /** Natural (`en`) or programming language (`python`) of documents or queries. */
  readonly language?: string
  readonly group?: string
  /** At most so many documents: `100k`, `1M`, `5000`. */
  readonly size?: string
  /** Only those that a study can open. */
  readonly available?: boolean
}

/**
 * The data sets that a filter lets through, in the order of the list, or of the group. Sets of unknown size are beyond any limit.
 *
 * @throws FieldtrialError `USAGE` for a family, modality, language, group or size that there is not.
 */
export function filterDatasets(filter: DatasetFilter): DatasetInfo[] {
  const all = listDatasets()
  const family = known('family', filter.family, new Set(all.map((dataset) => dataset.family)))
  const modality = known('modality', filter.modality, new Set(all.flatMap(modalitiesOf)))
  const language = known('language', filter.language, new Set(all.flatMap(languagesOf)))
  const group = known('group', filter.group, new Set(DATASET_GROUPS.map(({ name }) => name)))
  const most = filter.size === undefined ? Number.POSITIVE_INFINITY : parseSize(filter.size)
  const named = nameMatcher(filter.name)
  const among = group === undefined ? all : DATASET_GROUPS.find(({ name }) => name === group)!.members
  return among.filter(
    (dataset) =>
      named(dataset) &&
      (family === undefined || dataset.family === family) &&
      (modality === undefined || modalitiesOf(dataset).includes(modality)) &&
      (language === undefined || languagesOf(dataset).includes(language)) &&
      (most === Number.POSITIVE_INFINITY || (dataset.documents !== null && dataset.documents <= most)) &&
      (!filter.available || whyNotOpened(dataset) === undefined),
  )
}

const modalitiesOf = ({ modality, queryModality }: DatasetInfo): string[] =>
  [modality, queryModality].flatMap((one) => one.split('+'))

const languagesOf = ({ languages, programmingLanguages }: DatasetInfo): string[] => [
  ...languages,
  ...programmingLanguages,
]

function nameMatcher(text: string | undefined): (dataset: DatasetInfo) => boolean {
  if (text === undefined) return () => true
  const wanted = text.toLowerCase()
  if (/[*?]/.test(wanted)) {
    const pattern = globPattern(wanted)
    return ({ id, name }) => pattern.test(id) || pattern.test(name)
  }
  return ({ id, name, title }) => [id, name, title.toLowerCase()].some((one) => one.includes(wanted))
}

function known(what: string, value: string | undefined, all: ReadonlySet<string>): string | undefined {
  if (value === undefined) return undefined
  const wanted = value.toLowerCase()
  if (all.has(wanted)) return wanted
  throw new FieldtrialError('USAGE', `There is no ${what} ${JSON.stringify(value)} of data sets.`, {
    hint: didYouMean(value, all),
  })
}

function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text.trim()) ?? []
  if (number === undefined)
    throw new FieldtrialError('USAGE', `${JSON.stringify(text)} is no number of documents.`, {
      hint: 'Write it as 5000, 100k or 1M.',
    })
  return Number(number) * { '': 1, k: 1e3, m: 1e6 }[unit.toLowerCase()]!
}
