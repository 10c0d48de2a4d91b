import { FieldtrialError } from '../../../../core/errors.ts'
import { didYouMean } from '../../../../core/suggest.ts'
import type { Language } from '../language.ts'
import { C, CPP, isCpp } from './c-family.ts'
import { JAVASCRIPT, TSX, TYPESCRIPT } from './ecmascript.ts'
import { GO, RUST } from './go-and-rust.ts'
import { C_SHARP, JAVA } from './jvm-and-dotnet.ts'
import { PYTHON } from './python.ts'
import { PHP, RUBY, SHELL } from './scripting.ts'

const LANGUAGES: readonly Language[] = [
  TYPESCRIPT,
  TSX,
  JAVASCRIPT,
  PYTHON,
  JAVA,
  GO,
  RUST,
  C,
  CPP,
  C_SHARP,
  RUBY,
  PHP,
  SHELL,
]

export const LANGUAGE_NAMES: readonly string[] = [...new Set(LANGUAGES.map(({ name }) => name))]

/** What people call them besides. */
const ALIASES: Readonly<Record<string, string>> = {
  ts: 'typescript',
  tsx: 'typescript',
  js: 'javascript',
  py: 'python',
  golang: 'go',
  rs: 'rust',
  cpp: 'c++',
  cs: 'c#',
  csharp: 'c#',
  'c-sharp': 'c#',
  rb: 'ruby',
  bash: 'shell',
  sh: 'shell',
}

/**
 * Languages by the endings of file names.
 *
 * @param names Only these; default: all.
 * @throws FieldtrialError `USAGE` for a language that there is not.
 */
export function languagesByExtension(names?: readonly string[]): ReadonlyMap<string, Language> {
  const wanted = names && new Set(names.map(languageName))
  // Headers of C++ are called as those of C are.
  if (wanted?.has(CPP.name)) wanted.add(C.name)
  return new Map(
    LANGUAGES.filter(({ name }) => wanted?.has(name) ?? true).flatMap((language) =>
      language.extensions.map((extension) => [extension, language] as const),
    ),
  )
}

/** The language of a source, where the ending of its name leaves two. */
export function languageOf(byExtension: Language, source: string): Language {
  return byExtension === C && isCpp(source) ? CPP : byExtension
}

function languageName(name: string): string {
  const lower = name.trim().toLowerCase()
  const known = ALIASES[lower] ?? lower
  if (LANGUAGE_NAMES.includes(known)) return known
  throw new FieldtrialError('USAGE', `There is no grammar for the language ${JSON.stringify(name)}.`, {
    hint: didYouMean(lower, LANGUAGE_NAMES),
  })
}
