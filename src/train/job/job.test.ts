import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../test/support/files.ts'
import { JOB_SIZE } from '../../../test/support/job-size.ts'
import type { Checkpoint, TensorPlace } from '../../engines/text/safetensors.ts'
import type { DevDetail } from '../set/dev-set.ts'
import { DevWatch } from './dev-watch.ts'
import { estimateJob, type JobSize } from './estimate.ts'
import { evaluateDev } from './evaluate-dev.ts'
import { EventLog, type WorkerEvent } from './events.ts'
import { lossOf, lossWarning } from './losses.ts'
import { hardNegatives } from './size.ts'
import { adapterParameters, targetMatrices } from './targets.ts'
import { trainerArguments } from './trainer-process.ts'

const tensor = (...shape: number[]): TensorPlace => ({ type: 'F32', shape, file: 'f', offset: 0, bytes: 0 })
const QWEN: Checkpoint = new Map([
  ['model.embed_tokens.weight', tensor(1000, 64)],
  ['model.layers.0.self_attn.q_proj.weight', tensor(64, 64)],
  ['model.layers.0.self_attn.q_proj.bias', tensor(64)],
  ['model.layers.0.mlp.gate_proj.weight', tensor(160, 64)],
  ['model.layers.0.input_layernorm.weight', tensor(64)],
  ['lm_head.weight', tensor(1000, 64)],
])

describe('an adapter’s targets', () => {
  it('are the linear layers that end so, or all of them', () => {
    expect(targetMatrices(['q_proj'], QWEN, 'qwen').map(({ name }) => name)).toEqual([
      'model.layers.0.self_attn.q_proj',
    ])
    const all = targetMatrices('all-linear', QWEN, 'qwen')
    expect(all.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [64, 64],
      [64, 160],
    ])
    expect(adapterParameters({ kind: 'lora', r: 4 }, all)).toBe(4 * (64 + 64) + 4 * (64 + 160))
    expect(adapterParameters({ kind: 'dora', r: 4 }, all)).toBe(4 * (64 + 64) + 4 * (64 + 160) + 64 + 160)
  })

  it('must each match something', () => {
    expect(() => targetMatrices(['q_proj', 'query'], QWEN, 'qwen')).toThrow(/target query matches no matrix of qwen/)
    // A name's end is not enough: proj is no layer.
    expect(() => targetMatrices(['proj'], QWEN, 'qwen')).toThrow(/proj/)
  })
})

describe('the estimate', () => {
  const size: JobSize = { ...JOB_SIZE, chunk: null, steps: 100, tokens: 200_000, texts: 2176, accumulate: 4 }

  it('grows with what is trained and kept, and falls with checkpointing, chunks and shares', () => {
    const memory = (changes: Partial<JobSize>) => estimateJob({ ...size, ...changes }, null).memoryBytes
    const { parts, memoryBytes } = estimateJob(size, null)
    expect(parts.weights).toBe(7.6e9 * 2)
    expect(parts.optimizer).toBe(80e6 * 12)
    expect(memoryBytes).toBe(parts.weights + parts.optimizer + parts.states + parts.process)
    expect(memory({ checkpointing: true })).toBeLessThan(memoryBytes / 2)
    expect(memory({ chunk: 16 })).toBeLessThan(memoryBytes / 4)
    expect(memory({ full: true, trainable: 7.6e9 })).toBeGreaterThan(7.6e9 * 16)
    expect(memory({ full: true, trainable: 7.6e9, sharded: true, devices: 8 })).toBeLessThan(
      memory({ full: true, trainable: 7.6e9 }),
    )
  })

  it('takes a rate that was measured', () => {
    expect(estimateJob(size, 10_000)).toMatchObject({ seconds: 2000, measured: true })
    expect(estimateJob(size, null).measured).toBe(false)
    expect(estimateJob({ ...size, checkpointing: true }, null).seconds).toBeGreaterThan(estimateJob(size, null).seconds)
  })
})

describe('hard negatives of an update', () => {
  it('are told as many as there are', () => {
    expect(hardNegatives(0, { negatives: 0, groups: 40 })).toBe('0 hard negatives')
    expect(hardNegatives(1, { negatives: 600, groups: 40 })).toBe('1 hard negative')
    expect(hardNegatives(7, { negatives: 600, groups: 40 })).toBe('7 hard negatives')
    expect(hardNegatives(7, { negatives: 90, groups: 40 })).toBe(
      'up to 7 hard negatives, of which a query has 2.3 on average',
    )
  })
})

