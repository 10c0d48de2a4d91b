import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { Collection } from '../../data/index.ts'
import { Sample } from '../../data/lint/index.ts'
import type { PreparedEncoder } from '../../engines/types.ts'
import { obtain } from '../artifact.ts'
import { documentText, usesTask } from '../identity.ts'
import { requireUnchanged, type SeenCollection } from '../steps/unchanged.ts'
import { countSide } from './token-lengths.ts'
import type { TokenLengths } from './types.ts'

/** Raised when tokens of the same texts would be counted otherwise. */
const TOKENS_VERSION = 1

/** An encoder by the name that the reader knows. */
export interface NamedEncoder {
  readonly id: string
  readonly prepared: PreparedEncoder
}

/**
 * Token lengths of a collection for each encoder, on a sample of its documents and queries.
 *
 * @param task The collection's task instruction.
 * @param size Documents and queries looked at.
 * @returns In the order of the encoders, with the fingerprints of what was remembered.
 */
export async function obtainTokenLengths(
  on: SeenCollection,
  encoders: readonly NamedEncoder[],
  task: string,
  size: number,
  workspace: Workspace,
  work: LongWork,
): Promise<{ tokens: TokenLengths[]; fingerprints: string[] }> {
  const { collection, summary } = on
  const tokens: TokenLengths[] = []
  const fingerprints: string[] = []
  let sampled: Promise<Texts> | undefined
  for (const { id, prepared } of encoders) {
    const { info } = prepared
    if (prepared.tokenCounter === undefined) {
      tokens.push({ encoder: id, documents: null, queries: null })
      continue
    }
    const identity: Json = {
      artifact: 'lint',
      part: 'tokens',
      version: TOKENS_VERSION,
      corpus: summary.corpusHash,
      queries: summary.queriesHash,
      encoder: info.identity,
      task: usesTask(info.recipe, 'query') || usesTask(info.recipe, 'document') ? task : null,
      size,
    }
    const { detail } = await obtain<Omit<TokenLengths, 'encoder'>>(
      workspace,
      'lint',
      identity,
      async (folder) => {
        sampled ??= sampleTexts(collection, size)
        const { documents, queries } = await sampled
        await requireUnchanged(on, folder)
        const count = await prepared.tokenCounter!()
        return {
          documents: countSide(documents, summary.documents, 'document', task, count, info, work.signal),
          queries: countSide(queries, summary.queries, 'query', task, count, info, work.signal),
        }
      },
      { work },
    )
    tokens.push({ encoder: id, ...detail })
    fingerprints.push(fingerprint(identity))
  }
  return { tokens, fingerprints }
}

interface Texts {
  readonly documents: string[]
  readonly queries: string[]
}

async function sampleTexts(collection: Collection, size: number): Promise<Texts> {
  const documents = new Sample<string>(size)
  for await (const document of collection.documents()) documents.add(document.id, () => documentText(document))
  const queries = new Sample<string>(size)
  for (const { id, text } of await collection.queries()) queries.add(id, () => text)
  return { documents: documents.items(), queries: queries.items() }
}
