import { describe, expect, it } from 'vitest'
import { ropeOf, ropeTables } from './rope.ts'

/** Cosines and sines at position 30,000 of these pairs of numbers. */
const PAIRS = [0, 20, 31, 45, 63]

function at30000(
  parameters: Record<string, unknown>,
  config: Record<string, unknown>,
): { cos: number[]; sin: number[] } {
  const { cos, sin } = ropeTables(ropeOf(parameters, 128, config), 30_001)
  const pick = (table: Float32Array) => PAIRS.map((pair) => table[30_000 * 64 + pair]!)
  return { cos: pick(cos), sin: pick(sin) }
}

function expectNear(got: readonly number[], want: readonly number[]): void {
  got.forEach((value, i) => {
    expect(Math.abs(value - want[i]!), `pair ${PAIRS[i]}`).toBeLessThan(1e-5)
  })
}

// transformers 5.24's rotary embeddings of Llama 3.1 8B and of Qwen2.5 7B with its model card's YaRN.
describe('rope', () => {
  it('stretches Llama 3’s long waves as transformers does', () => {
    const { cos, sin } = at30000(
      {
        rope_type: 'llama3',
        rope_theta: 500_000,
        factor: 8,
        low_freq_factor: 1,
        high_freq_factor: 4,
        original_max_position_embeddings: 8192,
      },
      { max_position_embeddings: 131_072 },
    )
    expectNear(cos, [-0.59643, 0.904072, 0.842008, 0.932714, 0.999958])
    expectNear(sin, [-0.802665, 0.42738, 0.539465, 0.360617, 0.009207])
  })

  it('computes YaRN as transformers does, attention factor included, also from the older form', () => {
    const { cos, sin } = at30000(
      { type: 'yarn', rope_theta: 1_000_000, factor: 4, original_max_position_embeddings: 32_768 },
      { max_position_embeddings: 32_768 },
    )
    expectNear(cos, [-0.679112, -0.542493, 0.572516, 1.023674, 1.13858])
    expectNear(sin, [-0.913938, -1.001088, -0.984227, 0.498566, 0.010597])
  })

  it.each(['dynamic', 'longrope', 'proportional'])('refuses %s by name', (type) => {
    expect(() => ropeOf({ rope_type: type, factor: 2 }, 64, {})).toThrow(`the rotary scaling "${type}" is not built`)
  })

  it('says which number is missing', () => {
    expect(() => ropeOf({ rope_type: 'linear' }, 64, {})).toThrow('the rotary scaling needs "factor", which is absent')
    expect(() => ropeOf({ rope_type: 'default', partial_rotary_factor: 0.5 }, 64, {})).toThrow('only 1 is built')
  })
})
