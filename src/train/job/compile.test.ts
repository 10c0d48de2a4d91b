import { describe, expect, it } from 'vitest'
import { JOB_SIZE } from '../../../test/support/job-size.ts'
import { planCompilation } from './compile.ts'
import { estimateJob, type JobSize, steadyRate } from './estimate.ts'
import type { LoggedEvent } from './events.ts'
import { isPacked } from './size.ts'

const keyOf = (compiled: boolean) => (compiled ? 'compiled' : 'plain')
const plan = (
  changes: Partial<JobSize> = {},
  {
    compile = null as boolean | null,
    device = 'cuda:0',
    kind = 'lora' as 'lora' | 'dora' | null,
    packed = true,
    rates = {} as Record<string, number>,
  } = {},
) => planCompilation({ compile }, { device, kind, packed, size: { ...JOB_SIZE, ...changes } }, keyOf, rates)

describe('whether layers are compiled', () => {
  it('is decided by how long a job takes on CUDA', () => {
    expect(plan()).toMatchObject({ compile: true })
    expect(plan({ steps: 5 })).toMatchObject({ compile: false })
    expect(plan({ tokens: 1000 }).compile).toBe(false)
    expect(plan({}, { device: 'cpu' }).compile).toBe(false)
    expect(plan({}, { device: 'mps' }).compile).toBe(false)
  })

  it('is decided by what was measured, where something was', () => {
    const seconds = (rate: number) => (JOB_SIZE.tokens * JOB_SIZE.steps) / rate
    expect(seconds(100_000)).toBeLessThan(190)
    expect(plan({}, { rates: { plain: 100_000 } }).compile).toBe(false)
    expect(plan({ steps: 20 }, { rates: { plain: 5000 } }).compile).toBe(true)
  })

  it('may be said, but for DoRA', () => {
    expect(plan({ steps: 5 }, { compile: true }).compile).toBe(true)
    expect(plan({}, { compile: false }).compile).toBe(false)
    expect(plan({}, { kind: 'dora' })).toMatchObject({ compile: false })
    expect(plan({}, { kind: null }).compile).toBe(true)
  })

  it('is no question where the worker compiles nothing: padded sequences, other numbers than the kernel takes, no GPU', () => {
    const rates = { plain: 100, compiled: 1e9 }
    for (const compile of [null, true]) {
      const told = [
        plan({}, { compile, rates, packed: false }),
        plan({ precision: 'float32' }, { compile, rates }),
        plan({}, { compile, rates, device: 'cpu' }),
      ]
      for (const { compile, estimate } of told) {
        expect(compile).toBe(false)
        expect(estimate.seconds).toBe((JOB_SIZE.tokens * JOB_SIZE.steps) / 100)
      }
    }
  })

  it('is in the time that is estimated', () => {
    expect(plan().estimate.seconds).toBe(estimateJob(JOB_SIZE, null).seconds + 30)
    expect(plan({}, { compile: false }).estimate).toEqual(estimateJob(JOB_SIZE, null))
    expect(plan({}, { rates: { compiled: 9000 } }).estimate).toMatchObject({ measured: true })
  })
})

describe('the speed that is remembered', () => {
  const step = (step: number, seconds: number) => ({ event: 'step', step, tokens: 1000, seconds }) as LoggedEvent
  const ready = (compiled?: boolean) => ({ event: 'ready', compiled }) as LoggedEvent

  it('leaves out the first update of each start, which waits for the compiler', () => {
    const events = [ready(true), step(1, 30), step(2, 1), step(3, 1), ready(true), step(4, 20), step(5, 2)]
    expect(steadyRate(events, true)).toBe(750)
    expect(steadyRate(events, false)).toBeNull()
    expect(steadyRate([ready(true), step(1, 30)], true)).toBeNull()
    expect(steadyRate([], false)).toBeNull()
  })

  it('is that of what the worker did in each start', () => {
    const events = [
      ready(true),
      step(1, 30),
      step(2, 1),
      ready(false),
      step(3, 2),
      step(4, 4),
      ready(),
      step(5, 1),
      step(6, 9),
    ]
    expect(steadyRate(events, true)).toBe(1000)
    expect(steadyRate(events, false)).toBe(250)
  })
})

it('a model that drops out attention weights is trained on padded sequences', () => {
  const packs = (packed: boolean, config: object) => isPacked({ packed }, { config } as never)
  expect(packs(true, { attention_dropout: 0 })).toBe(true)
  expect(packs(true, {})).toBe(true)
  expect(packs(true, { attention_dropout: 0.1 })).toBe(false)
  expect(packs(true, { text_config: { attention_dropout: 0.1 } })).toBe(false)
  expect(packs(false, {})).toBe(false)
})
