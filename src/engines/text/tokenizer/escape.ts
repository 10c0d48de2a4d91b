/** A text as the pattern that matches it alone (`RegExp.escape`, which Node has from 24 on). */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
