/** Suffix and what takes its place. */
type Rule = readonly [suffix: string, replacement: string]

/** Whether the letter at `i` is a consonant; y is one at the start and after a vowel. Anything but a–z is one. */
function isConsonant(word: string, i: number): boolean {
  let y = 0
  while (word.charCodeAt(i) === 121 && i > 0) {
    y ^= 1
    i--
  }
  const c = word.charCodeAt(i)
  const consonant = !(c === 97 || c === 101 || c === 105 || c === 111 || c === 117)
  return y === 0 ? consonant : !consonant
}

/** Porter's m: how many times a vowel is followed by a consonant in the first `length` letters. */
function measure(word: string, length: number): number {
  let m = 0
  let afterVowel = false
  for (let i = 0; i < length; i++) {
    const c = word.charCodeAt(i)
    const vowel: boolean =
      c === 97 || c === 101 || c === 105 || c === 111 || c === 117 || (c === 121 && i > 0 && !afterVowel)
    if (afterVowel && !vowel) m++
    afterVowel = vowel
  }
  return m
}

function hasVowel(word: string, length: number): boolean {
  for (let i = 0; i < length; i++) if (!isConsonant(word, i)) return true
  return false
}

function endsDouble(word: string): boolean {
  const i = word.length - 1
  return i >= 1 && word.charCodeAt(i) === word.charCodeAt(i - 1) && isConsonant(word, i)
}

/** Consonant, vowel, consonant (not w, x, y) at the end of the first `length` letters: a short syllable. */
function endsShort(word: string, length: number): boolean {
  const i = length - 1
  if (i < 2 || !isConsonant(word, i) || isConsonant(word, i - 1) || !isConsonant(word, i - 2)) return false
  const last = word[i]
  return last !== 'w' && last !== 'x' && last !== 'y'
}

const without = (word: string, suffix: string): string => word.slice(0, word.length - suffix.length)

function plural(word: string): string {
  if (!word.endsWith('s')) return word
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2)
  return word[word.length - 2] === 's' ? word : word.slice(0, -1)
}

function pastAndProgressive(word: string): string {
  if (word.endsWith('eed')) return measure(word, word.length - 3) > 0 ? word.slice(0, -1) : word
  const suffix = word.endsWith('ed') ? 'ed' : word.endsWith('ing') ? 'ing' : ''
  if (suffix === '' || !hasVowel(word, word.length - suffix.length)) return word
  const stem = without(word, suffix)
  if (stem.endsWith('at') || stem.endsWith('bl') || stem.endsWith('iz')) return `${stem}e`
  if (endsDouble(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1)
  return measure(stem, stem.length) === 1 && endsShort(stem, stem.length) ? `${stem}e` : stem
}

function finalY(word: string): string {
  return word.endsWith('y') && hasVowel(word, word.length - 1) ? `${word.slice(0, -1)}i` : word
}

/** Rules of one step by the letter before the last, which tells most words at once that none applies. */
function byPenultimate(rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> {
  return Map.groupBy(rules, ([suffix]) => suffix[suffix.length - 2]!)
}

const DOUBLE_SUFFIXES = byPenultimate([
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  // Porter's later departures from the paper, which Lucene shares: bli for abli, and logi.
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
])

const IC_FUL_NESS = byPenultimate([
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
])

const LAST_SUFFIXES = byPenultimate(
  'al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize'
    .split(' ')
    // Of sion and tion only ion goes.
    .map((suffix) => [suffix, suffix.endsWith('ion') ? suffix[0]! : ''] as const),
)

/** Applies the first rule whose suffix the word has, if what remains is long enough; no other rule gets a chance. */
function replaceSuffix(word: string, rules: ReadonlyMap<string, readonly Rule[]>, minimum: number): string {
  for (const [suffix, replacement] of rules.get(word[word.length - 2] ?? '') ?? [])
    if (word.endsWith(suffix)) {
      const length = word.length - suffix.length
      return measure(word, length + (minimum > 1 ? replacement.length : 0)) >= minimum
        ? word.slice(0, length) + replacement
        : word
    }
  return word
}

function finalE(word: string): string {
  const m = measure(word, word.length)
  const shorter =
    word.endsWith('e') && (m > 1 || (m === 1 && !endsShort(word, word.length - 1))) ? word.slice(0, -1) : word
  return m > 1 && shorter.endsWith('ll') ? shorter.slice(0, -1) : shorter
}

/**
 * The Porter stem of a lower-case word, exactly as Lucene's PorterStemFilter (and so Anserini's default analyzer)
 * gives it. Words of one or two letters stay as they are.
 *
 * Source: M. F. Porter, An algorithm for suffix stripping, Program 14(3), 1980, with the author's later departures.
 */
export function porterStem(word: string): string {
  if (word.length < 3) return word
  let stem = finalY(pastAndProgressive(plural(word)))
  if (stem.length > 1) {
    stem = replaceSuffix(stem, DOUBLE_SUFFIXES, 1)
    stem = replaceSuffix(stem, IC_FUL_NESS, 1)
    stem = replaceSuffix(stem, LAST_SUFFIXES, 2)
    stem = finalE(stem)
  }
  return stem
}
