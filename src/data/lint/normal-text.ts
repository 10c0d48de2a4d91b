/** A text as exact duplicates are told by: Unicode's compatibility forms, case and white space make no difference. */
export function normalText(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
}
