import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Workspace } from '../src/core/workspace.ts'
import { readCheckpoint, readTensor } from '../src/engines/text/safetensors.ts'
import { readStudy } from '../src/study/parse.ts'
import { readTrainingRates } from '../src/train/job/estimate.ts'
import { type PlanTrainingOptions, planTraining } from '../src/train/job/plan.ts'
import { runTraining } from '../src/train/job/run.ts'
import { parseTraining } from '../src/train/parse.ts'
import { trainStudy } from '../src/train/study.ts'
import { describeTransformers, pythonPath, runPython } from './support/python.ts'
import { training, writeTinyTraining } from './support/tiny-training.ts'

/*
 * What a training file may ask for that is told, or made, before or without training: devices that are not there, merged weights afterwards,
 * negatives that stay within a device.
 */
describeTransformers('a training file', () => {
  let folder: string
  let workspace: Workspace
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-train-again-'))
    runPython('tiny_models.py', [join(folder, 'models')])
    await writeTinyTraining(join(folder, 'tiny'))
    workspace = await Workspace.open(join(folder, 'ws'))
    vi.stubEnv('FIELDTRIAL_PYTHON', pythonPath)
  }, 120_000)
  afterAll(() => {
    vi.unstubAllEnvs()
    return rm(folder, { recursive: true, force: true })
  })

  const parse = (name: string, changes: Readonly<Record<string, unknown>> = {}) =>
    parseTraining(training(name, changes), join(folder, `${name}.yaml`))
  const plan = (
    name: string,
    changes: Readonly<Record<string, unknown>> = {},
    options: PlanTrainingOptions = {},
    at = workspace,
  ) => planTraining(parse(name, changes), at, { threads: 1, ...options })

  it('is told of a device that is not there before anything is fetched or made', { timeout: 60_000 }, async () => {
    const bare = await Workspace.open(join(folder, 'bare'))
    // More than any machine has, and one of another kind of machine.
    for (const device of ['cuda:98,99', process.platform === 'darwin' ? 'cuda' : 'mps']) {
      // A model that is not there either: it is not looked for.
      await expect(plan('absent', { device, model: './models/nowhere' }, {}, bare)).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
        message: expect.stringMatching(
          new RegExp(`^device: ${device} was asked for, and .* not there: PyTorch .* sees .*the processor`),
        ),
        hint: expect.stringContaining('device: '),
        where: { field: 'device' },
      })
    }
    expect(existsSync(bare.path('training-sets'))).toBe(false)
    const notices: string[] = []
    const planned = await plan(
      'absent',
      { device: 'cuda:99' },
      {
        planOnly: true,
        onNotice: ({ message }) => notices.push(message),
      },
    )
    expect(notices).toEqual([expect.stringMatching(/^device: cuda:99 was asked for, and cuda:99 is not there/)])
    expect(planned.estimate.memoryBytes).toBeGreaterThan(0)
    await expect(runTraining(planned, workspace)).rejects.toThrow(/device: cuda:99 was asked for/)
    expect(existsSync(planned.training.folder)).toBe(false)
  })

  it('has another identity on another number of devices only where negatives stay within one', {
    timeout: 60_000,
  }, async () => {
    const identity = async (devices: number, loss: object) => {
      const device = devices === 1 ? 'cuda:0' : `cuda:${Array.from({ length: devices }, (_, i) => i).join(',')}`
      const { job } = await plan('devices', { device, precision: 'float32', loss }, { planOnly: true })
      return job
    }
    const apart = [await identity(1, { crossDevice: false }), await identity(2, { crossDevice: false })]
    expect(apart[0]!.fingerprint).not.toBe(apart[1]!.fingerprint)
    expect(apart.map(({ identity }) => (identity as { devices?: number }).devices)).toEqual([undefined, 2])
    const four = await identity(4, { crossDevice: false })
    expect(four.fingerprint).not.toBe(apart[1]!.fingerprint)
    for (const loss of [{}, { crossDevice: false, inBatch: false }])
      expect((await identity(2, loss)).fingerprint).toBe((await identity(1, loss)).fingerprint)
    const { fingerprint } = (
      await plan(
        'devices',
        {
          device: 'cuda:0',
          precision: 'float32',
          hosts: { count: 2, address: 'first:1' },
          loss: { crossDevice: false },
        },
        { planOnly: true },
      )
    ).job
    expect(fingerprint).toBe(apart[1]!.fingerprint)
  })

  it('that asks for merged weights afterwards gets them of the finished adapter', { timeout: 120_000 }, async () => {
    const lines: string[] = []
    const run = async (changes: Record<string, unknown>) =>
      runTraining(await plan('again', changes), workspace, { onLine: (line) => lines.push(line) })
    const first = await run({})
    expect(first).toMatchObject({ cached: false, mergedFolder: null })
    const events = await readFile(join(first.folder, 'events.jsonl'), 'utf8')
    // Its speed is remembered as the worker trained it, which its next plan goes by.
    const { rateKeyOf, estimate } = await plan('again')
    const rates = await readTrainingRates(workspace)
    const compiled = /"compiled":true/.test(events)
    expect(events).toMatch(/"compiled":(true|false)/)
    expect([rates[rateKeyOf(compiled)], rates[rateKeyOf(!compiled)]]).toEqual([expect.any(Number), undefined])
    expect(estimate.measured).toBe(true)
    const merged = { output: { merged: true } }

    // In a study: engine onnx runs merged weights alone. A plan makes nothing, and says that something is to be made.
    await writeFile(join(folder, 'again.yaml'), training('again', merged))
    await writeFile(
      join(folder, 'study.yaml'),
      'collections: [./tiny]\nmodels: [{ train: again.yaml, engine: onnx }, { id: other, train: again.yaml }]\n',
    )
    const study = await readStudy(join(folder, 'study.yaml'))
    const dry = await trainStudy(study, workspace, { planOnly: true })
    expect([dry.pending, dry.study.retrievers.map(({ id }) => id)]).toEqual([['again'], ['other']])
    expect(existsSync(join(first.folder, 'merged'))).toBe(false)

    const second = await run(merged)
    expect(second).toMatchObject({ cached: true, mergedFolder: join(first.folder, 'merged') })
    expect(lines.filter((line) => /nothing is trained again/.test(line))).toHaveLength(1)
    // Also where the file asks for GPUs, and there is none; the default of GPUs is another precision, the training's own is kept.
    for (const device of ['cuda:all', 'cuda:0'])
      expect(await run({ ...merged, device })).toMatchObject({
        cached: true,
        record: { job: { precision: 'float32' } },
      })
    expect((await plan('again', { device: 'cuda:0' }, { restart: true, planOnly: true })).job.precision).toBe(
      'bfloat16',
    )
    await expect(run({ ...merged, precision: 'bfloat16' })).rejects.toMatchObject({ code: 'FINGERPRINT_MISMATCH' })
    expect(await readFile(join(first.folder, 'events.jsonl'), 'utf8')).toBe(events)
    const name = 'model.layers.0.self_attn.q_proj.weight'
    const [base, whole] = await Promise.all(
      [join(folder, 'models', 'qwen2'), second.mergedFolder!].map(async (at) => (await readCheckpoint(at))!.get(name)!),
    )
    expect(await readTensor(name, whole!)).not.toEqual(await readTensor(name, base!))
    expect(await readFile(join(second.mergedFolder!, 'README.md'), 'utf8')).toContain('# again-merged\n')

    // What is whole stays as it is; what was cut short is made again.
    const file = join(second.mergedFolder!, 'model.safetensors')
    const { mtimeMs } = await stat(file)
    await run(merged)
    expect((await stat(file)).mtimeMs).toBe(mtimeMs)
    await rm(join(second.mergedFolder!, 'fieldtrial.json'))
    await run(merged)
    expect((await stat(file)).mtimeMs).toBeGreaterThan(mtimeMs)
    const trained = await trainStudy(study, workspace, { planOnly: true })
    expect(trained.pending).toEqual([])

    await rm(second.mergedFolder!, { recursive: true })
    await rename(join(first.folder, 'model'), join(folder, 'gone'))
    await expect(run(merged)).rejects.toMatchObject({
      code: 'DATA_MISSING',
      message: expect.stringMatching(/adapter_model\.safetensors is gone/),
      hint: expect.stringContaining('--restart'),
    })
  })
})
