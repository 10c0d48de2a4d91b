import { FieldtrialError } from '../../../../core/errors.ts'
import { type ModelConfig, numberOr, stringOr } from '../config.ts'

/** Rotary position embedding of a layer (Su et al. 2021, arXiv:2104.09864): one frequency per pair of a head's numbers. */
export interface Rope {
  /** Radians per position, head size / 2 numbers, float32. */
  readonly frequencies: Float32Array
  /** Sines and cosines are multiplied by this (YaRN's attention factor; else 1). */
  readonly factor: number
}

/** Types of `rope_type` that are built. `mrope` is one position in three copies for text, hence `default`. */
const BUILT = ['default', 'mrope', 'linear', 'llama3', 'yarn']
const round = Math.fround

/**
 * Frequencies as transformers computes them, in float32 step by step: at position 30,000 a difference in the last bit of a frequency is
 * a difference in the third digit of an angle.
 *
 * @param parameters `rope_parameters` of newer files; of older ones `rope_scaling` with `rope_theta` put in.
 * @param config For what stands outside of the parameters: the longest context.
 * @throws FieldtrialError `MODEL_INVALID` for a type that is not built, named, or one that lacks a number.
 */
export function ropeOf(parameters: ModelConfig, headSize: number, config: ModelConfig): Rope {
  const type = stringOr(parameters, 'rope_type', stringOr(parameters, 'type', 'default'))
  if (!BUILT.includes(type)) throw invalid(`the rotary scaling "${type}" is not built; known are ${BUILT.join(', ')}`)
  const share = numberOr(parameters, 'partial_rotary_factor', numberOr(config, 'partial_rotary_factor', 1))
  if (share !== 1) throw invalid(`"partial_rotary_factor" is ${share}; only 1 is built`)
  const base = numberOr(parameters, 'rope_theta', 10_000)
  const wavelengths = Float32Array.from({ length: headSize / 2 }, (_, i) => base ** round((2 * i) / headSize))
  const plain = wavelengths.map((length) => 1 / length)
  if (type === 'linear') {
    const factor = required(parameters, 'factor')
    return { frequencies: plain.map((frequency) => frequency / factor), factor: 1 }
  }
  if (type === 'llama3') return { frequencies: llama3(plain, parameters, config), factor: 1 }
  if (type === 'yarn') return yarn(wavelengths, plain, base, headSize, parameters, config)
  return { frequencies: plain, factor: 1 }
}

/** Cosines and sines for positions from 0 on, each positions × head size / 2, as onnxruntime's rotary operators take them. */
export function ropeTables({ frequencies, factor }: Rope, positions: number): { cos: Float32Array; sin: Float32Array } {
  const half = frequencies.length
  const cos = new Float32Array(positions * half)
  const sin = new Float32Array(positions * half)
  for (let position = 0; position < positions; position++)
    for (let i = 0; i < half; i++) {
      const angle = round(position * frequencies[i]!)
      cos[position * half + i] = round(Math.cos(angle)) * factor
      sin[position * half + i] = round(Math.sin(angle)) * factor
    }
  return { cos, sin }
}

/** Llama 3.1: long waves are stretched by the factor, short ones are left, those between are interpolated. */
function llama3(plain: Float32Array, parameters: ModelConfig, config: ModelConfig): Float32Array {
  const factor = required(parameters, 'factor')
  const low = required(parameters, 'low_freq_factor')
  const high = required(parameters, 'high_freq_factor')
  const trained = trainedContext(parameters, config)
  return plain.map((frequency) => {
    const wave = round((2 * Math.PI) / frequency)
    if (wave < trained / high) return frequency
    if (wave > trained / low) return frequency / factor
    const smooth = round((trained / wave - low) / (high - low))
    return ((1 - smooth) * frequency) / factor + smooth * frequency
  })
}

/** YaRN (Peng et al. 2023, arXiv:2309.00071): a ramp from frequencies as trained to frequencies divided by the factor. */
function yarn(
  wavelengths: Float32Array,
  plain: Float32Array,
  base: number,
  headSize: number,
  parameters: ModelConfig,
  config: ModelConfig,
): Rope {
  const trained = trainedContext(parameters, config)
  const factor = numberOr(parameters, 'factor', numberOr(config, 'max_position_embeddings', trained) / trained)
  const dimension = (rotations: number) =>
    (headSize * Math.log(trained / (rotations * 2 * Math.PI))) / (2 * Math.log(base))
  let low = dimension(numberOr(parameters, 'beta_fast', 32) || 32)
  let high = dimension(numberOr(parameters, 'beta_slow', 1) || 1)
  if (parameters.truncate !== false) {
    low = Math.floor(low)
    high = Math.ceil(high)
  }
  low = Math.max(low, 0)
  high = Math.min(high, headSize - 1)
  if (low === high) high += 0.001
  const frequencies = plain.map((asTrained, i) => {
    const kept = 1 - round(Math.min(1, Math.max(0, (i - low) / (high - low))))
    return round(1 / round(factor * wavelengths[i]!)) * (1 - kept) + asTrained * kept
  })
  return { frequencies, factor: attentionFactor(parameters, factor) }
}

function attentionFactor(parameters: ModelConfig, factor: number): number {
  const given = parameters.attention_factor
  if (typeof given === 'number') return given
  const scaled = (by: number) => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1)
  const [own, all] = [numberOr(parameters, 'mscale', 0), numberOr(parameters, 'mscale_all_dim', 0)]
  return own !== 0 && all !== 0 ? scaled(own) / scaled(all) : scaled(1)
}

/** The context before the scaling was put on. */
function trainedContext(parameters: ModelConfig, config: ModelConfig): number {
  const field = 'original_max_position_embeddings'
  if (typeof config[field] === 'number') return config[field]
  return numberOr(parameters, field, Number.NaN) || required(config, 'max_position_embeddings')
}

function required(parameters: ModelConfig, field: string): number {
  const value = parameters[field]
  if (typeof value === 'number' && value > 0) return value
  throw invalid(`the rotary scaling needs "${field}", which is ${JSON.stringify(value) ?? 'absent'}`)
}

function invalid(what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `config.json: ${what}.`, {
    hint: 'Use another engine for this model, e.g. a server through the http engine.',
    where: { field: 'rope_parameters' },
  })
}
