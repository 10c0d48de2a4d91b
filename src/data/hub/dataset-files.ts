import { FieldtrialError } from '../../core/errors.ts'
import { findLayout, type Layout } from '../layout.ts'
import { tableFormat } from '../table.ts'
import { type HubConfig, type HubContext, hubConfig } from './config.ts'
import { isCommit, type RepoRef } from './ref.ts'
import { fetchSnapshot, type Snapshot } from './snapshot.ts'

const PARQUET_BRANCH = 'refs/convert/parquet'

/** The files of a data set on the disk: those of one repository, or of two where queries and judgments lie apart. */
export interface DatasetFiles {
  /** Path as the layout rules see it → path on the disk. */
  readonly files: ReadonlyMap<string, string>
  /** Repositories that they came from, as `owner/name@commit`. */
  readonly repositories: readonly string[]
}

/**
 * Brings the files of a retrieval data set to the disk: BEIR's two repositories (`NAME` and `NAME-qrels`), CoIR's older
 * two (`NAME-queries-corpus` and `NAME-qrels`) and the single ones of MTEB and CoIR. Where the main branch holds no
 * tables, the hub's own parquet conversion of it is taken.
 *
 * @param judgments The repository of the judgments and its commit, where both are known.
 * @throws FieldtrialError `DATA_MISSING`, `NETWORK`, `OFFLINE`.
 */
export async function resolveDatasetFiles(
  repo: RepoRef,
  subset: string | undefined,
  context: HubContext,
  judgments?: { readonly repo: string; readonly revision: string | null },
): Promise<DatasetFiles> {
  const hub = hubConfig(context)
  const found: Tables[] = []
  const failures: FieldtrialError[] = []
  const take = async (id: string, revision: string) => {
    const tables = await orFailure(fetchTables(hub, { ...repo, id, revision }, subset))
    if (tables instanceof FieldtrialError) failures.push(tables)
    else if (tables.files.length > 0) found.push(tables)
  }
  const lacks = (part: (layout: Layout) => boolean) =>
    !found.some(({ id, files }) => part(findLayout(files, subset, `hf:${id}`)))
  const noDocuments = () => lacks((layout) => layout.documents.length > 0)
  const noQrels = () => lacks((layout) => layout.qrels.size > 0)
  const base = repo.id.replace(/-queries-corpus$/, '')
  await take(repo.id, repo.revision)
  const [refusal] = failures
  // A revision names a commit of the repository that was asked for, not of its siblings.
  if (noDocuments() && base === repo.id) await take(`${base}-queries-corpus`, 'main')
  if (found.length > 0 && noQrels()) await take(judgments?.repo ?? `${base}-qrels`, judgments?.revision ?? 'main')
  if (found.length === 0 && refusal) throw refusal
  // A part that may be there but could not be asked for is not the same as one that is not there.
  const unknown = failures.find(({ code }) => code !== 'DATA_MISSING')
  if (unknown && (noDocuments() || noQrels())) throw unknown
  return {
    files: new Map(found.flatMap(({ folder, files }) => files.map((path) => [path, `${folder}/${path}`] as const))),
    repositories: found.map(({ id, commit }) => `${id}@${commit}`),
  }
}

type Tables = Snapshot & { readonly id: string }

/** The tables of one repository that make up a collection; none is no error here, since they may lie beside it. */
async function fetchTables(hub: HubConfig, repo: RepoRef, subset: string | undefined): Promise<Tables> {
  const select = (paths: readonly string[]) => {
    const tables = paths.filter((path) => tableFormat(path) !== undefined)
    const { documents, queries, qrels } = findLayout(tables, subset, `hf:${repo.id}`)
    return [...documents, ...queries, ...[...qrels.values()].flat()]
  }
  const main = await fetchSnapshot(hub, repo, select)
  if (main.files.length > 0 || isCommit(repo.revision)) return { ...main, id: repo.id }
  const converted = await orFailure(fetchSnapshot(hub, { ...repo, revision: PARQUET_BRANCH }, select))
  if (!(converted instanceof FieldtrialError)) return { ...converted, id: repo.id }
  if (converted.code === 'NETWORK') throw converted
  return { ...main, id: repo.id }
}

/** A repository that may be absent, or out of reach, as its error; the caller decides what follows. */
async function orFailure<T>(fetching: Promise<T>): Promise<T | FieldtrialError> {
  try {
    return await fetching
  } catch (error) {
    if (error instanceof FieldtrialError && ['DATA_MISSING', 'OFFLINE', 'NETWORK'].includes(error.code)) return error
    throw error
  }
}
