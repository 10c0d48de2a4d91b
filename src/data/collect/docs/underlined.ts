import type { Section } from '../../known-item/markdown.ts'
import { plainText } from '../../known-item/markdown.ts'
import { inlineMarkup } from '../comments/markup.ts'

const ADORNMENT = /^([=\-~^"'`*+#.:_<>])\1{2,}\s*$/
/** Longer lines are no titles. */
const MAX_TITLE = 120

/**
 * reStructuredText, and plain text whose titles are underlined: a title's level is the place of its mark in the order in which marks come, as
 * docutils has it. In text without any such title the first line is the title if an empty line follows.
 */
export function underlinedSections(source: string): Section[] {
  const lines = source.split(/\r?\n/)
  const marks: string[] = []
  const sections: { heading: string; level: number; lines: string[] }[] = [{ heading: '', level: 0, lines: [] }]
  for (let i = 0; i < lines.length; i++) {
    const title = titleAt(lines, i)
    if (title === undefined) {
      sections.at(-1)!.lines.push(lines[i]!)
      continue
    }
    if (!marks.includes(title.mark)) marks.push(title.mark)
    sections.push({ heading: title.text, level: marks.indexOf(title.mark) + 1, lines: [] })
    i = title.last
  }
  if (sections.length === 1) firstLineAsTitle(sections)
  return sections
    .map(({ heading, level, lines: body }) => ({ heading: inlineText(heading), level, paragraphs: paragraphsOf(body) }))
    .filter(({ level, paragraphs }) => level > 0 || paragraphs.length > 0)
}

/** A title with a line below it, or one above and one below. */
function titleAt(lines: readonly string[], i: number): { text: string; mark: string; last: number } | undefined {
  const line = lines[i]!
  const over = ADORNMENT.exec(line)
  const [text, under, last] = over ? [lines[i + 1], lines[i + 2], i + 2] : [line, lines[i + 1], i + 1]
  if (text === undefined || under === undefined || text.trim() === '' || text.length > MAX_TITLE) return undefined
  const mark = ADORNMENT.exec(under)?.[1]
  if (mark === undefined || ADORNMENT.test(text) || /^\s/.test(over ? '' : text)) return undefined
  if (over ? over[1] !== mark : (lines[i - 1] ?? '').trim() !== '') return undefined
  return { text: text.trim(), mark: over ? `${mark}${mark}` : mark, last }
}

function firstLineAsTitle(sections: { heading: string; level: number; lines: string[] }[]): void {
  const { lines } = sections[0]!
  const first = lines.findIndex((line) => line.trim() !== '')
  const title = lines[first]?.trim() ?? ''
  if (first < 0 || title.length > MAX_TITLE || (lines[first + 1] ?? '').trim() !== '' || /[.,;:]$/.test(title)) return
  sections.push({ heading: title, level: 1, lines: lines.slice(first + 1) })
  sections[0]!.lines = []
}

const inlineText = (text: string) => plainText(inlineMarkup(text).replace(/`([^`<]+?)\s*<[^>]*>`_{1,2}/g, '$1'))

/** Directives go with their options; the text inside of them stays. */
function paragraphsOf(lines: readonly string[]): string[] {
  const kept = lines.map((line) =>
    /^\s*(?:\.\.(?:\s|$)|:[\w-]+:(?:\s|$))/.test(line) ? '' : line.replace(/::\s*$/, ':'),
  )
  return kept
    .join('\n')
    .split(/\n\s*\n/)
    .map(inlineText)
    .filter((text) => text !== '')
}
