import type { PromptTokenizer, PromptTokens } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import { prepareContents } from '../../recipes/contents.ts'
import type { Recipe, Side } from '../../recipes/types.ts'
import type { Check } from './check.ts'
import { longText } from './texts.ts'

const SIDES = ['query', 'document'] as const
const SHORT = 'Retrieval'
/** Beyond this, a text that is too long takes too long. */
const MOST_TOKENS = 1024
/** A text is long enough if so many times the tokens that are kept are cut off. */
const BEYOND = 0.3

/** What a recipe makes of a text, prompt by prompt. */
export type Tokenise = (text: string, side: Side) => PromptTokens[]

export function tokeniserOf(tokenizer: PromptTokenizer, recipe: Recipe, task: string): Tokenise {
  const { prompts, contents, maxLength, lengthOf } = recipe
  return (text, side) =>
    prompts[side].map((prompt) =>
      tokenizer.encode(prompt, prepareContents(contents, text), task, { maxLength: maxLength[side], lengthOf }),
    )
}

/** What stands around the text must be there also where the text is cut. Only tokens are looked at. */
export function checkTruncation(tokenise: Tokenise, tokenizer: PromptTokenizer, recipe: Recipe): Check {
  const name = 'truncation'
  const seen: string[] = []
  for (const side of SIDES) {
    const short = tokenise(SHORT, side)
    // The same first word: what grows together with it at the seam is the same.
    const long = tokenise(`${SHORT} ${longText(4000)}`, side)
    for (const [view, whole] of short.entries()) {
      const copies = recipe.prompts[side][view]!.parts.filter((part) => part.kind === 'contents').length
      const lost = lostTokens(whole, long[view]!, copies > 1)
      if (lost !== null)
        return {
          name,
          status: 'failed',
          detail: `a long ${side} loses tokens ${lost} the text`,
          hint: 'Likely cause: the tokenizer’s own truncation. Give a larger --max-length, and report it with tokenizer.json.',
        }
    }
    const { ids, cutTokens, contents } = long[0]!
    const last = tokenizer.tokensOf(ids.slice(-1))[0]
    const end = contents.end === ids.length ? 'nothing stands behind it' : `ends with ${JSON.stringify(last)}`
    seen.push(`${side} of ${ids.length} tokens, ${cutTokens} cut off, ${end}`)
  }
  return { name, status: 'ok', detail: `what stands around a long text stays whole: ${seen.join('; ')}` }
}

/**
 * Compares the tokens before and behind the contents; the one behind it may have grown together with it.
 *
 * @param several Whether the contents stand in the prompt more than once: then other copies are among the tokens before the last one.
 */
function lostTokens(short: PromptTokens, long: PromptTokens, several: boolean): 'before' | 'behind' | null {
  const before = ({ ids, contents }: PromptTokens) => ids.slice(0, contents.start).join()
  if (!several && before(short) !== before(long)) return 'before'
  const [whole, cut] = [short, long].map(({ ids, contents }) => ids.slice(contents.end)) as [number[], number[]]
  const common = Math.min(whole.length, cut.length)
  if (Math.abs(whole.length - cut.length) > 1) return 'behind'
  return common === 0 || whole.slice(-common).join() === cut.slice(-common).join() ? null : 'behind'
}

/** A text of somewhat more tokens than the recipe keeps on either side; null where it would have to be too long. */
export function tooLongText(tokenise: Tokenise, { maxLength }: Recipe): string | null {
  const most = Math.max(maxLength.query, maxLength.document)
  if (most > MOST_TOKENS) return null
  for (let sentences = Math.max(2, most >> 5); ; sentences = Math.ceil(sentences * 1.25)) {
    const text = longText(sentences)
    if (SIDES.every((side) => tokenise(text, side).every(({ cutTokens, ids }) => cutTokens >= BEYOND * ids.length)))
      return text
  }
}
