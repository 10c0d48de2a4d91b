import type { Finding } from '../types.ts'
import type { CollectionLint, LanguageMix, Share } from './types.ts'

/** What the reader of a number must know of what lint saw. Counts and duplicates that `summarise` finds are not told again. */
export function lintFindings(lint: CollectionLint, removeSelf: boolean): Finding[] {
  return [
    ...duplicates(lint),
    ...leaks(lint),
    ...documentQueries(lint, removeSelf),
    ...languageMismatch(lint),
    ...mixes('documents', lint.mix.documents),
    ...mixes('queries', lint.mix.queries),
  ]
}

/** `12.3 %`; small shares keep two digits. */
export function percent(count: number, of: number): string {
  const share = of === 0 ? 0 : (100 * count) / of
  return `${share.toFixed(share > 0 && share < 1 ? 2 : 1)} %`
}

function duplicates({ documents, same, normal, near }: CollectionLint): Finding[] {
  const found: Finding[] = []
  const more = normal.documents - same.documents
  if (more > 0)
    found.push({
      code: 'documents.duplicate-normal',
      level: 'warning',
      count: normal.documents,
      of: documents,
      message: `${normal.documents} of ${documents} documents have the same text as another but for case, white space and Unicode form, ${more} more than are equal to the letter; ${normal.distinct} texts are different.`,
      examples: [],
      hint: 'Keep one of each group, and point the judgments of the others to it.',
    })
  if (near.texts > 0)
    found.push({
      code: 'documents.near-duplicate',
      level: 'warning',
      count: near.texts,
      of: normal.distinct,
      message: `${near.texts} of ${normal.distinct} different texts are near-duplicates (Jaccard of ${near.shingle}-word shingles ≥ ${near.threshold}) in ${near.groups} ${near.groups === 1 ? 'group' : 'groups'}, the largest of ${near.largest}.`,
      examples: near.examples.map(({ ids, jaccard }) => `${ids[0]} ≈ ${ids[1]} (${jaccard.toFixed(2)})`),
      hint: 'Look at the pairs: a near copy of a relevant document that nobody judged counts as wrong.',
    })
  return found
}

function leaks({ leaks, queries, near: { threshold } }: CollectionLint): Finding[] {
  const { same, near, compared, examples, sharedRelevant, relevant } = leaks
  const named = (only: boolean) =>
    examples
      .filter((leak) => leak.same === only)
      .map(({ query, other, split }) => `${query} = ${other}${split === null ? '' : ` (${split})`}`)
  const hint =
    'Leave these queries out of training data, or out of the test; say so beside the numbers of trained models.'
  const found: Finding[] = []
  if (same > 0)
    found.push({
      code: 'queries.leaked',
      level: 'warning',
      count: same,
      of: queries,
      message: `${same} of ${queries} queries under test stand among the ${compared} queries of other splits too (same text but for case and white space).`,
      examples: named(true),
      hint,
    })
  if (near > 0)
    found.push({
      code: 'queries.leaked-nearly',
      level: 'warning',
      count: near,
      of: queries,
      message: `${near} of ${queries} queries under test have a near copy among the ${compared} queries of other splits (Jaccard of words ≥ ${threshold}); some of these say the opposite.`,
      examples: named(false),
      hint,
    })
  if (sharedRelevant > 0)
    found.push({
      code: 'qrels.shared-relevant',
      level: 'info',
      count: sharedRelevant,
      of: relevant,
      message: `${sharedRelevant} of ${relevant} relevant documents are relevant for queries of other splits too.`,
      examples: [],
    })
  return found
}

function documentQueries({ documentQueries, documents }: CollectionLint, removeSelf: boolean): Finding[] {
  const { same, near, relevant, queries, examples } = documentQueries
  if (same + near === 0) return []
  return [
    {
      code: 'documents.are-queries',
      level: removeSelf ? 'info' : 'warning',
      count: same + near,
      of: documents,
      message: `${same + near} of ${documents} documents are queries under test (${same} the same text, ${near} nearly); they are ${queries} queries, and ${relevant} of these documents are judged relevant for the query that they repeat.`,
      examples: examples.map(([document, query]) => `${document} = ${query}`),
      hint: removeSelf
        ? 'Documents with the query’s own id are dropped from its ranking already.'
        : 'If the ids are equal set `removeSelf`; else take these documents out, for every retriever ranks them first.',
    },
  ]
}

/** Languages that are told reliably, as a share of the texts whose language was told at all. */
function mainLanguage(mix: LanguageMix): Share | undefined {
  const told = mix.languages.filter(({ name }) => name !== UNDETERMINED)
  const all = told.reduce((sum, { count }) => sum + count, 0)
  const [first] = told
  return first !== undefined && all >= 10 && first.count > all / 2 ? first : undefined
}

const UNDETERMINED = 'undetermined'

function languageMismatch({ mix, queries }: CollectionLint): Finding[] {
  const [asked, kept] = [mainLanguage(mix.queries), mainLanguage(mix.documents)]
  if (asked === undefined || kept === undefined || asked.name === kept.name) return []
  return [
    {
      code: 'queries.other-language',
      level: 'warning',
      count: asked.count,
      of: queries,
      message: `Queries are mostly ${asked.name}, documents mostly ${kept.name}.`,
      examples: [],
      hint: 'Retrievers that match words find nothing across languages; use multilingual encoders.',
    },
  ]
}

function mixes(what: 'documents' | 'queries', mix: LanguageMix): Finding[] {
  const sample = mix.sampled < mix.of ? ' sampled' : ''
  const line = (code: string, label: string, shares: readonly Share[]): Finding[] => {
    const all = shares.reduce((sum, { count }) => sum + count, 0)
    if (all === 0) return []
    const shown = shares.slice(0, 5).map(({ name, count }) => `${name} ${percent(count, all)}`)
    const more = shares.length > 5 ? `, and ${shares.length - 5} more` : ''
    return [
      {
        code: `${what}.${code}`,
        level: 'info',
        count: shares.length,
        of: mix.of,
        message: `${label} of the ${what} (${all}${sample}): ${shown.join(', ')}${more}.`,
        examples: [],
      },
    ]
  }
  return [
    ...(mix.modalities.every(({ name }) => name === 'text') ? [] : line('modalities', 'Kinds', mix.modalities)),
    ...line('languages', 'Languages', mix.languages),
    ...(mix.scripts.length > 1 ? line('scripts', 'Scripts', mix.scripts) : []),
    ...line('programming-languages', 'Programming languages', mix.programming),
  ]
}
