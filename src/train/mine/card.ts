import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import { readIfThere } from '../../core/read-if-there.ts'
import type { Drops } from './candidates.ts'
import type { FalseNegatives } from './estimate.ts'
import type { MiningRules } from './rules.ts'

export const MINED_FORMAT = 'fieldtrial-mined'
export const MINED_VERSION = 1

/** Counts of a mined file. */
export interface MinedCounts {
  /** Judged queries of the split. */
  readonly queries: number
  /** Lines of the file. */
  readonly written: number
  /** Left out: no positive of theirs is in the corpus. */
  readonly withoutPositive: number
  /** Left out: no negative was found. */
  readonly withoutNegatives: number
  /** Of these: a margin, and some positive beyond the depth of the rankings. */
  readonly positiveUnfound: number
  /** Written with fewer negatives than asked for. */
  readonly fewer: number
  readonly positives: number
  readonly negatives: number
  /** Of the negatives: judged not relevant. */
  readonly judgedNegatives: number
  /** Negatives by the retriever that they come from. */
  readonly byRetriever: Readonly<Record<string, number>>
  /** Documents within the windows that became no negatives, by reason. */
  readonly drops: Drops
}

/** What lies beside a mined file as `FILE.mine.json`. */
export interface MinedCard {
  readonly format: typeof MINED_FORMAT
  readonly version: number
  readonly fieldtrial: string
  /** Of all that determines the file. */
  readonly fingerprint: string
  readonly source: {
    readonly given: string
    readonly split: string
    readonly documents: number
    readonly corpusHash: string
    readonly queriesHash: string
    readonly qrelsHash: string
    readonly removeSelf: boolean
  }
  readonly retrievers: readonly { readonly id: string; readonly kind: string; readonly summary: string }[]
  readonly depth: number
  readonly rules: MiningRules
  readonly filter: { readonly summary: string; readonly shortlist: number; readonly identity: Json } | null
  readonly counts: MinedCounts
  /** Null where it was not asked for, or no query has two positives. */
  readonly falseNegatives: FalseNegatives | null
  readonly output: { readonly sha256: string }
}

export function cardFile(output: string): string {
  return `${output}.mine.json`
}

/** The card beside a mined file; null where there is none. @throws FieldtrialError `DATA_INVALID` where it is none of ours. */
export async function readMinedCard(output: string): Promise<MinedCard | null> {
  const file = cardFile(output)
  const text = await readIfThere(file)
  if (text === null) return null
  const broken = (cause?: unknown) =>
    new FieldtrialError('DATA_INVALID', `${file} is no card of mined negatives.`, {
      where: { file },
      hint: 'Remove it and mine again.',
      cause,
    })
  try {
    const card = JSON.parse(text) as MinedCard
    if (card.format !== MINED_FORMAT) throw broken()
    return card
  } catch (error) {
    throw error instanceof FieldtrialError ? error : broken(error)
  }
}
