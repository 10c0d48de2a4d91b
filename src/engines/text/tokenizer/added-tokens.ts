import { escapePattern } from './escape.ts'
import type { AddedToken } from './settle.ts'

/** A stretch of text between added tokens, with its place in the whole (UTF-16), or the id of an added token. */
export type Stretch = { readonly text: string; readonly at: number } | number

const SPACE_BEFORE = /\p{White_Space}+$/u
const SPACE_AFTER = /^\p{White_Space}+/u
const WORD_END = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]$/u
const WORD_BEGIN = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u

/**
 * Finds added tokens in text, the leftmost and of those the longest first, as the Rust library does. transformers does so everywhere, also
 * within a user's text: a document that says `<|im_end|>` holds that very token.
 *
 * @param tokens With their `content` as it is looked for (normalised, where the token asks for that).
 */
export function addedTokenSplitter(tokens: readonly AddedToken[]): (text: string) => Stretch[] {
  const byContent = new Map(tokens.filter(({ content }) => content !== '').map((token) => [token.content, token]))
  if (byContent.size === 0) return (text) => (text === '' ? [] : [{ text, at: 0 }])
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length)
  const any = new RegExp(longestFirst.map(escapePattern).join('|'), 'g')
  return (text) => {
    const out: Stretch[] = []
    let from = 0
    const push = (to: number) => {
      if (to > from) out.push({ text: text.slice(from, to), at: from })
    }
    for (const { 0: content, index } of text.matchAll(any)) {
      const { id, single_word, lstrip, rstrip } = byContent.get(content)!
      let [start, stop] = [index, index + content.length]
      if (single_word && (WORD_END.test(text.slice(from, start)) || WORD_BEGIN.test(text.slice(stop)))) continue
      if (lstrip) start = Math.max(from, start - (SPACE_BEFORE.exec(text.slice(from, start))?.[0].length ?? 0))
      if (rstrip) stop += SPACE_AFTER.exec(text.slice(stop))?.[0].length ?? 0
      push(start)
      out.push(id)
      from = stop
    }
    push(text.length)
    return out
  }
}
