import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeTransformers, runPython } from './support/python.ts'

interface Case {
  readonly case: string
  readonly loss: number
  readonly plain: number
  readonly difference: number
  readonly missing: string[]
  readonly tensors: number
}

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fieldtrial-training-gradients-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

describeTransformers('loss and gradients of training', () => {
  it('are those of a plain implementation', { timeout: 300_000 }, () => {
    const bert = fileURLToPath(new URL('fixtures/models/bert', import.meta.url))
    const cases = runPython('training_gradients.py', [bert, root])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Case)
    expect(cases.map((one) => one.case)).toEqual([
      'two processes',
      'two processes, apart',
      'two processes, sharded',
      'two processes, LoRA, sharded',
      'two processes, BERT',
      'packed, all weights',
      'padded',
      'llama, mean',
      'gemma3, sliding windows',
      'bidirectional mean',
      'not normalised',
      'GradCache by texts',
      'GradCache by tokens, checkpointing',
      'accumulated',
      'own negatives only',
      'duplicates kept',
      'matryoshka',
      'distillation',
      'margins',
      'sparse',
      'LoRA',
      'LoRA on part',
      'DoRA',
      'LoRA, sparse',
      'BERT, mean',
      'BERT, LoRA',
    ])
    for (const one of cases) {
      expect(one, one.case).toMatchObject({ missing: [] })
      expect(one.tensors, one.case).toBeGreaterThan(10)
      expect(Math.abs(one.loss - one.plain) / one.plain, one.case).toBeLessThan(1e-5)
      expect(one.difference, one.case).toBeLessThan(1e-4)
    }
    const loss = (name: string) => cases.find((one) => one.case === name)!.loss
    // Options that change nothing would agree, too.
    expect(loss('two processes, apart')).not.toBeCloseTo(loss('two processes'), 2)
    expect(loss('duplicates kept')).not.toBeCloseTo(loss('packed, all weights'), 2)
    expect(loss('own negatives only')).not.toBeCloseTo(loss('packed, all weights'), 2)
    expect(loss('bidirectional mean')).not.toBeCloseTo(loss('packed, all weights'), 2)
  })
})