describe('what is watched', () => {
  it('stops after so many values that are no better', () => {
    const watch = new DevWatch(2)
    expect([0.3, 0.5, 0.5, 0.4].map((value, step) => watch.add(step, value))).toEqual([
      { best: true, stop: false },
      { best: true, stop: false },
      { best: false, stop: false },
      { best: false, stop: true },
    ])
    expect(watch.best).toEqual({ step: 1, value: 0.5 })
    const never = new DevWatch(0)
    for (let step = 0; step < 50; step++) expect(never.add(step, -step).stop).toBe(false)
  })

  it('is measured as trec_eval does', async () => {
    const detail: DevDetail = {
      collection: 'c',
      split: 'dev',
      queries: ['q1', 'q2'],
      documents: ['a', 'b', 'c'],
      judgments: [
        ['q1', 'a', 1],
        ['q2', 'a', 1],
        ['q2', 'gone', 1],
      ],
      of: { queries: 2, documents: 3 },
      removeSelf: false,
      counts: {} as DevDetail['counts'],
    }
    const file = join(await temporaryFolder(), 'vectors.f32')
    // The first query is next to a; the second to b, then a, then c.
    await writeFile(file, Buffer.from(Float32Array.of(1, 0, 0.6, 0.8, 1, 0, 0, 1, -1, 0).buffer))
    const { value, perQuery } = await evaluateDev(file, detail, 'nDCG@10', 'dot')
    const second = 1 / Math.log2(3) / (1 + 1 / Math.log2(3))
    expect(perQuery.get('q1')).toBe(1)
    expect(perQuery.get('q2')).toBeCloseTo(second, 6)
    expect(value).toBeCloseTo((1 + second) / 2, 6)
    await writeFile(file, Buffer.alloc(44))
    await expect(evaluateDev(file, detail, 'nDCG@10', 'dot')).rejects.toThrow(/44 bytes, which is no vector/)
  })
})

describe('the log of events', () => {
  const step = (n: number): WorkerEvent => ({
    event: 'step',
    step: n,
    loss: 1 / n,
    parts: {},
    lr: 1e-4,
    gradNorm: 1,
    tokens: 10,
    seconds: 1,
  })

  it('is read again, without a line that was cut short, and forgets what came after a checkpoint', async () => {
    const file = join(await temporaryFolder(), 'events.jsonl')
    const log = await EventLog.open(file)
    for (const n of [1, 2, 3, 4]) await log.add(step(n))
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -9))
    const again = await EventLog.open(file)
    expect(again.events).toHaveLength(3)
    await again.rewind(2)
    await again.add(step(3))
    const steps = (await EventLog.open(file)).events.map((event) => ('step' in event ? event.step : null))
    expect(steps).toEqual([1, 2, 3])
  })

  it('forgets the value of an evaluation whose answer was not heard', async () => {
    const log = await EventLog.open(join(await temporaryFolder(), 'events.jsonl'))
    for (const n of [2, 4]) {
      await log.add(step(n))
      await log.add({ event: 'score', step: n, value: n, best: true, values: [n] })
    }
    await log.rewind(4)
    expect(log.events.map(({ event }) => event)).toEqual(['step', 'score', 'step', 'score'])
    await log.rewind(4, false)
    expect(log.events.map(({ event }) => event)).toEqual(['step', 'score', 'step'])
  })
})

describe('a loss', () => {
  const steps = (...losses: number[]) =>
    losses.map(
      (loss, i) =>
        ({ event: 'step', step: i + 1, loss, parts: {}, lr: 1, gradNorm: 1, tokens: 1, seconds: 1 }) as const,
    )

  it('is told of where it did not fall', () => {
    const rising = steps(...Array.from({ length: 40 }, (_, i) => 2 + i / 100))
    expect(lossOf(rising)).toEqual({ first: expect.closeTo(2.005, 6), last: expect.closeTo(2.385, 6) })
    expect(lossWarning(rising)).toMatch(/did not fall: 2\.095 in the first 20 updates, 2\.295 in the last/)
    expect(lossWarning(rising.toReversed())).toBeNull()
    // Too few to tell.
    expect(lossWarning(rising.slice(1))).toBeNull()
  })
})

describe('the worker’s command', () => {
  it('is torchrun’s where there are several devices or hosts', () => {
    expect(trainerArguments('job.json', 1, null)).toEqual(['-m', 'fieldtrial_worker.training', 'job.json'])
    expect(trainerArguments('job.json', 4, null).join(' ')).toBe(
      '-m torch.distributed.run --standalone --nproc_per_node=4 -m fieldtrial_worker.training job.json',
    )
    expect(trainerArguments('job.json', 8, { count: 2, address: 'first:1234', rank: 1 }).join(' ')).toBe(
      '-m torch.distributed.run --nnodes=2 --node_rank=1 --master_addr=first --master_port=1234 --nproc_per_node=8 -m fieldtrial_worker.training job.json',
    )
  })
})
