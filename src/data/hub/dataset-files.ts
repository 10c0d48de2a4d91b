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
 * @throws FieldtrialError `DATA_MISSING`, `NETWORK`, `OFFLINE`.
 */
export async function resolveDatasetFiles(
  repo: RepoRef,
  subset: string | undefined,
  context: HubContext,
): Promise<DatasetFiles> {
  const fetchOne = (id: string) => fetchTables(hubConfig(context), { ...repo, id }, subset)
  // A revision names a commit of the repository that was asked for, not of its siblings.
  const fetchSibling = async (id: string) =>
    present(await orMissing(fetchTables(hubConfig(context), { ...repo, id, revision: 'main' }, subset)))
  const base = repo.id.replace(/-queries-corpus$/, '')
  const first = await orMissing(fetchOne(repo.id))
  const found = present(first)
  const holds = (part: (layout: Layout) => boolean) =>
    found.some(({ id, files }) => part(findLayout(files, subset, `hf:${id}`)))
  if (!holds((layout) => layout.documents.length > 0)) found.push(...(await fetchSibling(`${base}-queries-corpus`)))
  if (found.length === 0 && first instanceof FieldtrialError) throw first
  if (!holds((layout) => layout.qrels.size > 0)) found.push(...(await fetchSibling(`${base}-qrels`)))
  return {
    files: new Map(found.flatMap(({ folder, files }) => files.map((path) => [path, `${folder}/${path}`] as const))),
    repositories: found.map(({ id, commit }) => `${id}@${commit}`),
  }
}

/** The tables of one repository that make up a collection; none is no error here, since they may lie beside it. */
async function fetchTables(
  hub: HubConfig,
  repo: RepoRef,
  subset: string | undefined,
): Promise<Snapshot & { id: string }> {
  const select = (paths: readonly string[]) => {
    const tables = paths.filter((path) => tableFormat(path) !== undefined)
    const { documents, queries, qrels } = findLayout(tables, subset, `hf:${repo.id}`)
    return [...documents, ...queries, ...[...qrels.values()].flat()]
  }
  const main = await fetchSnapshot(hub, repo, select)
  if (main.files.length > 0 || isCommit(repo.revision)) return { ...main, id: repo.id }
  const converted = await orMissing(fetchSnapshot(hub, { ...repo, revision: PARQUET_BRANCH }, select))
  return { ...(converted instanceof FieldtrialError ? main : converted), id: repo.id }
}

function present(found: (Snapshot & { id: string }) | FieldtrialError): (Snapshot & { id: string })[] {
  return found instanceof FieldtrialError || found.files.length === 0 ? [] : [found]
}

/** A repository that may be absent, as its error; any other failure is thrown. */
async function orMissing<T>(fetching: Promise<T>): Promise<T | FieldtrialError> {
  try {
    return await fetching
  } catch (error) {
    if (error instanceof FieldtrialError && (error.code === 'DATA_MISSING' || error.code === 'OFFLINE')) return error
    throw error
  }
}
