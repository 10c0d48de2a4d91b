import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type EncoderFlags, encoderSpec } from '../src/cli/encoder-flags.ts'
import { Workspace } from '../src/core/workspace.ts'
import { endIdle } from '../src/engines/torch/worker-pool.ts'
import { prepareEncoder } from '../src/study/prepare.ts'
import { hasTransformers, pythonPath } from './support/python.ts'
import { cosine } from './support/torch.ts'

/*
 * One text has one vector, whatever runs the model: the models that come with fieldtrial, by name, in process over their safetensors, in
 * llama.cpp from a GGUF file that is made of these, and in PyTorch.
 */
const TEXTS = [
  'A retriever maps queries and documents to vectors, and finds those that lie close together.',
  'def mean(values):\n    """The arithmetic mean."""\n    return sum(values) / len(values)',
  'Natalia sold 48 clips in April and half as many in May. 48 / 2 = 24, and 48 + 24 = 72.',
]
const MODELS: readonly [name: string, recipe: string][] = [
  ['nano-coder', 'last-token'],
  ['nano-base', 'mean'],
  ['nano-retriever', 'sentence-transformers'],
]
/** Against engine onnx in float32. */
const ENGINES: readonly [name: string, flags: EncoderFlags, least: number][] = [
  ['llama, as the checkpoint is', { engine: 'llama', device: 'cpu' }, 0.999],
  ['llama in int8', { engine: 'llama', device: 'cpu', dtype: 'int8' }, 0.98],
  ['onnx in int8', { dtype: 'int8' }, 0.98],
  ['torch in float32', { engine: 'torch', device: 'cpu' }, 0.999],
]

let workspace: Workspace
beforeAll(async () => {
  vi.stubEnv('FIELDTRIAL_PYTHON', pythonPath)
  workspace = await Workspace.open(await mkdtemp(join(tmpdir(), 'fieldtrial-nano-')))
})
afterAll(async () => {
  await endIdle()
  vi.unstubAllEnvs()
  await rm(workspace.root, { recursive: true, force: true })
})

describe.each(MODELS)('%s with the recipe %s', (model, recipe) => {
  let reference: Float32Array[]

  async function vectors(flags: EncoderFlags): Promise<Float32Array[]> {
    const spec = await encoderSpec(model, { recipe, ...flags })
    const encoder = await (await prepareEncoder(spec, workspace, { offline: true })).open({ threads: 1 })
    try {
      const { vectors: all, dimension } = await encoder.encode(TEXTS, 'document')
      return TEXTS.map((_, i) => all.slice(i * dimension, (i + 1) * dimension))
    } finally {
      await encoder.close()
    }
  }

  beforeAll(async () => {
    reference = await vectors({})
  }, 60_000)

  it.each(ENGINES)('has the same vectors in %s', { timeout: 120_000 }, async (name, flags, least) => {
    if (flags.engine === 'torch' && !hasTransformers()) {
      console.warn(`${name}: not compared, since .venv/bin/python with torch and transformers is absent`)
      return
    }
    const found = (await vectors(flags)).map((vector, i) => cosine(vector, reference[i]!))
    console.log(`${model}, ${recipe}: ${name} against onnx in float32, least cosine ${Math.min(...found).toFixed(6)}`)
    expect(Math.min(...found)).toBeGreaterThan(least)
    // Texts on prose, code and mathematics are not one vector in disguise.
    expect(cosine(reference[0]!, reference[1]!)).toBeLessThan(0.98)
  })
})
