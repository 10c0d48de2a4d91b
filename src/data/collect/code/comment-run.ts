import type { Language } from './language.ts'

/** A comment where it stands. Rows count from 0; `endRow` is the row of its last character. */
export interface Comment {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly row: number
  readonly endRow: number
  /** It stands behind code on the same line, and so speaks of that. */
  readonly trailing: boolean
}

const DIRECTIVE =
  /^(?:\/\/|\/\*|#)[\s*!]*(?:eslint|prettier|biome|oxlint|tslint|jshint|global |globals |istanbul|c8 |v8 |@ts-|ts-|nolint|noinspection|clang-format|pragma|region|endregion|rubocop|frozen_string_literal|go:|\+build|shellcheck|phpcs|psalm|phpstan|webpack|@__PURE__|!\/|-\*-)/i
/** Comments about the whole file. */
const OF_FILE = /[@\\](?:file|fileoverview|packageDocumentation|module|license|licence|defgroup|mainpage|dir)\b/i

/**
 * The comments out of those before a definition that document it, in order; empty for none. A documentation comment may be parted from it
 * by one empty line, unless it is the first in the file and so may be the file's; others must stand right above it.
 *
 * @param row Row in which the definition, with its attributes, begins.
 */
export function documentingComments(pending: readonly Comment[], row: number, language: Language): readonly Comment[] {
  let below = row
  let at = pending.length - 1
  while (at >= 0 && DIRECTIVE.test(pending[at]!.text)) below = pending[at--]!.row
  const last = pending[at]
  if (last === undefined || last.trailing) return []
  const gap = below - last.endRow - 1
  const documents = language.docComment.test(last.text)
  const lines = isLine(last.text)
  if (!documents && !language.plainComments) return []
  if (gap > (documents && !lines ? 1 : 0)) return []
  if (gap > 0 && last.row <= 1) return []
  if (OF_FILE.test(last.text)) return []
  const found = [last]
  if (!lines) return found
  for (let i = at - 1; i >= 0; i--) {
    const comment = pending[i]!
    const next = found[0]!
    const belongs =
      isLine(comment.text) &&
      !comment.trailing &&
      comment.endRow + 1 === next.row &&
      language.docComment.test(comment.text) === documents
    if (!belongs || DIRECTIVE.test(comment.text)) break
    found.unshift(comment)
  }
  return found
}

const isLine = (text: string) => /^(?:\/\/|#)/.test(text)
