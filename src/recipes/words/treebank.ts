import { pythonRegex, splitBlanks } from './python-regex.ts'

type Rule = readonly [pattern: RegExp, replacement: string]

const rule = (pattern: string, replacement: string, flags = ''): Rule => [pythonRegex(pattern, flags), replacement]

/** nltk 3.9's rules for English, in their order (`nltk.tokenize.NLTKWordTokenizer`, after the Penn Treebank's sed script). */
const BEFORE: readonly Rule[] = [
  // Opening quotes.
  rule('([«“‘„]|[`]+)', ' $1 '),
  rule('^"', '``'),
  rule('(``)', ' $1 '),
  rule('([ \\(\\[\\{<])("|\'{2})', '$1 `` '),
  rule("(?<!\\w)(')(?!(?:re|ve|ll|m|t|s|d|n)\\b)(?=\\w)", '$1 ', 'i'),
  // Punctuation.
  rule('([^.])(\\.)([\\]\\)\\}>"\'»”’ ]*)\\s*$', '$1 $2 $3 '),
  rule('([:,])([^\\d])', ' $1 $2'),
  rule('([:,])$', ' $1 '),
  rule('\\.{2,}', ' $& '),
  rule('[;@#$%&]', ' $& '),
  rule('[\\u2012-\\u2015]', ' $& '),
  rule('([^.])(\\.)([\\]\\)\\}>"\']*)\\s*$', '$1 $2$3 '),
  rule('[?!]', ' $& '),
  rule("([^'])' ", "$1 ' "),
  rule('[*]', ' $& '),
  rule('[\\]\\[\\(\\)\\{\\}<>]', ' $& '),
  rule('--', ' -- '),
]

const AFTER: readonly Rule[] = [
  // Closing quotes and clitics.
  rule('([»”’])', ' $1 '),
  rule("''", " '' "),
  rule('"', " '' "),
  rule('\\s+', ' '),
  rule("([^' ])('[sS]|'[mM]|'[dD]|') ", '$1 $2 '),
  rule("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", '$1 $2 '),
  // Contractions.
  ...['(can)(not)', "(d)('ye)", '(gim)(me)', '(gon)(na)', '(got)(ta)', '(lem)(me)', "(more)('n)"].map((pair) =>
    rule(`\\b${pair}\\b`, ' $1 $2 ', 'i'),
  ),
  rule('\\b(wan)(na)(?=\\s)', ' $1 $2 ', 'i'),
  rule(" ('t)(is)\\b", ' $1 $2 ', 'i'),
  rule(" ('t)(was)\\b", ' $1 $2 ', 'i'),
]

const apply = (text: string, rules: readonly Rule[]) =>
  rules.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)

/** The words and punctuation marks of one sentence. */
export function treebankWords(sentence: string): string[] {
  return splitBlanks(apply(` ${apply(sentence, BEFORE)} `, AFTER))
}
