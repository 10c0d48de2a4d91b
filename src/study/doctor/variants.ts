import { type Handling, rightHandling } from '../../engines/onnx/handling.ts'
import type { Pooling, Prompt, Recipe, Side } from '../../recipes/types.ts'

/** One way in which encoders go wrong. */
export interface Variant {
  /** What is then the case, as the middle of a sentence: "likely cause: …". */
  readonly cause: string
  /** What to change in the engine that has it. */
  readonly remedy: string
  readonly handling: Handling
}

/** What goes wrong with any text, alone or not. */
export function textVariants(recipe: Recipe): Variant[] {
  return [
    ...endVariants(recipe),
    ...normVariants(recipe),
    ...poolingVariants(recipe),
    ...promptVariants(recipe),
    ...tokenVariants(recipe),
  ]
}

function endVariants(recipe: Recipe): Variant[] {
  const right = rightHandling(recipe)
  return [
    {
      cause: 'the end token behind the text (EOS) is dropped',
      remedy:
        'Let its tokenizer add the end token (for example add_eos_token, or a post-processor in tokenizer.json), or write the token behind {text} in the prompts that are sent.',
      handling: { ...right, end: 'dropped' },
    },
    {
      cause: 'an end token (EOS) is put behind the text that the recipe does not have',
      remedy: 'Switch its adding of the end token off, or choose a recipe with eos.',
      handling: { ...right, end: 'added' },
    },
  ]
}

function normVariants(recipe: Recipe): Variant[] {
  const right = rightHandling(recipe)
  const asked = recipe.finalNorm ? 'once' : 'not at all'
  const applied = [
    { norms: 0, cause: 'the model’s final norm is skipped', remedy: 'Take the states behind the final norm' },
    { norms: 1, cause: 'the model’s final norm is applied', remedy: 'Take the states before the final norm' },
    {
      norms: 2,
      cause: 'the model’s final norm is applied twice',
      remedy: 'Apply the final norm once: what the model calls its last hidden state often has it already',
    },
  ] as const
  if (recipe.finalNorm === null) return []
  return applied
    .filter(({ norms }) => norms !== right.norms)
    .map(({ norms, cause, remedy }) => ({
      cause,
      remedy: `${remedy}; the recipe has it ${asked}.`,
      handling: { ...right, norms },
    }))
}

const POOLED: Readonly<Partial<Record<Pooling, string>>> = {
  mean: 'the mean of all tokens is taken',
  lasttoken: 'the last token is taken',
  cls: 'the first token is taken',
}

function poolingVariants(recipe: Recipe): Variant[] {
  const own = recipe.pooling.join(' + ')
  const others = (Object.entries(POOLED) as [Pooling, string][]).filter(([pooling]) => pooling !== own)
  const change = (cause: string, changes: Partial<Recipe>): Variant => ({
    cause: `${cause} in place of the recipe’s ${own}${recipe.span === 'all' ? '' : ' over the text'}`,
    remedy: `Set its pooling to ${own} (vLLM: --override-pooler-config; TEI: --pooling; sentence-transformers: 1_Pooling/config.json).`,
    handling: rightHandling({ ...recipe, ...changes }),
  })
  return [
    ...others.map(([pooling, cause]) => change(cause, { pooling: [pooling], span: 'all' })),
    ...(recipe.span === 'all' ? [] : [change(`${own} over the whole prompt is taken`, { span: 'all' })]),
  ]
}

function promptVariants(recipe: Recipe): Variant[] {
  const without = (side: Side) => recipe.prompts[side].map(bare)
  const variant = (which: string, prompts: Recipe['prompts'], remedy: string): Variant => ({
    cause: which,
    remedy,
    handling: rightHandling({ ...recipe, prompts }),
  })
  const { query, document } = recipe.prompts
  const send = (side: string) =>
    `Send ${side} with the recipe’s prompt around it, and see that nothing on the way takes it off.`
  return [
    variant('the prompt is missing on the query side', { document, query: without('query') }, send('each query')),
    variant(
      'the prompt is missing on the document side',
      { query, document: without('document') },
      send('each document'),
    ),
    variant(
      'the prompts are missing on both sides',
      { query: without('query'), document: without('document') },
      send('each text'),
    ),
    variant(
      'queries get the document prompt',
      { query: document, document },
      'Tell queries from documents when encoding.',
    ),
    variant('documents get the query prompt', { query, document: query }, 'Tell queries from documents when encoding.'),
  ]
}

