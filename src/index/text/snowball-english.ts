/** Words that the rules would treat badly, and their stems. */
const EXCEPTIONS = new Map<string, string>([
  ['skis', 'ski'],
  ['skies', 'sky'],
  ['idly', 'idl'],
  ['gently', 'gentl'],
  ['ugly', 'ugli'],
  ['early', 'earli'],
  ['only', 'onli'],
  ['singly', 'singl'],
  ...['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes'].map((word) => [word, word] as const),
])

/** Nouns in -ing and verbs in -eed that stay, also when a plural s has been taken off. */
const INVARIANT = new Set('inning outing canning herring earring evening proceed exceed succeed'.split(' '))

/** Beginnings after which R1 begins at once. */
const REGION_PREFIX = /^(?:gener|commun|arsen|past|univers|later|emerg|organ|inter)/

const VOWEL = /[aeiouy]/
const isVowel = (letter: string | undefined): boolean => letter !== undefined && 'aeiouy'.includes(letter)

/** Where the region after the first consonant that follows a vowel begins, looking from `from` on. */
function regionFrom(word: string, from: number): number {
  let i = from
  while (i < word.length && !isVowel(word[i])) i++
  while (i < word.length && isVowel(word[i])) i++
  return Math.min(i + 1, word.length)
}

/** A y at the start or after a vowel is a consonant, written Y until the end. */
function markConsonantY(word: string): string {
  if (!word.includes('y')) return word
  let out = ''
  for (let i = 0; i < word.length; i++) out += word[i] === 'y' && (i === 0 || isVowel(out[i - 1])) ? 'Y' : word[i]
  return out
}

/** Whether the word ends in a short syllable: consonant, vowel, consonant (not w, x, Y), or a vowel and consonant alone. */
function endsShort(word: string): boolean {
  const n = word.length
  if (word.endsWith('past')) return true
  if (n < 2 || isVowel(word[n - 1]) || !isVowel(word[n - 2])) return false
  return n === 2 || (!isVowel(word[n - 3]) && !'wxY'.includes(word[n - 1]!))
}

function plural(word: string): string {
  word = word.replace(/'(?:s'?)?$/, '')
  if (word.endsWith('sses')) return word.slice(0, -2)
  if (word.endsWith('ied') || word.endsWith('ies')) return word.slice(0, word.length > 4 ? -2 : -1)
  if (!word.endsWith('s') || word.endsWith('us') || word.endsWith('ss')) return word
  return VOWEL.test(word.slice(0, -2)) ? word.slice(0, -1) : word
}

function pastAndProgressive(word: string, r1: number): string {
  const suffix = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0]
  if (suffix === undefined) return word
  const stem = word.slice(0, -suffix.length)
  if (suffix.startsWith('eed')) return stem.length >= r1 ? `${stem}ee` : word
  if (suffix === 'ing' && stem.length === 2 && stem[1] === 'y' && !isVowel(stem[0])) return `${stem[0]}ie`
  if (!VOWEL.test(stem)) return word
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(stem)) return /^[aeo]..$/.test(stem) ? stem : stem.slice(0, -1)
  return stem.length === r1 && endsShort(stem) ? `${stem}e` : stem
}

function finalY(word: string): string {
  return word.length > 2 && /[^aeiouy][yY]$/.test(word) ? `${word.slice(0, -1)}i` : word
}

const STEP_2 = new Map<string, string>([
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['entli', 'ent'],
  ['izer', 'ize'],
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['alli', 'al'],
  ['fulness', 'ful'],
  ['ousli', 'ous'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['bli', 'ble'],
  ['ogist', 'og'],
  ['ogi', 'og'],
  ['fulli', 'ful'],
  ['lessli', 'less'],
  ['li', ''],
])
const STEP_3 = new Map<string, string>([
  ['tional', 'tion'],
  ['ational', 'ate'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
  ['ative', ''],
])
const STEP_4 = new Map<string, string>(
  'al ance ence er ic able ible ant ement ment ent ism ate iti ous ive ize ion'
    .split(' ')
    .map((suffix) => [suffix, '']),
)

/** The longest suffix of the word that the rules know. */
function longestSuffix(word: string, rules: ReadonlyMap<string, string>): string | undefined {
  for (let length = Math.min(7, word.length); length > 1; length--) {
    const suffix = word.slice(-length)
    if (rules.has(suffix)) return suffix
  }
  return undefined
}

function replaceLongest(
  word: string,
  rules: ReadonlyMap<string, string>,
  allowed: (suffix: string, stem: string) => boolean,
): string {
  const suffix = longestSuffix(word, rules)
  if (suffix === undefined) return word
  const stem = word.slice(0, -suffix.length)
  return allowed(suffix, stem) ? stem + rules.get(suffix)! : word
}

function finalLetter(word: string, r1: number, r2: number): string {
  const stem = word.slice(0, -1)
  if (word.endsWith('e')) return stem.length >= r2 || (stem.length >= r1 && !endsShort(stem)) ? stem : word
  return word.endsWith('ll') && stem.length >= r2 ? stem : word
}

/**
 * The Snowball English (Porter2) stem of a lower-case word, as Snowball 3 and so PyStemmer 3 gives it.
 *
 * Source: https://snowballstem.org/algorithms/english/stemmer.html with the changes of Snowball 3.0 (R1 after
 * `past`, `univers`, `later`, `emerg`, `organ`, `inter`; -logist; `add`, `egg` and the like; `evening`).
 */
export function snowballEnglishStem(word: string): string {
  const exception = EXCEPTIONS.get(word)
  if (exception !== undefined) return exception
  if (word.length < 3) return word
  let stem = markConsonantY(word.startsWith("'") ? word.slice(1) : word)
  const prefix = REGION_PREFIX.exec(stem)?.[0]
  const r1 = prefix === undefined ? regionFrom(stem, 0) : prefix.length
  const r2 = regionFrom(stem, r1)
  stem = plural(stem)
  if (!INVARIANT.has(stem)) {
    stem = finalY(pastAndProgressive(stem, r1))
    stem = replaceLongest(stem, STEP_2, (suffix, rest) => {
      if (rest.length < r1) return false
      if (suffix === 'li') return /[cdeghkmnrt]$/.test(rest)
      return suffix !== 'ogi' || rest.endsWith('l')
    })
    stem = replaceLongest(stem, STEP_3, (suffix, rest) => rest.length >= (suffix === 'ative' ? r2 : r1))
    stem = replaceLongest(stem, STEP_4, (suffix, rest) => rest.length >= r2 && (suffix !== 'ion' || /[st]$/.test(rest)))
    stem = finalLetter(stem, r1, r2)
  }
  return stem.replaceAll('Y', 'y')
}
