/** A part of the source that is left out of a text, or stands there as something else. */
export interface Cut {
  readonly start: number
  readonly end: number
  /** What stands in its place. A part that is left out whole takes the lines that it fills with it. */
  readonly instead?: string
}

/** The source from `start` to `end` without the cuts, its indentation taken off. Cuts may touch or hold each other. */
export function cutText(source: string, start: number, end: number, cuts: readonly Cut[]): string {
  let text = ''
  let at = start
  for (const cut of [...cuts].sort(byPlace)) {
    if (cut.start < at || cut.end > end) continue
    const [from, to] = cut.instead === undefined ? wholeLines(source, cut) : [cut.start, cut.end]
    text += source.slice(at, Math.max(at, from)) + (cut.instead ?? '')
    at = Math.min(Math.max(at, to), end)
  }
  text += source.slice(at, end)
  return dedent(text, indentationAt(source, start))
}

/** By start; of those that start together the longest, and what stands for something, comes first and takes the others in. */
function byPlace(a: Cut, b: Cut): number {
  return a.start - b.start || b.end - a.end || Number(b.instead !== undefined) - Number(a.instead !== undefined)
}

/** A cut that fills its lines goes with their indentation and the line break behind. */
function wholeLines(source: string, cut: Cut): [number, number] {
  let from = cut.start
  while (from > 0 && (source[from - 1] === ' ' || source[from - 1] === '\t')) from--
  let to = cut.end
  while (source[to] === ' ' || source[to] === '\t' || source[to] === '\r') to++
  const opens = from === 0 || source[from - 1] === '\n'
  // Line comments of some grammars end behind their line break.
  if (opens && cut.end > 0 && source[cut.end - 1] === '\n') return [from, cut.end]
  if (opens && (source[to] === '\n' || to === source.length)) return [from, to + 1]
  return [cut.start, cut.end]
}

function indentationAt(source: string, start: number): number {
  let from = start
  while (from > 0 && (source[from - 1] === ' ' || source[from - 1] === '\t')) from--
  return start - from
}

function dedent(text: string, width: number): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const dedented = lines.map((line, i) => {
    if (i === 0) return line.trimEnd()
    let cut = 0
    while (cut < width && (line[cut] === ' ' || line[cut] === '\t')) cut++
    return line.slice(cut).trimEnd()
  })
  return dedented.join('\n').trim()
}
