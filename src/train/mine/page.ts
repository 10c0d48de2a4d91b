import type { MinedCard } from './card.ts'
import type { ShownPassage, ShownQuery } from './read-mined.ts'
import { countLines } from './words.ts'

/** A page to look through mined queries: each with its positives and negatives, ranks and scores. It needs no other file. Pure. */
export function minedPage(name: string, card: MinedCard | null, queries: readonly ShownQuery[]): string {
  const facts =
    card === null
      ? ''
      : `<ul>${countLines(card)
          .map((line) => `<li>${escapeHtml(line)}</li>`)
          .join('')}</ul>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(name)}: mined negatives</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
section { border-top: 1px solid #8886; padding: .5rem 0 }
h2 { font-size: 1.1rem; margin: .5rem 0 }
details { margin: .3rem 0; padding-left: .7rem; border-left: 4px solid #c55 }
details.positive { border-color: #4a5 }
summary { cursor: pointer }
small { color: #888; margin-left: .5rem }
p { margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere }
</style></head><body>
<h1>${escapeHtml(name)}</h1>
${facts}
<p>${queries.length} queries drawn by chance. A negative that answers its query is a false negative: open the texts and look.</p>
${queries.map(queryHtml).join('\n')}
</body></html>
`
}

function queryHtml({ id, text, positives, negatives }: ShownQuery): string {
  const list = [
    ...positives.map((passage) => passageHtml(passage, 'positive')),
    ...negatives.map((passage) => passageHtml(passage, 'negative')),
  ]
  return `<section><h2>${escapeHtml(text)}<small>${escapeHtml(id)}</small></h2>${list.join('')}</section>`
}

function passageHtml(passage: ShownPassage, kind: 'positive' | 'negative'): string {
  const { id, title, text } = passage
  const head = (title || text).slice(0, 110)
  return `<details class="${kind}"><summary>${kind}: ${escapeHtml(head)}<small>${escapeHtml(passageFacts(passage))}</small></summary><p><b>${escapeHtml(title)}</b></p><p>${escapeHtml(text)}</p><small>${escapeHtml(id)}</small></details>`
}

/** Rank, scores and grade of a passage in a few words. */
export function passageFacts({ rank, score, teacher, grade, retriever }: ShownPassage): string {
  return [
    retriever,
    rank === null ? 'beyond the ranking' : `rank ${rank}`,
    score === null ? null : `score ${Number(score.toPrecision(5))}`,
    teacher === null ? null : `filter ${Number(teacher.toPrecision(4))}`,
    grade === null ? null : `grade ${grade}`,
  ]
    .filter((fact) => fact !== null)
    .join(', ')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
