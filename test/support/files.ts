import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'

/** A fresh folder that is removed when the running test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldtrial-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files into a fresh folder; names in `.gz` are compressed unless the content is bytes. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    const bytes = name.endsWith('.gz') && typeof content === 'string' ? gzipSync(content) : content
    await writeFile(join(folder, name), bytes)
  }
  return folder
}

export const jsonl = (...records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')

/** Three documents, two judged queries and one that is not, in BEIR's layout. */
export const SMALL_BEIR = {
  'corpus.jsonl': jsonl(
    { _id: 'd1', title: 'Wings', text: 'Birds fly.', metadata: {} },
    { _id: 'd2', title: '', text: 'Fish swim.' },
    { _id: 3, text: 'Dogs run.' },
  ),
  'queries.jsonl': jsonl(
    { _id: 'q1', text: 'what flies' },
    { _id: 'q2', text: 'what swims' },
    { _id: 'other', text: 'of another split' },
  ),
  'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\t3\t0\n',
} as const

/** The same as rows of the hub's parquet files. */
export const SMALL_ROWS = {
  documents: [
    { _id: 'd1', title: 'Wings', text: 'Birds fly.' },
    { _id: 'd2', title: '', text: 'Fish swim.' },
    { _id: '3', title: '', text: 'Dogs run.' },
  ],
  queries: [
    { _id: 'q1', text: 'what flies' },
    { _id: 'q2', text: 'what swims' },
    { _id: 'other', text: 'of another split' },
  ],
  judgments: [
    { 'query-id': 'q1', 'corpus-id': 'd1', score: 1n },
    { 'query-id': 'q2', 'corpus-id': 'd2', score: 2n },
    { 'query-id': 'q2', 'corpus-id': '3', score: 0n },
  ],
}
