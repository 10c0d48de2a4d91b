import type { FileCollection, Finding } from '../../data/index.ts'
import { lintFindings } from '../../data/lint/index.ts'
import { ceilings, twinsUnjudged } from '../../measure/ceiling/index.ts'
import type { Measure } from '../../measure/index.ts'
import type { ContentLint } from './content-lint.ts'
import { ceilingFindings, suspectFindings, tokenFindings } from './findings.ts'
import type { LintReport, Suspects, TokenLengths } from './types.ts'

export async function lintReport(
  collection: FileCollection,
  { lint, contents }: ContentLint,
  measures: readonly Measure[],
  tokens: readonly TokenLengths[],
  suspects: Suspects | null,
): Promise<LintReport> {
  const { removeSelf } = collection
  const qrels = await collection.qrels()
  const caps = ceilings(measures, qrels, contents, { removeSelf })
  const twins = twinsUnjudged(qrels, contents, removeSelf)
  const findings = [
    ...ceilingFindings(caps, twins),
    ...lintFindings(lint, removeSelf),
    ...tokenFindings(tokens),
    ...suspectFindings(suspects),
  ]
  const of = (level: Finding['level']) => findings.filter((finding) => finding.level === level)
  return { lint, ceilings: caps, twins, tokens, suspects, findings: [...of('warning'), ...of('info')] }
}
