import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { openCollection } from '../../data/index.ts'
import { Sample } from '../../data/lint/index.ts'
import type { CollectionContext } from '../../data/spec.ts'
import type { Qrels } from '../../data/types.ts'
import { hashFiles } from '../../engines/text/hash.ts'
import { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import type { EncoderItem } from '../../engines/types.ts'
import { obtain } from '../../study/artifact.ts'
import { usesTask } from '../../study/identity.ts'
import { drawKey } from '../../study/sample/asked.ts'
import { taskOf } from '../../study/task.ts'
import type { Evaluation } from '../training.ts'
import { documentItem } from './document-item.ts'
import type { TokenIdentity } from './prepare.ts'
import { type SetCounts, SetWriter } from './set-writer.ts'

/** Rises when other queries or documents would be chosen. */
const DEV_VERSION = 1

type Item = EncoderItem & { readonly id: string }

/** What is watched during training. */
export interface DevDetail {
  readonly collection: string
  readonly split: string
  /** In the order of their vectors, queries first. */
  readonly queries: readonly string[]
  readonly documents: readonly string[]
  readonly judgments: readonly (readonly [query: string, document: string, grade: number])[]
  /** Queries and documents of the whole split. */
  readonly of: { readonly queries: number; readonly documents: number }
  readonly removeSelf: boolean
  readonly counts: SetCounts
}

export interface DevSet {
  readonly folder: string
  readonly identity: Json
  readonly detail: DevDetail
}

/**
 * Queries and documents of the collection that is watched, in tokens: all judged documents of the chosen queries, and random others up to the
 * limit. One pass over the corpus; memory: the chosen documents.
 */
export async function prepareDev(
  evaluation: Evaluation,
  tokens: TokenIdentity,
  seed: number,
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<DevSet> {
  const context: CollectionContext = {
    cacheDir: workspace.cache,
    ...(options.offline ? { offline: true } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onNotice ? { onNotice: options.onNotice } : {}),
  }
  const collection = await openCollection(evaluation.spec, context)
  const { recipe } = tokens.plan
  const asksTask = usesTask(recipe, 'query') || usesTask(recipe, 'document')
  const named = { ...evaluation.spec, name: collection.name, given: evaluation.given }
  const task = asksTask ? (evaluation.task ?? taskOf(named).instruction) : ''
  const identity: Json = {
    artifact: 'dev-set',
    version: DEV_VERSION,
    tokens: tokens.identity,
    files: await hashFiles([...collection.sourceFiles()], workspace.path('cache', 'data-hashes.json'), options.signal),
    reading: collection.reading,
    task,
    seed,
    queries: evaluation.queries,
    documents: evaluation.documents,
  }
  const { folder, detail } = await obtain<DevDetail>(
    workspace,
    'training-sets',
    identity,
    async (target) => {
      const all = await collection.queries()
      const drawn = new Sample<(typeof all)[number]>(evaluation.queries)
      for (const query of all) drawn.add(drawKey(seed, query.id), () => query)
      const kept = new Set(drawn.items().map(({ id }) => id))
      const queries = all.filter(({ id }) => kept.has(id))
      const qrels = await collection.qrels()
      const judged = new Set(queries.flatMap(({ id }) => [...qrels.get(id)!.keys()]))
      const documents: Item[] = []
      const room = Math.max(0, evaluation.documents - judged.size)
      const others = new Sample<Item>(Math.max(1, room))
      let read = 0
      for await (const document of collection.documents()) {
        if (++read % 1000 === 0) {
          throwIfAborted(options.signal)
          options.onProgress?.({
            step: 'choose documents to watch',
            subject: collection.name,
            done: read,
            unit: 'documents',
          })
        }
        const item = () => documentItem(document)
        if (judged.has(document.id)) documents.push(item())
        else if (room > 0) others.add(drawKey(seed, document.id), item)
      }
      documents.push(...others.items())
      if (documents.length === 0)
        throw new FieldtrialError('DATA_INVALID', `${evaluation.given} has no documents.`, {
          hint: 'Check its corpus.',
        })
      const { plan } = tokens
      const tokenizer = await PromptTokenizer.load(plan.tokenizerFile, plan.tokenizerConfig, plan.lowerCase)
      const writer = await SetWriter.create(target, plan, tokenizer, { distinct: false })
      try {
        for (const query of queries) await writer.text('query', query, task)
        for (const document of documents) await writer.text('document', document, task)
        return {
          collection: collection.name,
          split: collection.split,
          queries: queries.map(({ id }) => id),
          documents: documents.map(({ id }) => id),
          judgments: queries.flatMap(({ id }) =>
            [...qrels.get(id)!].map(([document, grade]) => [id, document, grade] as const),
          ),
          of: { queries: all.length, documents: read },
          removeSelf: collection.removeSelf,
          counts: await writer.finish(fingerprint(identity)),
        }
      } finally {
        await writer.abandon()
      }
    },
    { work: options },
  )
  return { folder, identity, detail }
}

/** The judgments of a dev set. */
export function devQrels({ judgments }: DevDetail): Qrels {
  const qrels: Qrels = new Map()
  for (const [query, document, grade] of judgments) {
    const grades = qrels.get(query) ?? new Map<string, number>()
    qrels.set(query, grades.set(document, grade))
  }
  return qrels
}
