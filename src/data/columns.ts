/** Names of the columns, where they are not called as BEIR calls them. In files without a header a column is its number, `1` first. */
export interface Columns {
  /** Document id (and query id, unless `queryId` says otherwise). Default: `_id` or `id`, else as ViDoRe and Tevatron call it. */
  readonly id?: string
  /** Document title. Default: `title`; documents may lack it. */
  readonly title?: string
  /** Document text (and query text, unless `queryText` says otherwise). Default: `text`. */
  readonly text?: string
  readonly queryId?: string
  readonly queryText?: string
  /** Columns of the judgments. Defaults: `query-id`, `corpus-id`, `score` and their usual spellings. */
  readonly judgmentQuery?: string
  readonly judgmentDocument?: string
  readonly grade?: string
}

/** For each value, the column names under which it is looked for. */
export interface ColumnNames {
  readonly id: readonly string[]
  readonly title: readonly string[]
  readonly text: readonly string[]
  readonly queryId: readonly string[]
  readonly queryText: readonly string[]
  readonly judgmentQuery: readonly string[]
  readonly judgmentDocument: readonly string[]
  readonly grade: readonly string[]
}

export const JUDGMENT_QUERY = ['query-id', 'query_id', 'queryid', 'qid', 'query'] as const
export const JUDGMENT_DOCUMENT = [
  'corpus-id',
  'corpus_id',
  'corpusid',
  'doc-id',
  'doc_id',
  'docid',
  'pid',
  'document',
] as const
export const JUDGMENT_GRADE = ['score', 'grade', 'relevance', 'label', 'rel'] as const

/** Names of ids and of the query's text where they are neither BEIR's nor MTEB's: ViDoRe's and Tevatron's. */
const OTHER_DOCUMENT_IDS = ['corpus-id', 'docid'] as const
const OTHER_QUERY_IDS = ['query-id', 'query_id'] as const
const OTHER_QUERY_TEXTS = ['query'] as const

export function columnNames(columns: Columns = {}, titles: 'keep' | 'omit' = 'keep'): ColumnNames {
  const one = (name: string | undefined, usual: readonly string[]) => (name === undefined ? usual : [name])
  const id = one(columns.id, ['_id', 'id', ...OTHER_DOCUMENT_IDS])
  const text = one(columns.text, ['text'])
  const givenId = columns.id === undefined ? [] : [columns.id]
  return {
    id,
    title: titles === 'omit' ? [] : one(columns.title, ['title']),
    text,
    queryId: one(columns.queryId, [...new Set([...givenId, '_id', 'id', ...OTHER_QUERY_IDS])]),
    queryText: one(columns.queryText, [...new Set([...text, 'text', ...OTHER_QUERY_TEXTS])]),
    judgmentQuery: one(columns.judgmentQuery, JUDGMENT_QUERY),
    judgmentDocument: one(columns.judgmentDocument, JUDGMENT_DOCUMENT),
    grade: one(columns.grade, JUDGMENT_GRADE),
  }
}

/** Whether these names are numbers of columns, i.e. the file has no header. */
export function arePositions(names: readonly string[]): boolean {
  return names.some((name) => /^[1-9]\d*$/.test(name))
}
