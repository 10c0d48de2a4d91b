import type { Where } from '../../core/errors.ts'
import { idField, invalid, type Row, snippet, textField } from '../record.ts'
import { readTable, type TableFile } from '../table.ts'

/** A passage beside a training query; the title may be empty. */
export interface TrainingPassage {
  readonly id: string
  readonly title: string
  readonly text: string
  /** What a teacher, such as a cross-encoder, thinks of it as an answer to the query; absent where none was asked. */
  readonly score?: number
}

/** A query with passages that answer it and passages that do not. Sets for evaluation alone have neither. */
export interface TrainingExample {
  readonly queryId: string
  readonly query: string
  readonly positives: readonly TrainingPassage[]
  readonly negatives: readonly TrainingPassage[]
  /** Where it stands; told of examples that have no ids of their own, so that messages can name them. */
  readonly where?: Where
}

const QUERY_ID = ['query_id', 'qid', '_id', 'id']
const QUERY = ['query', 'text']
const POSITIVES = 'positive_passages'
const NEGATIVES = 'negative_passages'
const PASSAGE_ID = ['docid', '_id', 'id']
const SCORE = 'teacher_score'

/**
 * Examples of files in Tevatron's layout (`query_id`, `query`, `positive_passages`, `negative_passages`, each passage with `docid`,
 * `title` and `text`, and perhaps the `teacher_score` of `fieldtrial mine`), in order, with bounded memory.
 *
 * @throws FieldtrialError `DATA_INVALID` with file and line on a record of another form.
 */
export async function* readTraining(tables: readonly TableFile[]): AsyncGenerator<TrainingExample> {
  const columns = [...QUERY_ID, ...QUERY, POSITIVES, NEGATIVES]
  for (const table of tables)
    for await (const { rows, where } of readTable(table, { columns }))
      for (let i = 0; i < rows.length; i++) {
        const [row, place] = [rows[i]!, where(i)]
        yield {
          queryId: idField(row, QUERY_ID, place),
          query: textField(row, QUERY, place),
          positives: passages(row, POSITIVES, place),
          negatives: passages(row, NEGATIVES, place),
        }
      }
}

function passages(row: Row, field: string, where: Where): TrainingPassage[] {
  const value = row[field]
  if (!Array.isArray(value))
    throw invalid(
      { ...where, field },
      value === undefined || value === null
        ? `the field "${field}" is missing (the record has ${Object.keys(row)
            .slice(0, 12)
            .map((name) => `"${name}"`)
            .join(', ')}).`
        : `the field "${field}" is no list: ${snippet(value)}`,
      'Training files in Tevatron’s layout have query_id, query, positive_passages and negative_passages; an empty list is written [].',
    )
  return value.map((passage: unknown, i) => {
    const place = { ...where, field: `${field}[${i}]` }
    if (typeof passage !== 'object' || passage === null || Array.isArray(passage))
      throw invalid(place, `a passage is no object: ${snippet(passage)}`, 'A passage has docid, title and text.')
    return {
      id: idField(passage as Row, PASSAGE_ID, place),
      title: textField(passage as Row, ['title'], place, ''),
      text: textField(passage as Row, ['text'], place),
      ...teacherScore(passage as Row, place),
    }
  })
}

function teacherScore(passage: Row, place: Where): { score?: number } {
  const score = passage[SCORE]
  if (score === undefined || score === null) return {}
  if (typeof score === 'number' && Number.isFinite(score)) return { score }
  throw invalid({ ...place, field: SCORE }, `the ${SCORE} is no number: ${snippet(score)}`, 'Remove it, or mine again.')
}
