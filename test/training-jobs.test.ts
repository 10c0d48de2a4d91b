import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeTransformers, runPython } from './support/python.ts'

let root: string
let found: Record<string, unknown>
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fieldtrial-training-jobs-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const lines = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describeTransformers('jobs of the training worker', () => {
  beforeAll(() => {
    const bert = fileURLToPath(new URL('fixtures/models/bert', import.meta.url))
    found = Object.assign({}, ...lines(runPython('training_jobs.py', [bert, root])))
  }, 600_000)

  it.each(['killed', 'killed, all weights'])('have the same weights and losses when %s and resumed', (name) => {
    expect(found[name]).toMatchObject({
      checkpoints: ['step-2', 'step-4'],
      from: 4,
      weights: true,
      losses: true,
      steps: [5, 6],
      kept: ['step-4', 'step-6'],
    })
    expect((found[name] as { fell: number }).fell).toBeGreaterThan(0.2)
  })

  it('keep the best weights, which PEFT reads', () => {
    const watched = found.watched as Record<'best' | 'last' | 'start', number>
    expect(watched).toMatchObject({
      steps: [0, 3, 6],
      base: 'someone/base',
      targets: ['down_proj', 'gate_proj', 'k_proj', 'o_proj', 'q_proj', 'up_proj', 'v_proj'],
      ready: { adapted: 28, trainable: 17_920, packed: true, world: 1 },
    })
    expect(watched.best).toBeLessThan(1e-5)
    expect(watched.last).toBeGreaterThan(1e-3)
    expect(watched.start).toBeGreaterThan(1e-3)
    expect((found.watched as { order: string[] }).order).toEqual([
      ...['ready', 'dev', 'step', 'step', 'checkpoint', 'step', 'dev', 'step', 'checkpoint'],
      ...['step', 'step', 'dev', 'checkpoint', 'finished'],
    ])
  })

  it('end early where they are told to', () => {
    expect(found.early).toEqual({ finished: { step: 3, stopped: 'early' }, steps: [1, 2, 3] })
  })

  it('ask again for an evaluation that was not answered, and do not go on after their end', () => {
    expect(found.unanswered).toEqual({
      saved: { step: 3, evaluated: false, stopped: null },
      asked: [3, 6],
      weights: true,
      losses: true,
      done: { steps: 0, asked: 0, stopped: 'early' },
    })
  })

  it('write whole decoders with all their layers, also those above the pooled one', () => {
    const { difference, ...rest } = found.everything as { difference: number }
    expect(difference).toBeLessThan(1e-5)
    // 16 tensors of three layers, and the embeddings.
    expect(rest).toEqual({
      names: true,
      top: [],
      changed: 49,
      files: ['config.json', 'model.safetensors'],
      config: true,
    })
  })

  it('train encoders, and the language part of vision-language models', () => {
    expect(found.encoder).toMatchObject({ loads: 'BertModel', steps: 6 })
    expect((found.encoder as { fell: number }).fell).toBeGreaterThan(0.2)
    expect(found.vision).toEqual({ same: true, tower: [], adapted: 28 })
  })

  it('take the same steps in one process and in two, with weights shared out or not', () => {
    const { ddp, fsdp, on, moved } = found.together as Record<'ddp' | 'fsdp' | 'on' | 'moved', number>
    for (const difference of [ddp, fsdp, on]) expect(difference).toBeLessThan(moved / 1000)
    expect(moved).toBeGreaterThan(0.1)
  })

  it.each(['signal', 'caller gone'])('save where they stand: %s', (name) => {
    const expected = { stopped: 'cancelled', folder: null, saved: true, early: true }
    expect((found.stopped as Record<string, unknown>)[name]).toEqual(expected)
  })

  it('go on from an adapter', () => {
    expect(found.continued).toMatchObject({
      kept: true,
      other: { code: 'MODEL_INVALID', message: expect.stringMatching(/has r 4, this job 8/) },
    })
  })

  it('take fewer tokens at a time where memory runs out, with the same result', () => {
    const { difference, notes, none } = found['little memory'] as { difference: number; notes: string[]; none: unknown }
    expect(difference).toBeLessThan(1e-5)
    expect(notes.length).toBeGreaterThan(0)
    expect(notes.at(-1)).toMatch(/from now on \d+ tokens at a time \(GradCache, the same gradients\)/)
    expect(none).toMatchObject({ code: 'ENGINE_FAILED', hint: expect.stringContaining('gradient checkpointing') })
  })

  it('leave the last good checkpoint where the disk is full', () => {
    expect(found['full disk']).toMatchObject({
      error: {
        code: 'DISK_FULL',
        message: expect.stringContaining('The last good checkpoint, step-2, is intact'),
      },
      left: ['step-2'],
      intact: true,
    })
  })

  it('take no text for a negative that answers the query in another group', () => {
    const seen = found.pairs as [number, number, ...number[]][]
    const answers: readonly number[][] = [
      [2, 3],
      [3, 4],
    ]
    // Query, its positive, and all that it is compared with.
    for (const [query, positive, ...candidates] of seen) {
      expect(candidates).toContain(5)
      expect(candidates.filter((text) => answers[query]!.includes(text))).toEqual([positive])
    }
    // Negatives of the other query are met all the same.
    expect(seen).toContainEqual([0, 2, 2, 4, 5])
    expect(seen).toContainEqual([1, 4, 2, 4, 5])
  })

  it('stop where the loss grows for good', () => {
    const grown = found.grown as { step: number; message: string; hint: string }
    expect(grown.step).toBeGreaterThan(60)
    expect(grown.message).toMatch(/has grown from 2\.00 to [34]\.\d\d/)
    expect(grown.hint).toContain('learning rate')
  })

  it('stop where all texts have come to one vector, and not where every positive is told apart', () => {
    expect(found.collapsed).toEqual({
      certain: 1,
      error: {
        code: 'ENGINE_FAILED',
        message: expect.stringMatching(/at step [2-6]: the gradient is 0 although the loss is \d/),
        hint: expect.stringContaining('learning rate of 10000 is likely too high'),
      },
    })
  })

  describe('refuse', () => {
    it.each([
      ['targets', 'MODEL_INVALID', /query_key_value\. Its matrices end in down_proj, gate_proj/],
      ['batch', 'USAGE', /64 queries is larger than the set, which has 12/],
      ['odd', 'USAGE', /5 queries cannot be dealt out/],
      ['nothing', 'USAGE', /nothing to tell a positive from/],
      ['teacher', 'USAGE', /scores of a teacher/],
      ['words', 'RECIPE_INVALID', /holds no words/],
      ['matryoshka', 'RECIPE_INVALID', /64 numbers, which cannot be cut to 128/],
      ['cut', 'DATA_INVALID', /tokens\.bin has 40 bytes where \d+ belong/],
      ['foreign', 'DATA_INVALID', /token 640; the model has embeddings for 640/],
      ['other job', 'FINGERPRINT_MISMATCH', /is of another job: loss is null there/],
      ['other adapter', 'MODEL_INVALID', /does not fit: .*down_proj.*\(48 differ\)/],
      ['moments', 'MODEL_INVALID', /optimizer\.safetensors cannot be read/],
      ['same vector', 'ENGINE_FAILED', /have the same vector/],
      ['mishandled', 'ENGINE_FAILED', /the loss starts at \d{2,}\.\d; chance among \d+ candidates gives 2\.\d/],
      ['undefined', 'ENGINE_FAILED', /cosine nan/],
      ['rate', 'ENGINE_FAILED', /stopped at step [23]: the loss is nan/],
    ])('%s', (name, code, message) => {
      const error = (found.refused as Record<string, { steps: number }>)[name]!
      expect(error).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(/./) })
      expect(error.steps).toBeLessThan(3)
    })
  })
})

describeTransformers('training the way GPUs do', () => {
  it('compiles each layer once or twice for packs of all sizes, keeps little, and repeats dropout', {
    timeout: 400_000,
  }, () => {
    const [row] = lines(runPython('training_compiled.py', [root])) as [Record<string, number>]
    // The first layer's input needs no gradient, the others' does; a pass without gradients is another; an evaluation, too.
    expect(row).toMatchObject({ graphs: 2, all: [4, 4], again: true })
    expect(row.difference).toBeLessThan(1e-4)
    expect(Math.abs(row.loss! - row.plain!)).toBeLessThan(1e-4)
    expect(row.kept).toBeLessThan(0.6 * row.eager!)
  })
})
