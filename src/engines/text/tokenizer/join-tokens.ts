import { lastCopy, type Run } from './prompt-runs.ts'
import { checkFixed, type Limit, type Unended } from './prompt-tokens.ts'
import type { Cut, TextTokenizer } from './tokenizer.ts'

/**
 * Each run of fixed text and each copy of the contents is tokenised by itself, and their ids are joined (PromptReps). Fixed text is never
 * cut. With `lengthOf: 'contents'` each copy keeps `maxLength` tokens; else the copies share, in equal parts, what fixed text leaves.
 *
 * @param around Whether the tokenizer's own special tokens go around.
 * @param reserve Tokens to leave room for at the end.
 */
export function joinTokens(
  tokenizer: TextTokenizer,
  runs: readonly Run[],
  contents: string,
  around: boolean,
  { maxLength, lengthOf }: Limit,
  reserve: number,
): Unended {
  const [before, after] = around ? [tokenizer.before, tokenizer.after] : [[], []]
  const fixed = runs.map((run) => (run.kind === 'fixed' ? tokenizer.ids(run.text) : null))
  const copies = fixed.filter((ids) => ids === null).length
  let cut: Cut = { ids: [], cutTokens: 0 }
  if (lengthOf === 'contents') cut = tokenizer.cut(contents, maxLength)
  else {
    const taken = fixed.reduce((sum, ids) => sum + (ids?.length ?? 0), before.length + after.length + reserve)
    checkFixed(taken, maxLength)
    if (copies > 0) cut = tokenizer.cut(contents, Math.floor((maxLength - taken) / copies))
  }
  const last = lastCopy(runs)
  const ids = [...before]
  let start = -1
  for (const [i, part] of fixed.entries()) {
    if (i === last) start = ids.length
    for (const id of part ?? cut.ids) ids.push(id)
  }
  if (start === -1) start = ids.length
  const end = last === -1 ? start : start + cut.ids.length
  for (const id of after) ids.push(id)
  return { ids, contents: { start, end }, fromContents: start, cutTokens: cut.cutTokens }
}
