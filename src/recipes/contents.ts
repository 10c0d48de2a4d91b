import type { Recipe } from './types.ts'

/**
 * The contents as they enter a prompt.
 *
 * `trim` takes blanks around away, as PromptReps' data set class does. `sentence` is what MetaEOL's evaluation does
 * (github.com/Yibin-Lei/MetaEOL): a text that does not end with one of `. ? " '` gets a full stop, double quotes become single ones, since
 * a double quote ends the prompt, and a question mark at the end becomes a full stop.
 *
 * `lower-case` and `bare-words` (no punctuation of ASCII either, blanks in a row made one) are what SigLIP 2's and SigLIP's tokenizers do
 * by themselves (transformers' `Siglip2Tokenizer` and `SiglipTokenizer.canonicalize_text`, after big_vision).
 */
export function prepareContents(rule: Recipe['contents'], text: string): string {
  switch (rule) {
    case 'as-is':
      return text
    case 'trim':
      return text.trim()
    case 'sentence':
      return text === '' ? text : `${text}${/[.?"']$/.test(text) ? '' : '.'}`.replaceAll('"', "'").replace(/\?$/, '.')
    case 'lower-case':
      return text.toLowerCase()
    case 'bare-words':
      return text.toLowerCase().replaceAll(PUNCTUATION, '').split(/\s+/).join(' ').trim()
  }
}

/** Python's `string.punctuation`. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g
