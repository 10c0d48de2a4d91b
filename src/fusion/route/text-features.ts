/** What a query's text tells before anything is searched. */
export const TEXT_FEATURES = [
  'words (log)',
  'mean word length',
  'question word',
  'question mark',
  'code-like characters',
  'digits',
  'capital letters',
  'function words',
  'names in code style',
] as const

const QUESTION =
  /^(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|should|will|would)\b/i
/** Characters that stand in code and seldom in prose. */
const CODE = /[{}[\]()<>=_;:/\\|&*#$%^~`@+-]/g
const FUNCTION_WORDS = new Set(
  'a an and are as at be by can could do does for from has have how i in is it its of on or that the their this to was were what when where which who why will with would you'.split(
    ' ',
  ),
)
/** `snake_case`, `camelCase`, `pkg.name`, `name()`. */
const CODE_NAME = /^(?:\w+_\w+|[a-z]+[A-Z]\w*|\w+(?:\.\w+)+|\w+\(.*\))[,;:]?$/

/** Numbers about a text, in the order of {@link TEXT_FEATURES}: shares are of its characters or words, 0 for an empty text. */
export function textFeatures(text: string): number[] {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const characters = Math.max(1, text.length)
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0
  const share = (test: (word: string) => boolean) => words.filter(test).length / Math.max(1, words.length)
  return [
    Math.log1p(words.length),
    words.reduce((sum, word) => sum + word.length, 0) / Math.max(1, words.length),
    QUESTION.test(text.trim()) ? 1 : 0,
    text.includes('?') ? 1 : 0,
    count(CODE) / characters,
    count(/\p{Nd}/gu) / characters,
    count(/\p{Lu}/gu) / characters,
    share((word) => FUNCTION_WORDS.has(word.toLowerCase().replaceAll(/[^\p{L}]/gu, ''))),
    share((word) => CODE_NAME.test(word)),
  ]
}
