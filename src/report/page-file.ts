import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { FieldtrialError } from '../core/errors.ts'

/** What a page without data holds in place of the data, the title and the text for readers without scripts. */
const SLOTS = { data: '<!--fieldtrial:data-->', title: '<!--fieldtrial:title-->', plain: '<!--fieldtrial:plain-->' }

/** Pages that `scripts/build-web.mjs` makes from `web/`. */
export type PageName = 'report' | 'training'

/**
 * A page with its data, as one HTML file that needs nothing else: no network, no other file. Its policy (CSP) forbids every request.
 *
 * @param content.plain Markdown for readers without scripts.
 * @param content.data By the id of the script element, `fieldtrial-` put before.
 * @throws FieldtrialError `INTERNAL` when the page has not been built (`npm run build`).
 */
export async function fillPage(
  name: PageName,
  content: { readonly title: string; readonly plain: string; readonly data: readonly (readonly [string, unknown])[] },
): Promise<string> {
  const html = await readTemplate(name)
  return [
    [SLOTS.title, escapeHtml(content.title)],
    [SLOTS.plain, `<pre>${escapeHtml(content.plain)}</pre>`],
    [SLOTS.data, content.data.map(([id, data]) => script(id, data)).join('\n')],
  ].reduce((text, [slot, filled]) => fill(text, slot!, filled!), html)
}

async function readTemplate(name: PageName): Promise<string> {
  const built = import.meta.url.endsWith('.ts') ? `../../dist/web/${name}.html` : `../web/${name}.html`
  const file = fileURLToPath(new URL(built, import.meta.url))
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new FieldtrialError('INTERNAL', `The report's page is not built: ${file} is absent.`, {
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
