/**
 * A table of cells that are escaped already.
 *
 * @param left How many columns at the left hold text; the others hold numbers and align right.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i < left ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/**
 * Makes a text mean itself in a Markdown paragraph or table cell. Underscores inside words are left alone, as
 * GitHub-flavoured Markdown does, so that names stay readable in the source.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*[\]|~$]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/(?<![\p{L}\p{N}_])_|_(?![\p{L}\p{N}_])/gu, '\\_')
    .replace(/^(\s*)([#+-]|\d+[.)])(?=\s)/, '$1\\$2')
    .replace(/\bhttps?:\/\//g, (scheme) => scheme.replace(':', '&#58;'))
}
