import { FieldtrialError, type Where } from '../core/errors.ts'
import type { Json } from '../core/fingerprint.ts'
import { placed } from './record.ts'
import type { FoundCard, SampleCard } from './sample-card.ts'
import type { Collection, Document, Finding, Qrels, Query } from './types.ts'

/** A collection out of files, with what is needed to cache what was found in them. */
export interface FileCollection extends Collection {
  /** Every file that the content comes from; when none changed, the content did not. */
  sourceFiles(): readonly string[]
  /**
   * Queries that the file has beside those of this split, in its order: those of other splits, such as training, and unjudged ones.
   * Never one that is under test.
   */
  otherQueries(): AsyncIterable<Query>
  /** What reading the queries and judgments showed, e.g. `queries.absent`, `qrels.repeated`. */
  readFindings(): Promise<readonly Finding[]>
  /** How the files are read (split, columns …): with the files' content it decides what the collection holds. */
  readonly reading: Json
  /** All splits that there are judgments for, in a fixed order. */
  readonly splits: readonly string[]
  /** Where it was fetched from, as `owner/name@commit`; empty for local files. */
  readonly repositories: readonly string[]
  /** Queries kept by a smoke run, or null for the whole collection. */
  readonly limit: number | null
  /** Where it was drawn from, if it is a sample of another collection; else null. */
  readonly sample: SampleCard | null
}

/** Relevance judgments as read, with what was odd about them. */
export interface Judgments {
  readonly qrels: Qrels
  /** Lines that repeat a judgment with the same grade. */
  readonly repeated: number
}

/** What a format must give; the rest (matching queries with judgments, checks) is the same for all formats. */
export interface CollectionParts {
  readonly name: string
  readonly source: string
  readonly split: string
  readonly removeSelf: boolean
  readonly reading: { readonly [key: string]: Json | undefined }
  readonly files: readonly string[]
  readonly splits: readonly string[]
  readonly repositories?: readonly string[]
  /** Its card, if it is a sample. */
  readonly sample?: FoundCard | null
  readDocuments(): AsyncIterable<Document>
  /** All queries of the file, also those of other splits, with their places. */
  readQueries(): AsyncIterable<{ readonly query: Query; readonly where: Where }>
  readJudgments(): Promise<Judgments>
}

interface Judged {
  readonly queries: Query[]
  readonly qrels: Qrels
  readonly findings: Finding[]
  /** All judgments of the split, also of queries that the file does not have. */
  readonly all: Qrels
}

const EXAMPLES = 5

/**
 * A collection from the parts that a format reads. Queries that are judged but not in the queries file cannot be run:
 * they are left out of queries and qrels, counted and reported as the finding `queries.absent`; a collection that has
 * none of its judged queries is an error. Queries and judgments are read once and kept (callers must not change them).
 */
export function fileCollection(parts: CollectionParts): FileCollection {
  let judged: Promise<Judged> | undefined
  const load = () => {
    judged ??= readJudged(parts).catch((error: unknown) => {
      judged = undefined // a mended file can be read by the same process
      throw error
    })
    return judged
  }
  return {
    name: parts.name,
    source: parts.source,
    split: parts.split,
    removeSelf: parts.removeSelf,
    reading: { split: parts.split, ...parts.reading },
    limit: null,
    sample: parts.sample?.card ?? null,
    splits: parts.splits,
    repositories: parts.repositories ?? [],
    documents: () => parts.readDocuments(),
    queries: async () => (await load()).queries,
    qrels: async () => (await load()).qrels,
    readFindings: async () => (await load()).findings,
    sourceFiles: () => (parts.sample ? [...parts.files, parts.sample.source.file] : parts.files),
    async *otherQueries() {
      const { all } = await load()
      for await (const { query } of parts.readQueries()) if (!all.has(query.id)) yield query
    },
  }
}

async function readJudged(parts: CollectionParts): Promise<Judged> {
  const { qrels: all, repeated } = await parts.readJudgments()
  if (all.size === 0)
    throw new FieldtrialError('DATA_INVALID', `The split ${parts.split} of ${parts.source} has no judgments.`, {
      hint: 'A collection needs at least one judged query; choose another split.',
    })
  const queries: Query[] = []
  const places = new Map<string, Where>()
  for await (const { query, where } of parts.readQueries()) {
    if (!all.has(query.id)) continue
    const before = places.get(query.id)
    if (before !== undefined)
      throw new FieldtrialError(
        'DATA_INVALID',
        placed(where, `the query id "${query.id}" stands already at ${before.file}:${before.line}.`),
        { hint: 'Every query needs an id of its own; remove one of the two.', where },
      )
    places.set(query.id, where)
    queries.push(query)
  }
  if (queries.length === 0)
    throw new FieldtrialError(
      'DATA_INVALID',
      `None of the ${all.size} judged queries of the split ${parts.split} is among the queries of ${parts.source}.`,
      {
        hint: `Judgments and queries do not belong together: the qrels name for example "${[...all.keys()][0]}".`,
      },
    )
  const qrels: Qrels = new Map(queries.map(({ id }) => [id, all.get(id)!]))
  return { queries, qrels, all, findings: judgedFindings(all, qrels, repeated) }
}

function judgedFindings(all: Qrels, kept: Qrels, repeated: number): Finding[] {
  const findings: Finding[] = []
  const absent = [...all.keys()].filter((id) => !kept.has(id))
  if (absent.length > 0)
    findings.push({
      code: 'queries.absent',
      level: 'warning',
      count: absent.length,
      of: all.size,
      message: `${absent.length} of ${all.size} judged queries are not in the queries file; they are left out of every measure.`,
      examples: absent.slice(0, EXAMPLES),
    })
  if (repeated > 0)
    findings.push({
      code: 'qrels.repeated',
      level: 'info',
      count: repeated,
      of: [...all.values()].reduce((sum, documents) => sum + documents.size, repeated),
      message: `${repeated} lines of the qrels repeat a judgment; each counts once.`,
      examples: [],
    })
  return findings
}

/** Collects judgments, refusing those that contradict each other. */
export class JudgmentsBuilder {
  readonly qrels: Qrels = new Map()
  repeated = 0

  /** @throws FieldtrialError `DATA_INVALID` when the pair was judged before with another grade. */
  add(query: string, document: string, grade: number, where: Where): void {
    let documents = this.qrels.get(query)
    if (documents === undefined) {
      documents = new Map()
      this.qrels.set(query, documents)
    }
    const before = documents.get(document)
    if (before === undefined) documents.set(document, grade)
    else if (before === grade) this.repeated++
    else
      throw new FieldtrialError(
        'DATA_INVALID',
        placed(where, `query "${query}" and document "${document}" were judged ${before} before and ${grade} here.`),
        { hint: 'Keep one of the two judgments.', where },
      )
  }

  done(): Judgments {
    return { qrels: this.qrels, repeated: this.repeated }
  }
}
