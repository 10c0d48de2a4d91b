import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument, type YAMLParseError } from 'yaml'
import { FieldtrialError, type Where } from '../core/errors.ts'

/** A path into a study or training file, e.g. `['collections', 0, 'split']`. */
export type Path = readonly (string | number)[]

/** `collections[0].split`, as people write it. */
function formatPath(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')
}

/** The page that explains the fields of study files. */
export const STUDY_PAGE = 'docs/study-file.md'

/** The text of a study or training file with the places of its fields, so that problems found later can be pointed at. */
export class StudySource {
  readonly file: string
  readonly value: unknown
  readonly #document: Document
  readonly #lines: LineCounter

  /**
   * Parses YAML 1.2 (JSON is a subset). Tabs as indentation, duplicate keys, alias bombs and tags that would build objects are refused.
   *
   * @throws FieldtrialError `STUDY_INVALID` with every syntax error as a problem of its own.
   */
  constructor(text: string, file: string, page: string = STUDY_PAGE) {
    this.file = file
    this.#lines = new LineCounter()
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      strict: true,
      uniqueKeys: true,
      prettyErrors: false,
      schema: 'core',
    })
    const broken = [...this.#document.errors, ...this.#document.warnings]
    if (broken.length > 0)
      throw invalidStudy(
        file,
        broken.map((error) => this.#syntaxProblem(error, text)),
        page,
      )
    try {
      // More than a few dozen uses of one anchor is no study but a bomb that expands without end.
      this.value = this.#document.toJS({ maxAliasCount: 50 })
    } catch (cause) {
      const bomb = new FieldtrialError('STUDY_INVALID', 'Anchors and aliases expand to far more than the file says.', {
        hint: 'Write the values out.',
        where: { file },
        cause,
      })
      throw invalidStudy(file, [bomb], page)
    }
  }

  /** Where the field lies: its key for `key`, else its value; the nearest parent that exists if it is absent. */
  where(path: Path, of: 'key' | 'value' = 'value'): Where {
    const field = formatPath(path)
    for (let length = path.length; length >= 0; length--) {
      const offset = this.#offset(path.slice(0, length), length === path.length ? of : 'value')
      if (offset === undefined) continue
      const { line, col } = this.#lines.linePos(offset)
      return { file: this.file, line, column: col, ...(field ? { field } : {}) }
    }
    return { file: this.file, ...(field ? { field } : {}) }
  }

  #offset(path: Path, of: 'key' | 'value'): number | undefined {
    if (of === 'key' && path.length > 0) {
      const parent = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true)
      if (isMap(parent)) {
        const pair = parent.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(path.at(-1)),
        )
        if (pair && isScalar(pair.key)) return pair.key.range?.[0]
      }
    }
    const node = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true)
    return (node as { range?: [number, number, number] | null } | undefined)?.range?.[0]
  }

  #syntaxProblem(
    error: YAMLParseError | { message: string; pos: [number, number]; code: string },
    text: string,
  ): FieldtrialError {
    const { line, col } = this.#lines.linePos(error.pos[0])
    const tab = error.code === 'TAB_AS_INDENT' || text.slice(error.pos[0], error.pos[1] + 1).includes('\t')
    return new FieldtrialError('STUDY_INVALID', error.message.replace(/ at line \d+, column \d+:[\s\S]*$/, ''), {
      hint: tab
        ? 'YAML is indented with spaces; replace the tab.'
        : 'Mend the YAML; quote strings that hold `: `, `#` or a leading special character.',
      where: { file: this.file, line, column: col },
    })
  }
}

/**
 * One error that carries all problems of a study or training file, in the order of the file.
 *
 * @param page Which explains the fields.
 */
export function invalidStudy(
  file: string,
  problems: readonly FieldtrialError[],
  page: string = STUDY_PAGE,
): FieldtrialError {
  const sorted = [...problems].sort(
    (a, b) => (a.where?.line ?? 0) - (b.where?.line ?? 0) || (a.where?.column ?? 0) - (b.where?.column ?? 0),
  )
  return new FieldtrialError(
    'STUDY_INVALID',
    `${file} has ${sorted.length === 1 ? 'a problem' : `${sorted.length} problems`}.`,
    {
      hint: `See ${page} for every field.`,
      where: { file },
      problems: sorted,
    },
  )
}
