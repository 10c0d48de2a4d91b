import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import type { ModelFacts, Recipe, RecipeDefinition, RecipeParameters, Side } from './types.ts'

/**
 * Refuses parameters that a recipe does not take: they would be without effect, and nobody would notice.
 *
 * @throws FieldtrialError `RECIPE_INVALID`.
 */
export function requireKnownParameters(
  { id, parameters: known }: RecipeDefinition,
  given: RecipeParameters,
  facts: ModelFacts,
): void {
  for (const name of Object.keys(given)) {
    if ((known as readonly string[]).includes(name)) continue
    throw new FieldtrialError('RECIPE_INVALID', `The recipe ${id} takes no \`${name}\` (for ${facts.name}).`, {
      hint: known.length === 0 ? 'Remove it.' : `${didYouMean(name, known)} It takes: ${known.join(', ')}.`,
      where: { field: name },
    })
  }
}

/** @throws FieldtrialError `RECIPE_INVALID` for a model that is not a decoder. */
export function requireDecoder(id: string, facts: ModelFacts): void {
  if (facts.decoder) return
  throw new FieldtrialError(
    'RECIPE_INVALID',
    `The recipe ${id} needs a decoder (a causal language model); ${facts.name} is a ${facts.architecture} encoder.`,
    { hint: 'Use the recipe sentence-transformers or mean for encoders.' },
  )
}

/**
 * Which layer's states are pooled, and whether the model's last norm is on them. transformers' `hidden_states[L]` of the last layer has
 * the norm, those before have not; so it is here, unless said otherwise.
 *
 * @throws FieldtrialError `RECIPE_INVALID` for a layer that is not there.
 */
export function resolveLayer(
  facts: ModelFacts,
  { layer: given, finalNorm }: RecipeParameters,
): Pick<Recipe, 'layer' | 'finalNorm'> {
  const { layers, decoder, name } = facts
  if (!decoder || layers === null) {
    if (given === undefined && finalNorm === undefined) return { layer: null, finalNorm: null }
    throw new FieldtrialError('RECIPE_INVALID', `${name}: a layer can be chosen for decoders only.`, {
      hint: 'Remove `layer` and `finalNorm`.',
      where: { field: 'layer' },
    })
  }
  const layer = given === undefined ? layers : layerIndex(given, layers)
  if (layer === null)
    throw new FieldtrialError('RECIPE_INVALID', `${name} has no layer ${given}.`, {
      hint: `Give 0 (embeddings) to ${layers}, -1 to -${layers} from the end, or a fraction of the depth between 0 and 1.`,
      where: { field: 'layer' },
    })
  return { layer, finalNorm: finalNorm ?? layer === layers }
}

function layerIndex(given: number, layers: number): number | null {
  if (given > 0 && given < 1) return Math.round(given * layers)
  if (!Number.isSafeInteger(given)) return null
  const index = given < 0 ? layers + 1 + given : given
  return index >= 0 && index <= layers ? index : null
}

/**
 * Tokens kept per side.
 *
 * @param fallback What the recipe keeps by default; less where the model takes less.
 * @throws FieldtrialError `RECIPE_INVALID` for lengths beyond the model's context.
 */
export function resolveLengths(
  facts: ModelFacts,
  given: RecipeParameters['maxLength'],
  fallback: Readonly<Record<Side, number>>,
): Readonly<Record<Side, number>> {
  const context = facts.context ?? Number.POSITIVE_INFINITY
  const of = (side: Side): number => {
    const wish = typeof given === 'number' ? given : given?.[side]
    if (wish === undefined) return Math.min(fallback[side], context)
    if (Number.isSafeInteger(wish) && wish >= 1 && wish <= context) return wish
    throw new FieldtrialError(
      'RECIPE_INVALID',
      `A maximum length of ${wish} tokens cannot be used; ${facts.name} takes 1 to ${context}.`,
      { hint: 'Lower maxLength, or leave it out.', where: { field: 'maxLength' } },
    )
  }
  return { query: of('query'), document: of('document') }
}

/** @throws FieldtrialError `RECIPE_INVALID` where the model names no end-of-sequence token. */
export function requireEos(id: string, facts: ModelFacts): string {
  if (facts.tokens.eos !== null) return facts.tokens.eos
  throw new FieldtrialError(
    'RECIPE_INVALID',
    `The recipe ${id} ends with the end-of-sequence token; ${facts.name} names none.`,
    {
      hint: 'Set `eos: false`, or complete its tokenizer_config.json.',
      where: { field: 'eos' },
    },
  )
}

/** @throws FieldtrialError `RECIPE_INVALID` where the model names no padding token, with which some layouts end. */
export function requirePad(id: string, facts: ModelFacts): string {
  if (facts.tokens.pad !== null) return facts.tokens.pad
  throw new FieldtrialError(
    'RECIPE_INVALID',
    `This layout of ${id} ends with the padding token; ${facts.name} names none.`,
    { hint: 'Complete its tokenizer_config.json (pad_token), or choose another layout.' },
  )
}

/** @throws FieldtrialError `RECIPE_INVALID` for a layout that is not one of the names. */
export function chooseLayout<T extends string>(id: string, given: string | undefined, names: readonly T[]): T {
  const layout = given ?? names[0]!
  if ((names as readonly string[]).includes(layout)) return layout as T
  throw new FieldtrialError('RECIPE_INVALID', `The recipe ${id} has no layout ${JSON.stringify(layout)}.`, {
    hint: didYouMean(layout, names),
    where: { field: 'layout' },
  })
}
