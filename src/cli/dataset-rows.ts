import type { DatasetField, DatasetInfo, HubSource } from '../data/registry/types.ts'
import { formatBytes } from './format.ts'

/** All that is known of a data set of the registry, a row per fact; what nobody has checked is marked. */
export function datasetRows(dataset: DatasetInfo, instruction: string | null, groups: readonly string[]): string[][] {
  const { hub } = dataset
  const marked = (field: DatasetField, text: string) =>
    dataset.unverified.includes(field) ? `${text}  (unverified)` : text
  const code = dataset.programmingLanguages
  return [
    ['name', dataset.id],
    ['title', dataset.title],
    ['kind', dataset.kind],
    ['hub', hub === null ? 'cannot be fetched' : marked('hub', addressOf(hub, dataset.subset))],
    ...(hub === null ? [] : commitRows(hub, marked)),
    ...dataset.mirrors.map((mirror) => ['also at', `${mirror.repo}${mirror.revision ? ` @ ${mirror.revision}` : ''}`]),
    ['documents', marked('counts', `${number(dataset.documents)}, ${dataset.modality}`)],
    ['queries', marked('counts', `${number(dataset.queries)}, ${dataset.queryModality}`)],
    ...Object.entries(dataset.splits).map(([split, { queries, judgments }]) => [
      `split ${split}${split === dataset.split ? ' (official)' : ''}`,
      marked('counts', `${number(queries)} queries, ${number(judgments)} judgments`),
    ]),
    ['languages', [...dataset.languages, ...code].join(', ') || 'none'],
    ['titles', dataset.titles === 'keep' ? 'joined to the text' : 'left out: figures are over the text alone'],
    ["query's own document", dataset.removeSelf ? 'dropped from its ranking' : 'kept'],
    ['measures', dataset.measures.join(', ') || 'none'],
    ['task instruction', instruction ?? 'none published'],
    ['licence', marked('licence', dataset.licence)],
    ['size', dataset.bytes === null ? 'unknown' : `${formatBytes(dataset.bytes)} to fetch`],
    ['content hashes', dataset.hashes === undefined ? 'none pinned' : `corpus ${dataset.hashes.corpus}`],
    ['groups', groups.join(', ') || 'none'],
    ...(dataset.note === undefined ? [] : [['note', dataset.note]]),
    ['unverified', dataset.unverified.join(', ') || 'nothing'],
  ]
}

function commitRows(hub: HubSource, marked: (field: DatasetField, text: string) => string): string[][] {
  const commit = (revision: string | null) => marked('revision', revision ?? 'none known: main is used')
  return [
    ['commit', commit(hub.revision)],
    ...(hub.qrels ? [['judgments', `${hub.qrels.repo} @ ${commit(hub.qrels.revision)}`]] : []),
  ]
}

function addressOf({ repo }: HubSource, subset: string | undefined): string {
  return subset === undefined ? repo : `${repo}, subset ${subset}`
}

const number = (n: number | null) => (n === null ? 'unknown' : n.toLocaleString('en'))
