import { execFileSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { resolveModel } from '../src/data/index.ts'
import { NANO, NANO_SIBLINGS } from '../src/data/models/nano.ts'
import { prepareOnnx } from '../src/engines/onnx/index.ts'
import { readCheckpoint } from '../src/engines/text/safetensors.ts'
import { temporaryFolder } from './support/files.ts'
import { describeTransformers, pythonPath } from './support/python.ts'
import { cosine } from './support/torch.ts'

const nano = fileURLToPath(new URL('../models/nano/', import.meta.url))
const NAMES = NANO.map(({ name }) => name)
const MEGABYTE = 1e6

/** No hub could be reached from these settings. */
const offline = async () => ({ cacheDir: await temporaryFolder(), offline: true, env: { HF_HOME: '/nonexistent' } })

describe('the models that come with fieldtrial', () => {
  it('are nine, by name, without a network; each below 12.1 MB, and 64 MB in the repository', {
    timeout: 60_000,
  }, async () => {
    const context = await offline()
    let shipped = 0
    for (const name of await readdir(join(nano, 'weights')))
      shipped += (await readFile(join(nano, 'weights', name))).length
    expect(shipped).toBeLessThan(64 * MEGABYTE)
    for (const { name, parameters, shape, architecture } of NANO) {
      const { folder, commit } = await resolveModel(name, context)
      expect(commit).toBeNull()
      const weights = await readFile(join(folder, 'model.safetensors'))
      expect(weights.length).toBeLessThan(12.1 * MEGABYTE)
      let counted = 0
      for (const { shape } of (await readCheckpoint(folder))!.values()) counted += shape.reduce((a, b) => a * b, 1)
      expect(counted, name).toBe(parameters)
      expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toMatchObject({
        model_type: architecture,
        hidden_size: shape.hidden,
        num_hidden_layers: shape.layers,
      })
    }
  })

  it('are made once, by however many at a time', async () => {
    const context = await offline()
    const found = await Promise.all(Array.from({ length: 4 }, () => resolveModel('nano-math', context)))
    expect(new Set(found.map(({ folder }) => folder)).size).toBe(1)
    expect(await readdir(join(context.cacheDir, 'bundled'))).toHaveLength(1)
    await expect(resolveModel('nano-math@main', context)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('give vectors of their own in process, in float32 and int8 alike', { timeout: 120_000 }, async () => {
    const context = await offline()
    const texts = ['How do I read a file line by line?', 'def read(path):\n    return open(path).readlines()']
    const vectors = new Map<string, Float32Array[]>()
    for (const name of NAMES) {
      const { folder } = await resolveModel(name, context)
      const recipe = name === 'nano-retriever' ? 'sentence-transformers' : 'mean'
      const by = async (dtype: 'float32' | 'int8') => {
        const prepared = await prepareOnnx(folder, {
          model: name,
          recipe,
          dtype,
          quantizedCache: join(context.cacheDir, 'quantized'),
        })
        const encoder = await prepared.open({ threads: 1 })
        try {
          const { vectors, dimension } = await encoder.encode(texts, 'document')
          return texts.map((_, i) => vectors.subarray(i * dimension, (i + 1) * dimension))
        } finally {
          await encoder.close()
        }
      }
      const [exact, rounded] = [await by('float32'), await by('int8')]
      for (const i of texts.keys()) expect(cosine(exact[i]!, rounded[i]!), name).toBeGreaterThan(0.98)
      vectors.set(name, exact)
    }
    for (const a of NAMES)
      for (const b of NAMES.slice(NAMES.indexOf(a) + 1))
        expect(cosine(vectors.get(a)![0]!, vectors.get(b)![0]!), `${a}, ${b}`).toBeLessThan(0.9999)
    expect(NANO_SIBLINGS).toHaveLength(8)
  })
})

describeTransformers('beside Python', () => {
  it('the folders are those that nano.export writes, to the last bit', { timeout: 120_000 }, async () => {
    const context = await offline()
    const out = await temporaryFolder()
    execFileSync(pythonPath, ['-m', 'nano.export', '--out', out], {
      cwd: nano,
      env: { ...process.env, PYTHONPATH: nano },
    })
    for (const name of NAMES) {
      const { folder } = await resolveModel(name, context)
      const files = async (path: string) => (await readdir(path, { recursive: true })).sort()
      expect(await files(folder)).toEqual(await files(join(out, name)))
      for (const file of (await files(folder)).filter((file) => file.endsWith('.json')))
        expect(await readFile(join(folder, file), 'utf8')).toBe(await readFile(join(out, name, file), 'utf8'))
      const [mine, theirs] = [(await readCheckpoint(folder))!, (await readCheckpoint(join(out, name)))!]
      expect([...mine.keys()].sort()).toEqual([...theirs.keys()].sort())
      const [all, other] = [
        await readFile(join(folder, 'model.safetensors')),
        await readFile(join(out, name, 'model.safetensors')),
      ]
      for (const [key, { offset, bytes }] of mine)
        expect(
          all
            .subarray(offset, offset + bytes)
            .equals(other.subarray(theirs.get(key)!.offset, theirs.get(key)!.offset + bytes)),
          `${name} ${key}`,
        ).toBe(true)
    }
  })
})
