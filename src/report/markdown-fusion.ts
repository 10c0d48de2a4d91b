import type { FusionResult, StudyResults } from '../study/results.ts'
import {
  formatBytes,
  formatCount,
  formatDifference,
  formatMs,
  formatP,
  formatScore,
  formatShare,
  NO_VALUE,
} from './format.ts'
import { learnedText } from './fusion/learned.ts'
import { ABLATION_SENTENCE, fusionSentence } from './fusion/words.ts'
import { escapeMarkdown, table } from './markdown-text.ts'

/** The fusions beside their best single members, their cost, their members and what was learned; nothing for a study without fusions. */
export function fusionParts(results: StudyResults): string[] {
  const fusions = results.fusions ?? []
  if (fusions.length === 0) return []
  const ablated = fusions.filter(({ members }) => members.some(({ without }) => without !== null))
  return [
    '## Fusion',
    escapeMarkdown(fusionSentence(results)),
    gainTable(results, fusions),
    ...(ablated.length === 0
      ? []
      : ['### Without each member', memberTable(ablated), escapeMarkdown(ABLATION_SENTENCE)]),
    ...learnedParts(fusions),
  ]
}

const p = (value: number) => formatP(value).replace('<', '&lt;')
const signed = (value: number, format: (size: number) => string) => `${value < 0 ? '−' : '+'}${format(Math.abs(value))}`

function gainTable(results: StudyResults, fusions: readonly FusionResult[]): string {
  const head = [
    'Collection',
    'Fusion',
    escapeMarkdown(results.measures[0] ?? ''),
    'Best single',
    'Its score',
    'Difference',
    'p',
    'p adjusted',
    'Oracle',
    'Closed',
    'Per query',
    'Index',
    'Encodings (document / query)',
  ]
  const rows = fusions.map(({ collection, retriever, best, gains, oracle, cost }) => {
    const gain = gains[0]!
    const marked = gain.significant && gain.difference !== 0 ? (gain.difference > 0 ? '▲' : '▼') : ''
    return [
      escapeMarkdown(collection),
      escapeMarkdown(retriever),
      formatScore(gain.value),
      escapeMarkdown(best),
      formatScore(gain.bestValue),
      `${formatDifference(gain.difference)}${marked}`,
      p(gain.p),
      p(gain.pAdjusted),
      formatScore(oracle.value),
      oracle.closed === null ? NO_VALUE : shareText(oracle.closed),
      signed(cost.extraMsPerQuery, formatMs),
      signed(cost.extraIndexBytes, formatBytes),
      `${cost.documentEncodings} / ${cost.queryEncodings}`,
    ]
  })
  return table(head, rows, 2)
}

/** A share that may be negative, or above the whole. */
function shareText(share: number): string {
  return share < 0 ? `−${formatShare(-share)}` : formatShare(share)
}

function memberTable(fusions: readonly FusionResult[]): string {
  const rows = fusions.flatMap(({ collection, retriever, members, relevant }) =>
    members.map(({ member, alone, without, contribution, onlyFinder }) => [
      escapeMarkdown(collection),
      escapeMarkdown(retriever),
      escapeMarkdown(member),
      formatScore(alone),
      formatScore(without),
      contribution === null ? NO_VALUE : formatDifference(contribution.difference),
      contribution === null ? NO_VALUE : p(contribution.p),
      onlyFinder === null || relevant === null ? NO_VALUE : `${formatCount(onlyFinder)} of ${formatCount(relevant)}`,
    ]),
  )
  return table(
    ['Collection', 'Fusion', 'Member', 'Alone', 'Fusion without it', 'Contribution', 'p', 'Only finder'],
    rows,
    3,
  )
}

function learnedParts(fusions: readonly FusionResult[]): string[] {
  const learned = fusions.flatMap((fusion) => {
    const text = learnedText(fusion)
    return text === null ? [] : [[fusion.collection, fusion.retriever, text].map(escapeMarkdown)]
  })
  if (learned.length === 0) return []
  return ['### What was learned', table(['Collection', 'Fusion', 'Weights or route, and fit'], learned, 3)]
}
