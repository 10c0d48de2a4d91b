import { execFileSync } from 'node:child_process'
import { cp, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StudyResults } from '../src/study/results.ts'
import { runCli } from './support/cli.ts'
import { TINY, writeCollection, writeSlice } from './support/collections.ts'
import { describeTransformers, pythonPath, runPython } from './support/python.ts'
import { describeWith, qwenPath, sharedPath } from './support/shared.ts'
import { isAlive } from './support/torch.ts'

const env = { FIELDTRIAL_PYTHON: pythonPath, OMP_NUM_THREADS: '1' }

describeTransformers('a study with engine torch', () => {
  let folder: string
  const model = (name: string) => join(folder, 'models', name)
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-torch-study-'))
    runPython('tiny_models.py', [join(folder, 'models')])
    await writeCollection(join(folder, 'tiny'), TINY)
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const resultsOf = async (name: string) =>
    JSON.parse(await readFile(join(folder, 'results', name, 'results.json'), 'utf8')) as StudyResults

  it('goes on where a model is broken, and says which failed', { timeout: 240_000 }, async () => {
    await cp(model('qwen2'), model('short'), { recursive: true })
    await truncate(join(model('short'), 'model.safetensors'), 5000)
    await cp(model('qwen2'), model('corrupt'), { recursive: true })
    const file = await open(join(model('corrupt'), 'model.safetensors'), 'r+')
    await file.write(Buffer.from('{"not": json'), 0, 12, 8)
    await file.close()
    await writeFile(
      join(folder, 'broken.yaml'),
      `
name: broken
collections: [./tiny]
baselines: [bm25]
models:
  - {id: whole, model: ./models/qwen2, engine: torch, device: cpu, recipes: [{recipe: promptreps, output: [dense, hybrid]}]}
  - {id: short, model: ./models/short, engine: torch, device: cpu, recipes: [last-token]}
  - {id: corrupt, model: ./models/corrupt, engine: torch, device: cpu, recipes: [last-token]}
  - {id: onnx, model: ./models/qwen2, recipes: [promptreps]}
`,
    )
    const run = await runCli(['run', 'broken.yaml', '-w', 'ws'], { cwd: folder, env })
    expect(run.code, run.stderr).toBe(4)
    const { trials } = await resultsOf('broken')
    const status = Object.fromEntries(trials.map((trial) => [trial.retriever, trial.status]))
    expect(status).toEqual({
      bm25: 'done',
      'whole+promptreps': 'done',
      'whole+promptreps-hybrid': 'done',
      short: 'failed',
      corrupt: 'failed',
      onnx: 'done',
    })
    expect(run.stderr).toMatch(/short.*model\.safetensors/s)
    const of = (id: string) => trials.find(({ retriever }) => retriever === id)!
    expect(of('whole+promptreps').mean).toEqual(of('onnx').mean)
  })

  it('tells all that engine torch cannot take, before work starts', async () => {
    await writeFile(
      join(folder, 'wrong.yaml'),
      `
collections: [./tiny]
models:
  - {id: a, model: ./models/qwen2, engine: torch, dtype: int8}
  - {id: b, model: ./models/qwen2, engine: torch, device: webgpu}
  - {id: c, model: ./models/qwen2, adapter: ./models/qwen2}
  - {id: d, model: ./models/qwen2, dtype: bfloat16}
  - {id: e, model: ./model.gguf, engine: onnx}
`,
    )
    const run = await runCli(['run', 'wrong.yaml', '-w', 'ws'], { cwd: folder, env })
    expect(run.code).toBe(2)
    for (const message of [
      'engine: torch has no dtype int8; it has float32, bfloat16, float16',
      'engine: torch has no device webgpu',
      '`adapter` is for engine: torch',
      'engine: onnx has no dtype bfloat16',
      'A GGUF file is read by engine: llama and engine: torch',
    ])
      expect(run.stderr).toContain(message)
    await writeFile(
      join(folder, 'device.yaml'),
      'collections: [./tiny]\nmodels: [{model: ./models/qwen2, engine: torch, device: tpu}]\n',
    )
    const device = await runCli(['run', 'device.yaml', '-w', 'ws'], { cwd: folder, env })
    expect(device.stderr).toContain('cuda:all')
  })

  it('needs a Python, and says how to get one', { timeout: 60_000 }, async () => {
    const nowhere = { FIELDTRIAL_PYTHON: undefined, XDG_CONFIG_HOME: join(folder, 'none') }
    const args = ['recipe', 'show', 'promptreps', '--model', model('qwen2'), '--engine', 'torch', '--text', 'a']
    const run = await runCli([...args, '-w', join(folder, 'ws')], { cwd: folder, env: nowhere })
    expect(run.code).toBe(4)
    expect(run.stderr).toContain('fieldtrial setup torch')
  })

  it('leaves no process behind on Ctrl-C, and resumes', { timeout: 240_000 }, async () => {
    const words = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ')
    await writeCollection(join(folder, 'long'), {
      ...TINY,
      documents: [
        ...TINY.documents,
        ...Array.from({ length: 3000 }, (_, i) => ({ _id: `more-${i}`, title: '', text: `${i} ${words}` })),
      ],
    })
    await writeFile(
      join(folder, 'long.yaml'),
      `
name: long
collections: [./long]
models: [{id: torch, model: ./models/qwen2, engine: torch, device: cpu, recipes: [mean]}]
`,
    )
    let worker = 0
    const interrupted = await runCli(['run', 'long.yaml', '-w', 'ws2'], {
      cwd: folder,
      env,
      onStart: (child) =>
        void (async () => {
          for (let i = 0; i < 1000 && worker === 0; i++) {
            await sleep(50)
            try {
              worker = Number(execFileSync('pgrep', ['-P', String(child.pid), '-f', 'fieldtrial_worker$']))
            } catch {
              // Not yet there.
            }
          }
          await sleep(1000)
          child.kill('SIGINT')
        })(),
    })
    expect(worker).toBeGreaterThan(0)
    expect(interrupted.code, interrupted.stderr).toBe(130)
    for (let i = 0; i < 40 && isAlive(worker); i++) await sleep(50)
    expect(isAlive(worker)).toBe(false)
    const resumed = await runCli(['run', 'long.yaml', '-w', 'ws2'], { cwd: folder, env })
    expect(resumed.code, resumed.stderr).toBe(0)
  })
})

