import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FieldtrialError } from '../core/errors.ts'
import { type ByteSource, fileSource } from './byte-source.ts'
import { type CollectionParts, type FileCollection, fileCollection } from './collection.ts'
import { columnNames } from './columns.ts'
import { openHub, openKnown } from './hub/open.ts'
import { limitCollection } from './limit.ts'
import { type Identity, isDirectory, nameOfPath, openFolder, openZip, readingOf, sampleOr } from './open-folder.ts'
import { datasetHint, expandGroup, findDataset, listDatasets, whyNotOpened } from './registry/index.ts'
import { SAMPLE_CARD } from './sample-card.ts'
import type { CollectionContext, CollectionSpec } from './spec.ts'
import { tableFile, tableFormat } from './table.ts'
import { readDocuments, readJudgments, readQueries } from './table-reader.ts'
import { readQrels, readTopics } from './trec.ts'
import { readTrecDocuments } from './trec-documents.ts'

/**
 * Opens a collection: finds its files (fetching them from the hub if need be) and checks that all parts and the split
 * are there. Records are read, and checked, by the collection's methods and by `summarise`.
 *
 * @throws FieldtrialError `DATA_MISSING`, `DATA_INVALID`, `NETWORK`, `OFFLINE`, `USAGE`.
 */
export async function openCollection(spec: CollectionSpec, context: CollectionContext): Promise<FileCollection> {
  const collection = await openWhole(spec, context)
  return context.limit === undefined ? collection : limitCollection(collection, context.limit)
}

async function openWhole(spec: CollectionSpec, context: CollectionContext): Promise<FileCollection> {
  const { source } = spec
  if (source.startsWith('hf:')) return openHub(source.slice('hf:'.length), spec, context)
  if (/\.zip$/i.test(source)) return openZip(source, spec, localIdentity(spec, context), context)
  if (await isDirectory(source)) {
    if (spec.files !== undefined) {
      const card = join(source, SAMPLE_CARD)
      const files = new Map(existsSync(card) ? [[SAMPLE_CARD, fileSource(card)]] : [])
      return openNamedFiles(spec, await sampleOr(files, spec, localIdentity(spec, context)))
    }
    if (spec.format === 'trec' || spec.format === 'table')
      throw new FieldtrialError('USAGE', `${source}: format ${spec.format} needs the names of the files.`, {
        hint: 'Give `files: { documents: …, queries: …, qrels: … }`, relative to the source.',
      })
    return openFolder(source, spec, localIdentity(spec, context), context)
  }
  const fault = nameFault(source)
  if (fault !== undefined) throw fault
  const known = findDataset(source)!
  return openKnown(known, known.hub!, spec, context)
}

/** Why a name that is neither a path nor on the hub by its address cannot be opened; undefined for known collections. Asks nobody. */
export function nameFault(source: string): FieldtrialError | undefined {
  const known = findDataset(source)
  if (known !== undefined) {
    const why = whyNotOpened(known)
    if (why === undefined) return undefined
    return new FieldtrialError('DATA_MISSING', `${known.id} cannot be opened: ${why}.`, {
      hint:
        known.kind === 'training'
          ? 'Name it where examples to train on are asked for.'
          : 'Get the data from its owner, bring it into BEIR layout, and give the folder.',
    })
  }
  const group = expandGroup(source)
  if (group !== undefined)
    return new FieldtrialError('USAGE', `${source} names ${group.members.length} collections; one is wanted here.`, {
      hint: `Name one of them: ${group.members
        .slice(0, 20)
        .map(({ id }) => id)
        .join(', ')}${group.members.length > 20 ? ' …' : ''}. In \`collections:\` of a study, groups work.`,
    })
  return new FieldtrialError('DATA_MISSING', `There is no folder, .zip or known data set ${source}.`, {
    hint: unknownHint(source),
  })
}

function unknownHint(source: string): string {
  return (
    datasetHint(source) ??
    'Check the path; a data set on the hub is named hf:owner/name, and `fieldtrial datasets` lists the known names.'
  )
}

/** A local folder called like a known collection is taken for it as far as `removeSelf` goes; that is said. */
function localIdentity(spec: CollectionSpec, context: CollectionContext): Identity {
  const folder = nameOfPath(spec.source)
  const known = listDatasets().find(({ name }) => name === folder.toLowerCase())
  const removeSelf = spec.removeSelf ?? known?.removeSelf ?? false
  if (spec.removeSelf === undefined && removeSelf)
    context.onNotice?.({
      level: 'info',
      code: 'collection.remove-self',
      message: `${spec.source} is taken for ${known!.id}: a document with the query's own id is dropped from its ranking. Set \`removeSelf\` to say otherwise.`,
    })
  return { name: spec.name ?? folder, source: spec.source, removeSelf }
}

/** TREC files and tables, each named by the user. */
function openNamedFiles(spec: CollectionSpec, identity: Identity): FileCollection {
  const { documents, queries, qrels } = spec.files!
  const at = (file: string) => fileSource(join(spec.source, file))
  const find = (path: string) => at(join(dirname(documents), path))
  const names = columnNames(spec.columns, spec.titles)
  const parts: CollectionParts = {
    ...identity,
    split: spec.split ?? 'test',
    splits: [spec.split ?? 'test'],
    reading: readingOf(spec),
    files: [documents, queries, qrels].map((file) => join(spec.source, file)),
    readDocuments: () =>
      tableFormat(documents) === undefined
        ? readTrecDocuments(at(documents))
        : readDocuments([tableFile(at(documents))], names, find),
    readQueries: () =>
      spec.format === 'trec' || tableFormat(queries) === undefined
        ? readTopicFile(at(queries))
        : readQueries([tableFile(at(queries))], names, find),
    readJudgments: async () => {
      if (spec.format === 'trec' || tableFormat(qrels) === undefined)
        return { qrels: await readQrels(at(qrels)), repeated: 0 }
      const { judgmentQuery, judgmentDocument, grade } = spec.columns ?? {}
      return readJudgments([tableFile(at(qrels))], names, Boolean(judgmentQuery ?? judgmentDocument ?? grade))
    },
  }
  return fileCollection(parts)
}

async function* readTopicFile(source: ByteSource) {
  let line = 0
  for (const query of await readTopics(source)) yield { query, where: { file: source.label, line: ++line } }
}
