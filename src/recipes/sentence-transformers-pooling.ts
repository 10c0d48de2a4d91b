import { FieldtrialError } from '../core/errors.ts'
import type { JsonObject } from './sentence-transformers.ts'
import type { Pooling } from './types.ts'

/** Names of modes in `pooling_mode`, as sentence-transformers 6 writes them. */
const MODES: Readonly<Record<string, Pooling>> = {
  cls: 'cls',
  mean: 'mean',
  max: 'max',
  mean_sqrt_len_tokens: 'mean_sqrt_len',
  weightedmean: 'weightedmean',
  lasttoken: 'lasttoken',
}

/** The switches of older files, in the order in which sentence-transformers joins several poolings. */
const SWITCHES: readonly (readonly [key: string, mode: Pooling])[] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len'],
  ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  ['pooling_mode_lasttoken', 'lasttoken'],
]

/** Reads a pooling module's config.json in either of its forms; no switch on means `mean`. */
export function readPooling(
  config: JsonObject | null,
  path: string,
): { pooling: readonly Pooling[]; includePrompt: boolean } {
  const fail = (what: string, field: string) =>
    new FieldtrialError('MODEL_INVALID', `${path}/config.json ${what}.`, {
      where: { file: `${path}/config.json`, field },
      hint: 'Fetch the model again.',
    })
  if (config === null) throw fail('is not there, though modules.json names a pooling module', '')
  const includePrompt = config.include_prompt !== false
  if (config.pooling_mode === undefined) {
    const on = SWITCHES.filter(([key]) => config[key] === true).map(([, mode]) => mode)
    return { pooling: on.length > 0 ? on : ['mean'], includePrompt }
  }
  const names = (Array.isArray(config.pooling_mode) ? config.pooling_mode : [config.pooling_mode]) as unknown[]
  if (names.length === 0) throw fail('names no pooling', 'pooling_mode')
  const pooling = names.map((name) => {
    const mode = typeof name === 'string' && Object.hasOwn(MODES, name) ? MODES[name] : undefined
    if (mode === undefined)
      throw fail(
        `names the pooling ${JSON.stringify(name)}; known are ${Object.keys(MODES).join(', ')}`,
        'pooling_mode',
      )
    return mode
  })
  return { pooling, includePrompt }
}
