import type { createColors } from 'picocolors'
import { passageFacts } from '../train/mine/page.ts'
import type { ShownPassage, ShownQuery } from '../train/mine/read-mined.ts'

const WIDTH = 160

/** Queries with their positives and negatives, a passage on a line or two. */
export function minedText(queries: readonly ShownQuery[], colors: ReturnType<typeof createColors>): string {
  const line = (passage: ShownPassage, sign: string) => {
    const text = [passage.title, passage.text].filter(Boolean).join(' · ').replace(/\s+/g, ' ')
    const start = text.length > WIDTH ? `${text.slice(0, WIDTH)}…` : text
    return `  ${sign} ${passage.id} ${colors.dim(`(${passageFacts(passage)})`)}\n    ${start}\n`
  }
  return queries
    .map(
      ({ id, text, positives, negatives }) =>
        `\n${colors.bold(text)} ${colors.dim(id)}\n${[
          ...positives.map((passage) => line(passage, colors.green('+'))),
          ...negatives.map((passage) => line(passage, colors.red('-'))),
        ].join('')}`,
    )
    .join('')
}
