import { fingerprint } from '../core/fingerprint.ts'
import type { RecipeParameters } from '../recipes/types.ts'

/** Parameters as they stand in ids of retrievers: letters, digits and `. _` only. A text that is too long is named by its first letters and hash. */
export function slugOfParameters(parameters: RecipeParameters): string[] {
  const slugs: string[] = []
  const { system, prompts, pooling, layer, finalNorm, attention, maxLength, normalize, eos, layout, generateTokens } =
    parameters
  if (layout !== undefined) slugs.push(layout)
  if (system !== undefined) slugs.push(`system_${wordOf(system)}`)
  if (prompts !== undefined) slugs.push(`prompts_${hashOf(prompts)}`)
  if (pooling !== undefined) slugs.push([pooling].flat().join('_'))
  if (layer !== undefined) slugs.push(`layer_${String(layer).replace('-', 'minus')}`)
  if (finalNorm !== undefined) slugs.push(finalNorm ? 'norm' : 'no_norm')
  if (attention !== undefined) slugs.push(attention)
  if (maxLength !== undefined)
    slugs.push(
      typeof maxLength === 'number'
        ? `length_${maxLength}`
        : `length${Object.entries(maxLength)
            .map(([side, length]) => `_${side}_${length}`)
            .join('')}`,
    )
  if (normalize !== undefined) slugs.push(normalize ? 'normalised' : 'not_normalised')
  if (eos !== undefined) slugs.push(eos ? 'eos' : 'no_eos')
  if (generateTokens !== undefined) slugs.push(`tokens_${generateTokens}`)
  return slugs
}

function wordOf(text: string): string {
  if (/^[a-z]{1,12}$/.test(text)) return text
  const letters = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
    .slice(0, 16)
  return letters === '' ? hashOf(text) : `${letters}_${hashOf(text)}`
}

function hashOf(value: string | object): string {
  return fingerprint(value as never).slice(0, 6)
}
