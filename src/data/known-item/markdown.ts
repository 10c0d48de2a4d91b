/** A heading of a document and the text below it, up to the next heading of whatever level; both as plain text. */
export interface Section {
  /** Empty for text before the first heading. */
  readonly heading: string
  /** 1 for the highest; 0 for text before the first heading. */
  readonly level: number
  /** Paragraphs, one line each. */
  readonly paragraphs: readonly string[]
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/
const ATX = /^\s{0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/
const SETEXT = /^\s{0,3}(=+|-{3,})\s*$/

/** Cuts a Markdown file into its sections; text before the first heading makes one without a heading. */
export function markdownSections(source: string): Section[] {
  const lines = source
    .replace(/^\uFEFF?---\r?\n[\s\S]*?\r?\n---\r?\n/, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .split(/\r?\n/)
  const section = (heading: string, level: number) => ({
    heading,
    level,
    lines: [] as string[],
    code: new Set<number>(),
  })
  const sections = [section('', 0)]
  let fence: string | undefined
  for (const line of lines) {
    const open = sections.at(-1)!
    const body = open.lines
    const mark = FENCE.exec(line)?.[1]
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined
      else open.code.add(body.push(line) - 1)
      continue
    }
    if (mark !== undefined) {
      fence = mark
      body.push('')
      continue
    }
    const [, marks, heading] = ATX.exec(line) ?? []
    const underline = SETEXT.exec(line)?.[1]
    if (heading !== undefined) sections.push(section(plainText(heading), marks!.length))
    else if (underline !== undefined && isSetextTitle(body))
      sections.push(section(plainText(body.pop()!), underline.startsWith('=') ? 1 : 2))
    else body.push(line)
  }
  return sections
    .map(({ heading, level, lines: text, code }) => ({ heading, level, paragraphs: toParagraphs(text, code) }))
    .filter(({ level, paragraphs }) => level > 0 || paragraphs.length > 0)
}

/** An underline makes a heading of a single line of prose above it. */
function isSetextTitle(body: readonly string[]): boolean {
  const [before, title] = [body.at(-2) ?? '', body.at(-1) ?? '']
  return before.trim() === '' && /^[^\s|>*+-]/.test(title)
}

/** Code keeps all its characters; only its white space is made even. */
function toParagraphs(lines: readonly string[], code: ReadonlySet<number>): string[] {
  const paragraphs: string[] = []
  let open: string[] = []
  let inCode = false
  const close = () => {
    const text = inCode ? open.join(' ').replace(/\s+/g, ' ').trim() : plainText(open.join('\n'))
    if (text !== '') paragraphs.push(text)
    open = []
  }
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '' || code.has(i) !== inCode) close()
    inCode = code.has(i)
    if (line.trim() !== '') open.push(line)
  }
  close()
  return paragraphs
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ' }

/** Characters that stand for themselves wait in the private use area until all marks are gone. */
const PROTECTED = 0xe000
const protect = (mark: string) => String.fromCharCode(PROTECTED + mark.charCodeAt(0))

/** Inline Markdown and HTML as plain text: link texts stay, addresses, images, badges and marks go. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/\\([!-/:-@[-`{-~])/g, (_, mark: string) => protect(mark))
    .replace(/`[^`\n]+`/g, (span) => span.replace(/[<>]/g, protect))
    .replace(/^\s{0,3}\[[^\]]+\]:\s+\S.*$/gm, ' ')
    .replace(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, ' ')
    .replace(/\[([^\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)/g, '$1')
    .replace(/\[([^\]]+)\]\[[^\]]*\]/g, '$1')
    .replace(/<(https?:[^>\s]+)>/g, ' ')
    .replace(/<\/?[a-z][^<>]*>/gi, ' ')
    .replace(/https?:\/\/\S+/g, ' ')
    .replace(/^\s*\|?[\s:|-]+\|\s*$/gm, ' ')
    .replace(/^\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?/gm, ' ')
    .replace(/^\s*>+/gm, ' ')
    .replace(/\||`+|\*{1,3}|~~|(?<![\p{L}\p{N}])_{1,2}|_{1,2}(?![\p{L}\p{N}])/gu, ' ')
    .replace(/:[a-z0-9_+]{2,}:/g, ' ')
    .replace(/&([a-z]+);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .replace(/[\uE000-\uE07F]/g, (kept) => String.fromCharCode(kept.charCodeAt(0) - PROTECTED))
    .replace(/\s+/g, ' ')
    .trim()
}

/** Words of a text, as they are written. */
export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? []
}
