import { porterStem } from './porter.ts'
import { snowballEnglishStem } from './snowball-english.ts'

export const STEMMERS = ['porter', 'snowball-english', 'none'] as const
export type StemmerName = (typeof STEMMERS)[number]

/** The stemmer of this name; `none` gives words back as they are. */
export function stemmerOf(name: StemmerName): (word: string) => string {
  if (name === 'porter') return porterStem
  return name === 'snowball-english' ? snowballEnglishStem : (word) => word
}
