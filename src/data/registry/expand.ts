import { FieldtrialError } from '../../core/errors.ts'
import { nearest } from '../../core/suggest.ts'
import { DATASET_GROUPS } from './groups.ts'
import { listDatasets } from './list.ts'
import type { DatasetInfo } from './types.ts'

/** What a name of several data sets came to. */
export interface ExpandedGroup {
  /** As the user wrote it. */
  readonly given: string
  readonly members: readonly DatasetInfo[]
  /** Members that no study can open, and why. */
  readonly left: readonly { readonly dataset: DatasetInfo; readonly why: string }[]
}

/**
 * The data sets behind the name of a group (`beir-13`) or a pattern over ids (`beir/*`, `coir/codetrans-*`), those left out that
 * cannot be fetched or are for training only.
 *
 * @returns Undefined when the text is neither.
 * @throws FieldtrialError `USAGE` for a pattern that matches nothing, or only what cannot be opened.
 */
export function expandGroup(text: string): ExpandedGroup | undefined {
  const wanted = text.toLowerCase()
  const group = DATASET_GROUPS.find(({ name }) => name === wanted)
  if (group === undefined && !isPattern(text)) return undefined
  const all = group?.members ?? listDatasets().filter(({ id }) => globPattern(wanted).test(id))
  if (all.length === 0)
    throw new FieldtrialError('USAGE', `No known collection matches ${JSON.stringify(text)}.`, {
      hint: patternHint(text),
    })
  const left = all.flatMap((dataset) => {
    const why = whyNotOpened(dataset)
    return why === undefined ? [] : [{ dataset, why }]
  })
  const members = all.filter((dataset) => whyNotOpened(dataset) === undefined)
  if (members.length === 0)
    throw new FieldtrialError(
      'USAGE',
      `None of the collections of ${JSON.stringify(text)} can be opened: ${left.map(({ dataset, why }) => `${dataset.id} (${why})`).join(', ')}.`,
      { hint: '`fieldtrial datasets` lists all names.' },
    )
  return { given: text, members, left }
}

/** Why a study cannot open a data set; undefined if it can. */
export function whyNotOpened(dataset: DatasetInfo): string | undefined {
  if (dataset.kind === 'training') return 'a training set, without judgments to measure by'
  return dataset.hub === null ? (dataset.note ?? 'it cannot be fetched') : undefined
}

/**
 * The nearest known name of a collection or group to one that nobody knows, as a hint; undefined for none.
 */
export function datasetHint(text: string): string | undefined {
  const ids = listDatasets().map(({ id }) => id)
  const wanted = text.toLowerCase()
  const near =
    ids.find((id) => id.split('/')[1] === wanted) ??
    listDatasets().find(({ name }) => name === wanted)?.id ??
    nearest(text, [...ids, ...DATASET_GROUPS.map(({ name }) => name)])
  return near === undefined ? undefined : `Did you mean ${near}?`
}

/** Whether a text is a pattern over registry ids: `*` or `?` in it, and a family before the slash, which a path would not have. */
function isPattern(text: string): boolean {
  return /^[a-z0-9*?-]+\/[a-z0-9*?.-]+$/i.test(text) && /[*?]/.test(text)
}

/** A shell pattern as a regular expression over the whole text: `*` for any letters, `?` for one. */
export function globPattern(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`)
}

function patternHint(text: string): string {
  const families = [...new Set(listDatasets().map(({ family }) => family))]
  const [family = ''] = text.toLowerCase().split('/')
  const near = families.includes(family as never) ? undefined : nearest(family, families)
  return near === undefined
    ? `Families are ${families.join(', ')}; \`fieldtrial datasets\` lists all names.`
    : `Did you mean ${text.replace(/^[^/]*/, near)}?`
}
