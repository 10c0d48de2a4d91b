/** Of unlike lengths, so that batches need sorting or padding. */
export const PLAIN_TEXTS: readonly string[] = [
  'what causes rain?',
  'A vector store keeps the vectors of documents and finds those nearest to the vector of a query.',
  'def add(a, b): return a + b',
  'rain',
  'In 1998 the committee met nine times; its report of 212 pages was printed in March of the next year, and a second, much shorter one, in May. Neither was read by many.',
  'The cat sat on the mat.',
  'the mat sat on the cat',
]

/** Far beyond what any encoder takes. */
export const LONG_TEXT: string = Array.from(
  { length: 6000 },
  (_, i) =>
    `Sentence ${i} says that retrieval is the art of ${['finding', 'ranking', 'leaving out', 'counting'][i % 4]}.`,
).join(' ')

/** Each is encoded alone and among the others. */
export const UNICODE_TEXTS: readonly string[] = [
  'emoji 😀 and families 👩‍👩‍👧‍👦 and flags 🇩🇪',
  'combining: e\u0301 n\u0303 a\u0308 z\u0335\u0336\u0337',
  'العربية من اليمين إلى اليسار ועברית',
  '東京は日本の首都です。𠀋 한국어',
  '\u0000 control \u0007 characters \u200b and \ufeff marks \u2028 inside',
  'lone \ud83d surrogates \udc00 here',
  '🙂',
]

/** Nothing to read; a recipe that trims makes it the empty text. */
export const BLANK_TEXT = '   \n\t  '
