import { longestPrefix } from './longest-prefix.ts'
import { lastCopy, type Run, textOf } from './prompt-runs.ts'
import { checkFixed, type Limit, type Unended } from './prompt-tokens.ts'
import { SHORT, type TextTokenizer } from './tokenizer.ts'

/**
 * The parts are joined and tokenised as one text.
 *
 * Where nothing but special tokens follows the one copy of the contents, what is too long is cut as transformers' `truncation=True` cuts
 * it, token by token (sentence-transformers' way). Else the contents, each copy alike, are cut to the most characters with which the whole
 * fits, and fixed text stays whole.
 *
 * @param around Whether the tokenizer's own special tokens go around.
 * @param reserve Tokens to leave room for at the end.
 */
export function joinText(
  tokenizer: TextTokenizer,
  runs: readonly Run[],
  contents: string,
  around: boolean,
  limit: Limit,
  reserve: number,
): Unended {
  const [before, after] = around ? [tokenizer.before, tokenizer.after] : [[], []]
  const room = limit.maxLength - before.length - after.length - reserve
  const last = lastCopy(runs)
  const copies = runs.filter((run) => run.kind === 'contents').length
  const plain = copies === 1 && last === runs.length - 1 && limit.lengthOf === 'prompt'

  let kept = contents
  let ids: readonly number[]
  let cutTokens = 0
  /** Tokens of fixed text that were cut off at the start, where the tokenizer cuts there. */
  let shift = 0
  if (limit.lengthOf === 'prompt') {
    const fixed = textOf(runs, '')
    checkFixed(fixed === '' ? 0 : tokenizer.ids(fixed).length + limit.maxLength - room, limit.maxLength)
  }
  if (plain) {
    const cut = tokenizer.cut(textOf(runs, contents), Math.max(0, room))
    ids = cut.ids
    cutTokens = cut.cutTokens
    shift = tokenizer.keepEnd ? cutTokens : 0
  } else {
    const fits =
      limit.lengthOf === 'prompt'
        ? (text: string) => tokenizer.ids(textOf(runs, text)).length <= room
        : (text: string) => tokenizer.ids(text).length <= limit.maxLength
    if (copies > 0) kept = longestThatFits(tokenizer, contents, fits, limit.maxLength / copies)
    if (kept.length < contents.length) cutTokens = countCut(tokenizer, contents, kept)
    ids = tokenizer.ids(textOf(runs, kept))
  }

  const left = textOf(runs.slice(0, last === -1 ? runs.length : last), kept)
  const right = last === -1 ? '' : textOf(runs.slice(last + 1), kept)
  const leading = commonStart(ids, tokenizer.ids(left).slice(shift))
  const trailing = right === '' ? 0 : commonEnd(ids, tokenizer.ids(right))
  const start = before.length + leading
  const end = Math.max(start, before.length + ids.length - trailing)
  return {
    ids: [...before, ...ids, ...after],
    contents: { start, end },
    fromContents: around ? tokenizer.promptLength(left) : tokenizer.ids(left).length,
    cutTokens,
  }
}

/** Of contents that are too long, the start is kept; the end where the tokenizer cuts at the start. */
function longestThatFits(
  { keepEnd }: TextTokenizer,
  contents: string,
  fits: (text: string) => boolean,
  tokens: number,
): string {
  // Four characters a token: few texts have fewer, so that one try is enough for a text that fits.
  const guess = Math.ceil(4 * tokens)
  if (contents.length <= 2 * guess && fits(contents)) return contents
  if (!keepEnd)
    return contents.slice(
      0,
      longestPrefix(contents, (length) => fits(contents.slice(0, length)), guess),
    )
  const { length } = contents
  // Backwards, pair by pair: a search for the longest end is one for the longest start.
  const reversed = [...contents].reverse().join('')
  return contents.slice(length - longestPrefix(reversed, (size) => fits(contents.slice(length - size)), guess))
}

/** Tokens that were cut off: of a text many times as long as what is left, estimated from its start. */
function countCut(tokenizer: TextTokenizer, contents: string, kept: string): number {
  const seen = Math.min(contents.length, Math.max(SHORT, 4 * kept.length))
  const tokens = tokenizer.ids(contents.slice(0, seen)).length
  return Math.max(1, Math.round((tokens * contents.length) / seen) - tokenizer.ids(kept).length)
}

function commonStart(ids: readonly number[], part: readonly number[]): number {
  let n = 0
  while (n < part.length && n < ids.length && ids[n] === part[n]) n++
  return n
}

function commonEnd(ids: readonly number[], part: readonly number[]): number {
  let n = 0
  while (n < part.length && n < ids.length && ids[ids.length - 1 - n] === part[part.length - 1 - n]) n++
  return n
}
