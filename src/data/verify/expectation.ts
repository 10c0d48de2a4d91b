import { z } from 'zod'
import { FieldtrialError } from '../../core/errors.ts'
import type { DatasetInfo } from '../registry/index.ts'
import { parseManifest } from './manifest.ts'

/** What a collection should hold. Absent and null fields are not known, and so not compared. */
export interface Expectation {
  /** Where it is stated, for messages: `the registry`, or a file. */
  readonly against: string
  readonly documents?: number | null
  readonly corpusHash?: string | null
  readonly splits: Readonly<Record<string, ExpectedSplit>>
}

export interface ExpectedSplit {
  readonly queries?: number | null
  readonly judgments?: number | null
  readonly queriesHash?: string | null
  readonly qrelsHash?: string | null
}

/** What the registry states of a data set. */
export function expectationOf(dataset: DatasetInfo): Expectation {
  const { hashes } = dataset
  return {
    against: `the registry (${dataset.id})`,
    documents: dataset.documents,
    corpusHash: hashes?.corpus ?? null,
    splits: Object.fromEntries(
      Object.entries(dataset.splits).map(([split, counts]) => [
        split,
        {
          ...counts,
          queriesHash: hashes?.splits[split]?.queries ?? null,
          qrelsHash: hashes?.splits[split]?.qrels ?? null,
        },
      ]),
    ),
  }
}

const count = z.int().nonnegative().nullish()
const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal digits')
  .nullish()
const pinned = z.array(
  z.object({
    name: z.string().min(1),
    documents: count,
    corpusHash: hash,
    splits: z.record(z.string(), z.object({ queries: count, judgments: count, queriesHash: hash, qrelsHash: hash })),
  }),
)

/**
 * The expectations of a file by the names of the collections: JSON as `datasets verify --pin` prints it, or a Markdown table (see
 * `parseManifest`). Null stands for names that the file says are no collections.
 *
 * @throws FieldtrialError `DATA_INVALID` when the file is neither.
 */
export function parseExpectations(text: string, file: string): Map<string, Expectation | null> {
  if (/\.md$/i.test(file)) return parseManifest(text, file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw unusable(file, 'it is not JSON', cause)
  }
  const parsed = pinned.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw unusable(file, `${issue!.path.join('.') || 'the whole'}: ${issue!.message}`)
  }
  return new Map(parsed.data.map(({ name, ...rest }) => [name, { against: file, ...rest } as Expectation]))
}

function unusable(file: string, what: string, cause?: unknown): FieldtrialError {
  return new FieldtrialError('DATA_INVALID', `${file} does not state what collections should hold: ${what}.`, {
    hint: 'Give the output of `fieldtrial datasets verify --pin`, or a Markdown table with the columns folder, docs, test queries / judgments, other splits.',
    where: { file },
    cause,
  })
}
