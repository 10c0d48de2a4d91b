import { fileSource } from '../../data/byte-source.ts'
import { Sample } from '../../data/lint/sample.ts'
import { idField, invalid, type Row, textField } from '../../data/record.ts'
import { readTable, tableFile } from '../../data/table.ts'

/** A passage of a mined file. */
export interface ShownPassage {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly rank: number | null
  readonly score: number | null
  readonly teacher: number | null
  readonly grade: number | null
  readonly retriever: string | null
}

export interface ShownQuery {
  readonly id: string
  readonly text: string
  readonly positives: readonly ShownPassage[]
  readonly negatives: readonly ShownPassage[]
}

/**
 * Some queries of a mined file with their passages, drawn by the hashes of their ids: the same ones for the same seed.
 *
 * @throws FieldtrialError `DATA_INVALID` for a file of another layout, `DATA_MISSING`.
 */
export async function sampleMined(file: string, count: number, seed: number): Promise<ShownQuery[]> {
  const sample = new Sample<ShownQuery>(count)
  for await (const { rows, where } of readTable(tableFile(fileSource(file)), {
    columns: ['query_id', 'query', 'positive_passages', 'negative_passages'],
  }))
    for (const [i, row] of rows.entries()) {
      const place = where(i)
      const id = idField(row, ['query_id'], place)
      sample.add(`${seed}\n${id}`, () => {
        const passages = (field: string) => {
          const list = row[field]
          if (!Array.isArray(list))
            throw invalid(place, `the field "${field}" is no list.`, 'Name a file that `fieldtrial mine` wrote.')
          return list.map((passage: unknown) => shown(passage as Row))
        }
        return {
          id,
          text: textField(row, ['query'], place),
          positives: passages('positive_passages'),
          negatives: passages('negative_passages'),
        }
      })
    }
  return sample.items()
}

function shown(passage: Row): ShownPassage {
  const number = (value: unknown) => (typeof value === 'number' ? value : null)
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return {
    id: String(passage.docid),
    title: text(passage.title),
    text: text(passage.text),
    rank: number(passage.rank),
    score: number(passage.score),
    teacher: number(passage.teacher_score),
    grade: number(passage.grade),
    retriever: typeof passage.retriever === 'string' ? passage.retriever : null,
  }
}