function tokenVariants(recipe: Recipe): Variant[] {
  const { query, document } = recipe.prompts
  const prompts = (change: (prompt: Prompt) => Prompt) =>
    rightHandling({ ...recipe, prompts: { query: query.map(change), document: document.map(change) } })
  const around = document[0]!.addSpecialTokens
  return [
    {
      cause: around
        ? 'the tokenizer’s own special tokens (BOS and the like) are left out'
        : 'the tokenizer puts its special tokens (BOS and the like) around a prompt that names them all itself',
      remedy: `Set add_special_tokens to ${around}.`,
      handling: prompts((prompt) => ({ ...prompt, addSpecialTokens: !around })),
    },
    {
      cause: 'prompt and text are tokenised as one text, so that tokens reach across the seams',
      remedy: 'Tokenise prompt and text apart and join the ids, as the recipe does; or accept the small difference.',
      handling: prompts((prompt) => ({ ...prompt, join: 'text' })),
    },
    {
      cause: 'texts are put in lower case',
      remedy: 'Switch do_lower_case off.',
      handling: { ...rightHandling(recipe), lowerCase: true },
    },
  ]
}

/** What goes wrong in batches only. */
export function batchVariants(recipe: Recipe, padIds: readonly number[]): Variant[] {
  const right = rightHandling(recipe)
  return padIds.flatMap((token): Variant[] => [
    {
      cause:
        'padding is pooled: texts are padded behind (on the right), and the last position of the batch is taken as the text’s',
      remedy:
        'Pool by the attention mask, or pad on the left with a mask (padding_side), or keep texts of one length together.',
      handling: { ...right, padding: { side: 'behind', token, pooled: true } },
    },
    {
      cause: 'texts are padded before (on the left) without an attention mask, so that they see the padding',
      remedy: 'Hand the attention mask to the model, and let positions count from the first real token.',
      handling: { ...right, padding: { side: 'before', token, pooled: true } },
    },
    {
      cause: 'texts are padded before (on the left), and the padding is masked in the pooling but not in the model',
      remedy: 'Hand the attention mask to the model, and let positions count from the first real token.',
      handling: { ...right, padding: { side: 'before', token, pooled: false } },
    },
    {
      cause: 'texts are padded behind (on the right), and the padding is masked in the pooling but not in the model',
      remedy: 'Hand the attention mask to the model.',
      handling: { ...right, padding: { side: 'behind', token, pooled: false } },
    },
  ])
}

/** What goes wrong with long texts only. `limits`: lengths in tokens at which an engine may cut. */
export function longVariants(recipe: Recipe, limits: readonly number[]): Variant[] {
  const right = rightHandling(recipe)
  return [
    ...limits.flatMap((tokens): Variant[] => [
      {
        cause: `truncation at ${tokens} tokens cuts the end of the whole prompt, and what stands behind the text (suffix, end token) with it`,
        remedy: 'Cut the text before prompt and end token are put around it, or lower the length of what is sent.',
        handling: { ...right, cut: { at: 'end', tokens } },
      },
      {
        cause: `truncation at ${tokens} tokens cuts the start of the whole prompt (truncation_side: left)`,
        remedy: 'Set truncation_side to right, and cut the text before the prompt is put around it.',
        handling: { ...right, cut: { at: 'start', tokens } },
      },
      {
        cause: `texts are cut at ${tokens} tokens`,
        remedy: `Set its maximum length to that of the recipe, or --max-length ${tokens} here.`,
        handling: rightHandling({
          ...recipe,
          lengthOf: 'prompt',
          maxLength: { query: tokens, document: tokens },
        }),
      },
    ]),
    {
      cause: 'long texts are not cut at the recipe’s length',
      remedy: `Set its maximum length to the recipe’s (${recipe.maxLength.document} tokens), or a larger --max-length here.`,
      handling: { ...right, cut: 'none' },
    },
  ]
}

/** The text alone, with the special tokens that the recipe has around it. */
export function bare(prompt: Prompt): Prompt {
  return { ...prompt, parts: [{ kind: 'contents' }] }
}
