import { FieldtrialError } from '../../../../core/errors.ts'
import type { Checkpoint } from '../../../text/safetensors.ts'

const TABLE = 'embed_tokens.weight'
const HEAD = 'lm_head.weight'

/** Where a decoder's tensors are in a checkpoint. */
export interface DecoderNames {
  /** What stands before `layers.0…`, e.g. `model.`, `model.language_model.`, or nothing where the model was saved without its head. */
  readonly prefix: string
  readonly table: string
  /** The head's own matrix; null where the checkpoint has none. */
  readonly head: string | null
}

/** @throws FieldtrialError `MODEL_INVALID` where no embedding table is found. */
export function decoderNames(checkpoint: Checkpoint): DecoderNames {
  const ending = (name: string) =>
    [...checkpoint.keys()].find((key) => key === name || key.endsWith(`.${name}`)) ?? null
  const table = ending(TABLE)
  if (table === null)
    throw new FieldtrialError('MODEL_INVALID', `The checkpoint has no tensor ${TABLE}.`, {
      hint: 'Check that config.json and the weights belong to the same model.',
    })
  return { prefix: table.slice(0, -TABLE.length), table, head: ending(HEAD) }
}

/** Names of the graph's inputs and outputs for a layer's keys and values, each batch × heads of keys × positions × head size, rotated. */
export function cacheNames(layer: number): { pastKey: string; pastValue: string; key: string; value: string } {
  return {
    pastKey: `past_key_values.${layer}.key`,
    pastValue: `past_key_values.${layer}.value`,
    key: `present.${layer}.key`,
    value: `present.${layer}.value`,
  }
}
