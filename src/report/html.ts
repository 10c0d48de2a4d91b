import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { FieldtrialError } from '../core/errors.ts'
import type { Evidence, StudyResults } from '../study/results.ts'
import { renderMarkdown } from './markdown.ts'
import { pageData } from './page-data.ts'

/** What the template holds in place of the data, the title and the text for readers without scripts. */
const SLOTS = { data: '<!--fieldtrial:data-->', title: '<!--fieldtrial:title-->', plain: '<!--fieldtrial:plain-->' }

/** The page without data, which `scripts/build-web.mjs` makes from `web/`. */
const template = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/web/report.html' : '../web/report.html', import.meta.url),
)

/**
 * The study as one HTML file that needs nothing else: no network, no other file. Its policy (CSP) forbids every request.
 *
 * @throws FieldtrialError `INTERNAL` when the page has not been built (`npm run build`).
 */
export async function renderHtml(results: StudyResults, evidence: Evidence): Promise<string> {
  const page = pageData(results, evidence)
  const data = [
    script('results', page.results),
    ...page.scores.map((scores, i) => script(`scores-${i}`, scores)),
    ...page.evidence.map((texts, i) => script(`evidence-${i}`, texts)),
  ].join('\n')
  const html = await readTemplate()
  return [
    [SLOTS.title, escapeHtml(results.study)],
    [SLOTS.plain, `<pre>${escapeHtml(renderMarkdown(results))}</pre>`],
    [SLOTS.data, data],
  ].reduce((text, [slot, content]) => fill(text, slot!, content!), html)
}

async function readTemplate(): Promise<string> {
  try {
    return await readFile(template, 'utf8')
  } catch (error) {
    throw new FieldtrialError('INTERNAL', `The report's page is not built: ${template} is absent.`, {
      hint: 'Run `node scripts/build-web.mjs` in the checkout, or install the package again.',
      cause: error,
    })
  }
}

/** Not `replace`: it would read `$&` in the content as a command. */
function fill(html: string, slot: string, content: string): string {
  const at = html.indexOf(slot)
  if (at < 0) throw new FieldtrialError('INTERNAL', `The report's page lacks ${slot}.`, { hint: 'Build it again.' })
  return html.slice(0, at) + content + html.slice(at + slot.length)
}

function script(id: string, data: unknown): string {
  return `<script type="application/json" id="fieldtrial-${id}">${embedJson(data)}</script>`
}

/** JSON that may stand inside a script element: `<` and `>` are written as escapes, so no text can end the element or open a comment. */
export function embedJson(data: unknown): string {
  return JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (c) => entities[c]!)
}
