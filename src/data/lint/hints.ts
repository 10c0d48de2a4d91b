import type { Finding } from '../types.ts'

/** What to do about what `summarise` finds. */
const HINTS: Readonly<Record<string, string>> = {
  'documents.empty': 'Take them out, or find out why their text was lost; a relevant one can be found by nobody.',
  'documents.duplicate-text': 'Keep one of each group, and point the judgments of the others to it.',
  'documents.id-white-space': 'Replace the blanks in the ids, for example by underscores.',
  'qrels.absent-documents': 'Find the documents, or take their judgments out: every recall is capped by them.',
  'queries.no-relevant': 'Take these queries out, or judge documents for them: they lower every mean alike.',
  'queries.absent': 'Find the queries, or take their judgments out.',
  'queries.empty': 'Take them out, or find out why their text was lost.',
  'queries.document-ids': 'Set `removeSelf` if these documents are the queries themselves.',
}

/** Findings with a hint where there is one and none is given. */
export function withHints(findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => {
    const hint = finding.level === 'warning' ? HINTS[finding.code] : undefined
    return finding.hint === undefined && hint !== undefined ? { ...finding, hint } : finding
  })
}