describeTransformers('engines beside one another on a real model', () => {
  describeWith('Qwen2.5-Coder-0.5B-Instruct on mini-scifact', [qwenPath, sharedPath('data/mini-scifact')], () => {
    let folder: string
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fieldtrial-torch-real-'))
      await writeSlice(sharedPath('data/mini-scifact'), join(folder, 'mini'), { queries: 4, documents: 10 })
    })
    afterAll(() => rm(folder, { recursive: true, force: true }))

    it('rank alike', { timeout: 400_000 }, async () => {
      await writeFile(
        join(folder, 'study.yaml'),
        `
name: engines
collections: [./mini]
baselines: [bm25]
models:
  - {id: onnx, model: ${qwenPath}, maxLength: 24, recipes: [{recipe: promptreps, output: [dense, sparse, hybrid]}]}
  - {id: torch, model: ${qwenPath}, engine: torch, device: cpu, maxLength: 24, recipes: [{recipe: promptreps, output: [dense, sparse, hybrid]}]}
comparison: {baseline: bm25}
`,
      )
      const run = await runCli(['run', 'study.yaml', '-w', 'ws'], { cwd: folder, env })
      expect(run.code, run.stderr).toBe(0)
      const results = JSON.parse(
        await readFile(join(folder, 'results', 'engines', 'results.json'), 'utf8'),
      ) as StudyResults
      const of = (id: string) => results.trials.find(({ retriever }) => retriever === id)!
      for (const output of ['', '-sparse', '-hybrid'])
        expect(of(`torch+promptreps${output}`).mean).toEqual(of(`onnx+promptreps${output}`).mean)
      const ranked = async (engine: string) => {
        const file = join(folder, 'results', 'engines', 'runs', `mini.${engine}+promptreps.trec`)
        return (await readFile(file, 'utf8'))
          .trim()
          .split('\n')
          .map((line) => line.split(/\s+/)[2])
      }
      expect(await ranked('torch')).toEqual(await ranked('onnx'))
    })
  })
})
