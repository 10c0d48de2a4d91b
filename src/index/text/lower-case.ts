/**
 * Lower case by code point, as Lucene's LowerCaseFilter does it. Unlike `toLowerCase` of a string there are no rules
 * that look at neighbours (Σ becomes σ at the end of a word too) and none that lengthen a word (İ becomes i).
 */
export function lowerCase(word: string): string {
  const plain = /[İΣ]/.test(word) ? word.replaceAll('İ', 'i').replaceAll('Σ', 'σ') : word
  return plain.toLowerCase()
}
