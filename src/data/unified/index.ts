import { FieldtrialError } from '../../core/errors.ts'
import type { FileCollection } from '../collection.ts'
import { sampledFinding } from '../sample-card.ts'
import type { Document, Finding, Qrels, Query } from '../types.ts'
import { unifiedId } from './ids.ts'

export { domainOf } from './ids.ts'

/** One of the collections that were joined. */
export interface Domain {
  /** Unique; stands before the ids of its documents and queries. */
  readonly name: string
  readonly collection: FileCollection
}

/** Several collections as one. */
export interface UnifiedCollection extends FileCollection {
  readonly domains: readonly Domain[]
}

export function isUnified(collection: FileCollection): collection is UnifiedCollection {
  return 'domains' in collection
}

/**
 * Joins collections into one corpus that is searched by the queries of each: documents, queries and judgments one domain after the other, with
 * `DOMAIN:` before every id, so that none collide and every id tells where it comes from. Nothing is held in memory but what the members hold.
 *
 * A query whose own document is dropped from its ranking (`removeSelf`) is known by an id that it shares with a document. Where this is so in
 * some domains only, the queries of the others get `DOMAIN:query:` before their ids, lest a document of the same id be dropped by accident.
 *
 * @throws FieldtrialError `USAGE` for fewer than two domains, or two of one name.
 */
export function unifiedCollection(name: string, source: string, domains: readonly Domain[]): UnifiedCollection {
  checkNames(name, domains)
  const removeSelf = domains.some(({ collection }) => collection.removeSelf)
  const queryId = ({ name: domain, collection }: Domain, id: string) =>
    unifiedId(domain, removeSelf && !collection.removeSelf ? `query:${id}` : id)
  const ofQuery = (domain: Domain, query: Query): Query => ({ ...query, id: queryId(domain, query.id) })
  let judged: Promise<Qrels> | undefined
  const splits = domains.map(({ collection }) => collection.split)
  return {
    name,
    source,
    domains,
    removeSelf,
    split: new Set(splits).size === 1 ? splits[0]! : splits.join('+'),
    splits: domains[0]!.collection.splits.filter((split) =>
      domains.every(({ collection }) => collection.splits.includes(split)),
    ),
    reading: {
      unified: domains.map(({ name: domain, collection }) => ({
        domain,
        reading: collection.reading,
        limit: collection.limit,
        removeSelf: collection.removeSelf,
      })),
    },
    limit: domains[0]!.collection.limit,
    sample: null,
    repositories: [...new Set(domains.flatMap(({ collection }) => collection.repositories))],
    sourceFiles: () => [...new Set(domains.flatMap(({ collection }) => collection.sourceFiles()))],
    async *documents(): AsyncGenerator<Document> {
      for (const { name: domain, collection } of domains)
        for await (const document of collection.documents()) yield { ...document, id: unifiedId(domain, document.id) }
    },
    async queries() {
      const all: Query[] = []
      for (const domain of domains)
        for (const query of await domain.collection.queries()) all.push(ofQuery(domain, query))
      return all
    },
    qrels() {
      judged ??= joinJudgments(domains, queryId)
      return judged
    },
    async *otherQueries() {
      for (const domain of domains)
        for await (const query of domain.collection.otherQueries()) yield ofQuery(domain, query)
    },
    async readFindings() {
      const all: Finding[] = []
      for (const { name: domain, collection } of domains) {
        const sampled = collection.sample === null ? [] : [sampledFinding(collection.sample, collection.split)]
        for (const finding of [...sampled, ...(await collection.readFindings())])
          all.push({
            ...finding,
            message: `${domain}: ${finding.message}`,
            examples: finding.examples.map((id) => unifiedId(domain, id)),
          })
      }
      return all
    },
  }
}

function checkNames(name: string, domains: readonly Domain[]): void {
  const refuse = (message: string, hint: string) => {
    throw new FieldtrialError('USAGE', message, { hint })
  }
  if (domains.length < 2) refuse(`${name} unifies ${domains.length} collection.`, 'Name two or more.')
  const names = domains.map((domain) => domain.name)
  const twice = names.find((one, i) => names.indexOf(one) !== i)
  if (twice !== undefined) refuse(`${name} has two domains called ${twice}.`, 'Give one of them a `name:` of its own.')
  const odd = names.find((one) => one.includes(':') || one === '')
  if (odd !== undefined) refuse(`A domain cannot be called ${JSON.stringify(odd)}.`, 'Use a name without colons.')
}

async function joinJudgments(
  domains: readonly Domain[],
  queryId: (domain: Domain, id: string) => string,
): Promise<Qrels> {
  const all: Qrels = new Map()
  for (const domain of domains)
    for (const [query, documents] of await domain.collection.qrels())
      all.set(queryId(domain, query), new Map([...documents].map(([id, grade]) => [unifiedId(domain.name, id), grade])))
  return all
}
