import type { Evidence, StudyResults } from '../study/results.ts'
import { renderMarkdown } from './markdown.ts'
import { pageData } from './page-data.ts'
import { fillPage } from './page-file.ts'

/**
 * The study as one HTML file that needs nothing else.
 *
 * @throws FieldtrialError `INTERNAL` when the page has not been built (`npm run build`).
 */
export async function renderHtml(results: StudyResults, evidence: Evidence): Promise<string> {
  const page = pageData(results, evidence)
  return fillPage('report', {
    title: results.study,
    plain: renderMarkdown(results),
    data: [
      ['results', page.results],
      ...page.scores.map((scores, i) => [`scores-${i}`, scores] as const),
      ...page.evidence.map((texts, i) => [`evidence-${i}`, texts] as const),
    ],
  })
}
