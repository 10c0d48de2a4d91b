import { FieldtrialError } from '../../../core/errors.ts'

/** A model's `config.json`. */
export type ModelConfig = Readonly<Record<string, unknown>>

/** A positive whole number that the graph cannot do without. */
export function requireSize(config: ModelConfig, field: string): number {
  const value = config[field]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new FieldtrialError(
    'MODEL_INVALID',
    `config.json: "${field}" is ${JSON.stringify(value) ?? 'absent'}, not a size.`,
    {
      where: { field },
      hint: 'Fetch the model again, or complete its config.json.',
    },
  )
}

/** A number with the default that the model's class has in transformers. */
export function numberOr(config: ModelConfig, field: string, fallback: number): number {
  const value = config[field]
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}

export function stringOr(config: ModelConfig, field: string, fallback: string): string {
  const value = config[field]
  return typeof value === 'string' ? value : fallback
}
