import type { Recipe } from './types.ts'

/**
 * The contents as they enter a prompt.
 *
 * `trim` takes blanks around away, as PromptReps' data set class does. `sentence` is what MetaEOL's evaluation does
 * (github.com/Yibin-Lei/MetaEOL): a text that does not end with one of `. ? " '` gets a full stop, double quotes become single ones, since
 * a double quote ends the prompt, and a question mark at the end becomes a full stop.
 */
export function prepareContents(rule: Recipe['contents'], text: string): string {
  switch (rule) {
    case 'as-is':
      return text
    case 'trim':
      return text.trim()
    case 'sentence':
      return text === '' ? text : `${text}${/[.?"']$/.test(text) ? '' : '.'}`.replaceAll('"', "'").replace(/\?$/, '.')
  }
}
