import { describe, expect, it } from 'vitest'
import type { LoggedEvent } from '../../train/job/events.ts'
import type { TrainingRecord } from '../../train/job/record.ts'
import { curvesOf } from './curves.ts'
import { renderTrainingMarkdown } from './markdown.ts'
import { trainingPage } from './page-data.ts'

const at = '2026-01-01T00:00:00.000Z'
const step = (n: number, loss: number): LoggedEvent => ({
  at,
  event: 'step',
  step: n,
  loss,
  parts: {},
  lr: 1e-4,
  gradNorm: 2,
  accuracy: 0.5,
  tokens: 100,
  seconds: n % 2 === 0 ? 1 : 3,
})
const score = (n: number, value: number, best: boolean): LoggedEvent => ({
  at,
  event: 'score',
  step: n,
  value,
  best,
  values: [value],
})

describe('the curves of a training', () => {
  it('are its steps, or of a long one means over neighbours', () => {
    const short = curvesOf([score(0, 0.1, true), step(1, 3), step(2, 1), score(2, 0.4, true)])
    expect(short.loss).toEqual([
      { step: 1, value: 3 },
      { step: 2, value: 1 },
    ])
    expect(short.score.map(({ value }) => value)).toEqual([0.1, 0.4])
    const long = curvesOf(Array.from({ length: 1000 }, (_, i) => step(i + 1, i < 500 ? 2 : 1)))
    expect(long.loss.length).toBeLessThanOrEqual(240)
    expect(long.loss.at(-1)).toEqual({ step: 1000, value: 1 })
    expect(long.loss[0]!.value).toBe(2)
    // Tokens over seconds, not the mean of rates.
    for (const { value } of curvesOf(Array.from({ length: 480 }, (_, i) => step(i + 1, 1))).tokensPerSecond)
      expect(value).toBe(50)
  })
})

describe('the report of a training', () => {
  const record = {
    name: 'mine | yours',
    description: '',
    fieldtrial: '0.0.0',
    fingerprint: 'f'.repeat(64),
    base: 'org/base',
    startedAt: at,
    machine: { cpu: 'a processor', cores: 2, memoryBytes: 2 ** 33, platform: 'linux x64', node: '24' },
    recipe: {
      id: 'last-token',
      pooling: ['lasttoken'],
      maxLength: { query: 16, document: 32 },
      prompts: {
        query: [{ parts: [{ kind: 'literal', text: 'query: ' }, { kind: 'contents' }], end: null }],
        document: [{ parts: [{ kind: 'contents' }], end: null }],
      },
    },
    job: {
      loss: { temperature: 0.05, negatives: 2, inBatch: true, crossDevice: true, matryoshka: null, distill: null },
      batch: { queries: 4, accumulate: 1, chunk: null },
      optimizer: { lr: 1e-4, schedule: 'linear', warmup: 1, weightDecay: 0, clip: 1 },
      adapterConfig: { kind: 'lora', r: 8, alpha: 16, dropout: 0, targets: 'all-linear' },
      steps: 2,
      epochs: 1,
      precision: 'float32',
      devices: ['cpu'],
      strategy: 'none',
      seed: 1,
    },
    data: {
      counts: { groups: 8 },
      sources: [{ source: 'data/mine', split: 'train', taken: 8, negatives: null, cutQueries: 1, missing: 0 }],
    },
    estimate: { memoryBytes: 2 ** 30 },
    watched: {
      collection: 'mine',
      split: 'dev',
      measure: 'nDCG@10',
      queries: 3,
      documents: 10,
      of: { queries: 30, documents: 1000 },
    },
    result: {
      steps: 2,
      seconds: 4,
      tokens: 200,
      stopped: null,
      trainable: 10,
      parameters: 100,
      loss: { first: 3, last: 1 },
      score: { before: 0.1, after: 0.4, step: 2, difference: 0.3, interval: [0.1, 0.5], p: 0.012 },
      warnings: ['1 queries of data/mine were cut at the recipe’s limit.'],
    },
  } as unknown as TrainingRecord
  const curves = curvesOf([score(0, 0.1, true), step(1, 3), step(2, 1), score(2, 0.4, true)])

  it('says what came of it, and that the watched figure is no test', () => {
    const text = renderTrainingMarkdown(trainingPage(record, curves))
    expect(text).toContain('# mine \\| yours')
    expect(text).toContain('nDCG@10 0.1000 before and 0.4000 at step 2: +0.3000 (+0.1000 to +0.5000), p = 0.0120.')
    expect(text).toContain('on 3 of 30 queries and 10 of 1,000 documents')
    expect(text).toContain('too good for a test')
    expect(text).toContain('**Warning**: 1 queries')
    expect(text).toContain('| 2 | 1.000 | 0.500 | 1.0e-4 | 0.4000 \\* |')
    expect(text).toContain('lora r=8 α=16')
  })

  it('is honest about one that is not finished', () => {
    expect(trainingPage({ ...record, result: null }, curves).outcome).toEqual(['Not finished.'])
  })
})
