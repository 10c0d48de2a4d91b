import { isCode, programmingLanguage } from './code-detection.ts'
import type { LanguageMix, Share } from './types.ts'

/** Characters that the language is told by. */
const HEAD = 500
/** Of letters, for a language to be told at all. */
const FEWEST_LETTERS = 20

/** What a text is made of. */
export type Modality = 'text' | 'code' | 'image' | 'text and image' | 'nothing'

export interface SampledText {
  readonly text: string
  readonly image: boolean
}

/** Languages, scripts and kinds of texts. Languages by ELD's n-grams (60 languages), code by `isCode`. */
export async function languageMix(texts: readonly SampledText[], of: number): Promise<LanguageMix> {
  const detect = await loadDetector()
  const modalities = new Counter()
  const languages = new Counter()
  const scripts = new Counter()
  const programming = new Counter()
  for (const { text, image } of texts) {
    const modality = modalityOf(text, image)
    modalities.add(modality)
    if (modality === 'code') programming.add(programmingLanguage(text))
    if (modality !== 'text' && modality !== 'text and image') continue
    languages.add(detect(text))
    scripts.add(scriptOf(text))
  }
  return {
    sampled: texts.length,
    of,
    modalities: modalities.shares(),
    languages: languages.shares(),
    scripts: scripts.shares(),
    programming: programming.shares(),
  }
}

function modalityOf(text: string, image: boolean): Modality {
  const empty = text.trim() === ''
  if (image) return empty ? 'image' : 'text and image'
  if (empty) return 'nothing'
  return isCode(text) ? 'code' : 'text'
}

const SCRIPTS = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Thai',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Armenian',
  'Georgian',
  'Ethiopic',
] as const

const PATTERNS = SCRIPTS.map((name) => [name, new RegExp(`\\p{Script=${name}}`, 'gu')] as const)

/** The script of most of a text's letters, `other`, or `none` without a letter. Kana make it Japanese, however much Han there is. */
export function scriptOf(text: string): string {
  const head = text.slice(0, HEAD)
  const counts = PATTERNS.map(([name, pattern]) => ({ name: name as string, count: head.match(pattern)?.length ?? 0 }))
  const kana = counts.filter(({ name }) => name === 'Hiragana' || name === 'Katakana')
  const japanese = kana.reduce((sum, { count }) => sum + count, 0)
  const han = counts.find(({ name }) => name === 'Han')!.count
  if (japanese > 0 && japanese + han > head.length / 4) return 'Japanese'
  const best = counts.reduce((a, b) => (b.count > a.count ? b : a))
  if (best.count > 0) return best.name
  return /\p{L}/u.test(head) ? 'other' : 'none'
}

async function loadDetector(): Promise<(text: string) => string> {
  const { eld } = await import('eld/small')
  const names = new Intl.DisplayNames(['en'], { type: 'language' })
  return (text) => {
    const head = text.slice(0, HEAD).toWellFormed()
    if ((head.match(/\p{L}/gu)?.length ?? 0) < FEWEST_LETTERS) return 'undetermined'
    const result = eld.detect(head)
    return result.language === '' || !result.isReliable()
      ? 'undetermined'
      : (names.of(result.language) ?? result.language)
  }
}

class Counter {
  readonly #counts = new Map<string, number>()

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  shares(): Share[] {
    return [...this.#counts]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
  }
}
