import { describe, expect, it } from 'vitest'
import { planCompilation } from './compile.ts'
import { estimateJob, type JobSize, steadyRate } from './estimate.ts'
import type { LoggedEvent } from './events.ts'

/** LoRA on a 7B model, 64 queries of 16 passages an update. */
const SIZE: JobSize = {
  parameters: 7.6e9,
  linear: 6.5e9,
  trainable: 80e6,
  full: false,
  layers: 28,
  hidden: 3584,
  inner: 18_944,
  scored: 0,
  precision: 'bfloat16',
  checkpointing: false,
  chunk: 64,
  steps: 200,
  tokens: 77_000,
  texts: 1088,
  accumulate: 1,
  devices: 1,
  onProcessor: false,
  sharded: false,
}
const keyOf = (compiled: boolean) => (compiled ? 'compiled' : 'plain')
const plan = (
  changes: Partial<JobSize> = {},
  {
    compile = null as boolean | null,
    device = 'cuda:0',
    kind = 'lora' as 'lora' | 'dora' | null,
    rates = {} as Record<string, number>,
  } = {},
) => planCompilation({ compile }, { device, kind, size: { ...SIZE, ...changes } }, keyOf, rates)

describe('whether layers are compiled', () => {
  it('is decided by how long a job takes on CUDA', () => {
    expect(plan()).toMatchObject({ compile: true, rateKey: 'compiled' })
    expect(plan({ steps: 5 })).toMatchObject({ compile: false, rateKey: 'plain' })
    expect(plan({ tokens: 1000 }).compile).toBe(false)
    expect(plan({}, { device: 'cpu' }).compile).toBe(false)
    expect(plan({}, { device: 'mps' }).compile).toBe(false)
  })

  it('is decided by what was measured, where something was', () => {
    const seconds = (rate: number) => (SIZE.tokens * SIZE.steps) / rate
    expect(seconds(100_000)).toBeLessThan(190)
    expect(plan({}, { rates: { plain: 100_000 } }).compile).toBe(false)
    expect(plan({ steps: 20 }, { rates: { plain: 5000 } }).compile).toBe(true)
  })

  it('may be said, but for DoRA', () => {
    expect(plan({ steps: 5 }, { compile: true }).compile).toBe(true)
    expect(plan({}, { compile: false }).compile).toBe(false)
    expect(plan({}, { kind: 'dora' })).toMatchObject({ compile: false, rateKey: 'plain' })
    expect(plan({}, { kind: null }).compile).toBe(true)
  })

  it('is in the time that is estimated', () => {
    expect(plan().estimate.seconds).toBe(estimateJob(SIZE, null).seconds + 30)
    expect(plan({}, { compile: false }).estimate).toEqual(estimateJob(SIZE, null))
    expect(plan({}, { rates: { compiled: 9000 } }).estimate).toMatchObject({ measured: true })
  })
})

describe('the speed that is remembered', () => {
  const step = (step: number, seconds: number) => ({ event: 'step', step, tokens: 1000, seconds }) as LoggedEvent
  const ready = { event: 'ready' } as LoggedEvent

  it('leaves out the first update of each start, which waits for the compiler', () => {
    expect(steadyRate([ready, step(1, 30), step(2, 1), step(3, 1), ready, step(4, 20), step(5, 2)])).toBe(750)
    expect(steadyRate([ready, step(1, 30)])).toBeNull()
    expect(steadyRate([])).toBeNull()
  })
})
