import type { StudyResults } from '../study/results.ts'
import { escapeLatex } from './latex-text.ts'
import { smokeSentence } from './words.ts'

/**
 * The lines that end a table: rule, notes below it, and where only a few queries were run, that, so that no such table is taken for a result.
 *
 * @param notes Ready LaTeX, each a paragraph.
 */
export function tableEnd(results: StudyResults, notes: readonly string[] = []): string[] {
  const smoke = smokeSentence(results)
  return [
    '    \\bottomrule',
    '  \\end{tabular}',
    ...notes.map((note) => `  \\par${note}`),
    ...(smoke === null ? [] : [`  \\par\\textbf{${escapeLatex(smoke)}}`]),
    '\\end{table}',
    '',
  ]
}
