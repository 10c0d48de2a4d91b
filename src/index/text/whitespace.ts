import type { Spans } from './spans.ts'

/** White space by the Unicode property; ASCII without a look at the tables. */
function isSpace(unit: number): boolean {
  if (unit < 0x80) return unit === 32 || (unit >= 9 && unit <= 13)
  return (
    unit === 0x85 ||
    unit === 0xa0 ||
    unit === 0x1680 ||
    (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  )
}

/** Appends what stands between white space (the Unicode property White_Space), unchanged. */
export function scanWhitespace(text: string, spans: Spans): void {
  let start = -1
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && !isSpace(text.charCodeAt(i))) {
      if (start < 0) start = i
    } else if (start >= 0) {
      spans.push(start, i, 0)
      start = -1
    }
  }
}
