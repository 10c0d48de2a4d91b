import { type ChildProcess, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fingerprint } from '../src/core/fingerprint.ts'
import { Workspace } from '../src/core/workspace.ts'
import { readModelFolder } from '../src/engines/text/files.ts'
import type { StudyResults } from '../src/study/results.ts'
import { readTrained } from '../src/study/trained.ts'
import { parseEvents } from '../src/train/job/events.ts'
import { planTraining } from '../src/train/job/plan.ts'
import { runTraining } from '../src/train/job/run.ts'
import { readTrainingFile } from '../src/train/parse.ts'
import { type CliResult, runCli } from './support/cli.ts'
import { TINY } from './support/collections.ts'
import { describeTransformers, pythonPath, runPython } from './support/python.ts'
import { training, writeTinyTraining } from './support/tiny-training.ts'
import { isAlive } from './support/torch.ts'

const env = { FIELDTRIAL_PYTHON: pythonPath, OMP_NUM_THREADS: '1' }

describeTransformers('training a tiny random model', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldtrial-train-'))
    runPython('tiny_models.py', [join(folder, 'models')])
    await writeTiny('tiny')
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const writeTiny = (name: string, documents = TINY.documents) => writeTinyTraining(join(folder, name), documents)
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  const train = (file: string, ...more: string[]) =>
    runCli(['train', file, '-w', 'ws', '--threads', '1', ...more], { cwd: folder, env })
  const eventsOf = async (name: string) =>
    parseEvents(await readFile(join(folder, 'trained', name, 'events.jsonl'), 'utf8'))
  const lossesOf = async (name: string) =>
    (await eventsOf(name)).flatMap((event) => (event.event === 'step' ? [event.loss] : []))

  /** An error for people: what, what to do; no stack. */
  function expectRefusal(result: CliResult, code: number, ...parts: RegExp[]): void {
    for (const part of parts) expect(result.stderr).toMatch(part)
    expect(result.stderr).not.toMatch(/\n\s+at .*\.(js|ts):\d+/)
    expect(result.code, result.stderr).toBe(code)
  }

  it('goes on to the same end after kill -9, and the study uses what came of it', { timeout: 240_000 }, async () => {
    const watched = { evaluation: { collection: './tiny', every: 4, patience: 0 }, output: { merged: true } }
    await write('whole.yaml', training('whole', watched))
    await write('killed.yaml', training('killed', watched))
    expect((await train('whole.yaml')).code).toBe(0)
    const first = await runCli(['train', 'killed.yaml', '-w', 'ws', '--threads', '1'], {
      cwd: folder,
      env,
      onStart: (child) => void killAtCheckpoint(child, join(folder, 'trained', 'killed', 'checkpoints')),
    })
    expect(first.signal).toBe('SIGKILL')
    const again = await train('killed.yaml')
    expect(again.stderr).toMatch(/Goes on from step [246]\./)
    expect(again.code, again.stderr).toBe(0)
    const weights = (name: string) => readFileSync(join(folder, 'trained', name, 'model', 'adapter_model.safetensors'))
    expect(weights('killed').equals(weights('whole'))).toBe(true)
    expect(await lossesOf('killed')).toEqual(await lossesOf('whole'))
    expect(await lossesOf('whole')).toHaveLength(8)

    const [start, ...rest] = await lossesOf('whole')
    expect(rest.at(-1)).toBeLessThan(start! / 2)
    const trained = await readTrained(join(folder, 'trained', 'whole', 'model'))
    expect(trained).toMatchObject({ kind: 'adapter', recipe: { recipe: 'last-token' }, base: './models/qwen2' })
    const card = await readFile(join(folder, 'trained', 'whole', 'model', 'README.md'), 'utf8')
    for (const part of ['query: ‹text›<|im_end|>', 'tiny', 'nDCG@10', trained!.fingerprint])
      expect(card).toContain(part)
    const report = await readFile(join(folder, 'trained', 'whole', 'report.html'), 'utf8')
    expect(report).toContain('fieldtrial-training')

    await write(
      'study.yaml',
      `
name: supervised
collections: [./tiny]
models:
  - { id: zero, model: ./models/qwen2, engine: torch, device: cpu, recipes: [{ recipe: last-token, maxLength: 24 }] }
  - { id: tuned, train: whole.yaml, device: cpu }
  - { id: adapter, model: ./trained/whole/model, device: cpu }
  - { id: merged, model: ./trained/whole/merged }
  - { id: other, model: ./trained/whole/merged, recipes: [mean] }
`,
    )
    const run = await runCli(['run', 'study.yaml', '-w', 'ws'], { cwd: folder, env })
    expect(run.code, run.stderr).toBe(0)
    expect(run.stderr).toContain('Trained before.')
    expect(run.stderr).toMatch(/trained with the recipe last-token, and is used with another one/)
    const results = JSON.parse(
      await readFile(join(folder, 'results', 'supervised', 'results.json'), 'utf8'),
    ) as StudyResults
    const mean = (id: string) => results.trials.find(({ retriever }) => retriever === id)!.mean['nDCG@10']!
    expect(mean('adapter')).toBe(mean('tuned'))
    expect(mean('merged')).toBeCloseTo(mean('tuned'), 6)
    expect(mean('tuned')).not.toBe(mean('zero'))
    const pairs = results.supervised!.filter(({ measure }) => measure === 'nDCG@10')
    expect(pairs.map(({ zeroShot, supervised }) => `${zeroShot} → ${supervised}`)).toEqual([
      'zero → tuned',
      'zero → adapter',
      'zero → merged',
      'zero → other',
    ])
    expect(pairs[0]).toMatchObject({ before: mean('zero'), after: mean('tuned'), queries: 3 })
    const markdown = await readFile(join(folder, 'results', 'supervised', 'report.md'), 'utf8')
    expect(markdown).toContain('## Zero-shot against supervised')
    const planned = await runCli(['run', 'study.yaml', '-w', 'ws', '--dry-run'], { cwd: folder, env })
    expect(planned.stderr).toContain('Nothing to do')
  })

  it('plans without training, stops on Ctrl-C with a checkpoint, and leaves no process', {
    timeout: 240_000,
  }, async () => {
    await write('long.yaml', training('long', { budget: { steps: 4000 }, checkpoints: { every: 1000 } }))
    const plan = await train('long.yaml', '--plan', '--json')
    expect(plan.code, plan.stderr).toBe(0)
    const planned = JSON.parse(plan.stdout) as { job: { steps: number }; estimate: { memoryBytes: number } }
    expect(planned.job.steps).toBe(4000)
    expect(planned.estimate.memoryBytes).toBeGreaterThan(2 ** 28)
    // What was asked for is no notice.
    const quiet = await train('long.yaml', '--plan', '--quiet')
    expect([quiet.stdout, quiet.stderr]).toEqual([expect.stringMatching(/4000 updates of .*\nEstimate: about /s), ''])
    expect(existsSync(join(folder, 'trained', 'long'))).toBe(false)
    let worker: number | undefined
    const stopped = await runCli(['train', 'long.yaml', '-w', 'ws', '--threads', '1'], {
      cwd: folder,
      env,
      onStart: (child) => void stopAfterSteps(child),
    })
    async function stopAfterSteps(child: ChildProcess): Promise<void> {
      while ((await eventsOf('long').catch(() => [])).filter(({ event }) => event === 'step').length < 3)
        await sleep(50)
      worker = childOf(child.pid!)
      child.kill('SIGINT')
    }
    expectRefusal(stopped, 130, /Stopped/)
    expect(readdirSync(join(folder, 'trained', 'long', 'checkpoints'))).toHaveLength(1)
    expect(worker).toBeDefined()
    expect(isAlive(worker!)).toBe(false)
    const other = training('long', { budget: { steps: 4000 }, checkpoints: { every: 1000 }, optimizer: { lr: 0.02 } })
    await write('long.yaml', other)
    expectRefusal(await train('long.yaml'), 6, /another training: optimizer\.lr differs/, /--restart/)
    expect(readdirSync(join(folder, 'trained', 'long', 'checkpoints'))).toHaveLength(1)
  })

  it('refuses what cannot be learned from', { timeout: 240_000 }, async () => {
    await writeTiny('absent', TINY.documents.slice(0, 11))
    await write('absent.yaml', training('absent', { data: ['./absent'], negatives: 0 }))
    expectRefusal(await train('absent.yaml'), 3, /positive d12 of the query t12 is not in the corpus/, /missing: skip/)

    await write('mined.jsonl', `${JSON.stringify({ query_id: 't1', negatives: ['d5'] })}\n`)
    await write('empty.yaml', training('empty', { data: [{ source: './tiny', negatives: 'mined.jsonl' }] }))
    expectRefusal(await train('empty.yaml'), 3, /t2 has no negatives, others have some/, /fieldtrial mine/)

    await write('length.yaml', training('length', { tooLong: 'error', recipe: { recipe: 'last-token', maxLength: 8 } }))
    expectRefusal(await train('length.yaml'), 3, /query t1 is \d+ tokens longer than the recipe takes/, /maxLength/)

    await write('targets.yaml', training('targets', { adapter: { targets: ['q_proj', 'qproj'] } }))
    expectRefusal(await train('targets.yaml'), 4, /target qproj matches no matrix/, /q_proj.*v_proj/s)

    await write('from.yaml', training('from', { adapter: { from: './nowhere' } }))
    expectRefusal(await train('from.yaml'), 4, /nowhere.adapter_config\.json is not there/, /PEFT/)
    const foreign = { peft_type: 'LORA', base_model_name_or_path: 'somebody/another' }
    await mkdir(join(folder, 'foreign'))
    await write('foreign/adapter_config.json', JSON.stringify(foreign))
    await write('foreign.yaml', training('foreign', { adapter: { from: './foreign' } }))
    expectRefusal(await train('foreign.yaml'), 4, /was made for somebody\/another, not for/)

    await write('test.yaml', training('test', { data: [{ source: './tiny', split: 'test' }], negatives: 0 }))
    expectRefusal(await train('test.yaml'), 3, /trained on with its split test/, /overlap/)
    await write(
      'pairs.jsonl',
      [
        { query: 'What makes bread dough  rise', positive: 'Yeast.', negative: 'Rocks.' },
        {
          query: 'another one',
          positive: 'Lava Lava is molten rock that has reached the surface.',
          negative: 'Bread.',
        },
      ]
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    )
    const leaking = { data: ['pairs.jsonl'], batch: { queries: 2 }, overlap: { with: ['./tiny'] } }
    await write('leak.yaml', training('leak', leaking))
    expectRefusal(
      await train('leak.yaml'),
      3,
      /1 queries of pairs.jsonl are under test/,
      /1 positives of pairs.jsonl answer/,
    )

    await write('small.yaml', training('small'))
    const workspace = await Workspace.open(join(folder, 'ws'))
    process.env.FIELDTRIAL_PYTHON = pythonPath
    const planned = await planTraining(await readTrainingFile(join(folder, 'small.yaml')), workspace)
    await expect(runTraining(planned, workspace, { availableMemory: 2 ** 28 })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/small needs about 0\.8 GiB of memory .*; 0\.3 GiB are free\. Nothing was loaded/),
    })
    expect(existsSync(join(folder, 'trained', 'small'))).toBe(false)
    const kept = await runCli(['clean', '-w', 'ws', '--dry-run'], { cwd: folder, env })
    expect(kept.stdout).not.toContain(fingerprint(planned.set.identity))

    const tall = training('tall', { data: ['./tiny'], negatives: 0, batch: { queries: 12 } })
    await write('tall.yaml', tall)
    const small = await runCli(['train', 'tall.yaml', '-w', 'ws'], {
      cwd: folder,
      env: { ...env, FIELDTRIAL_PYTHON: join(folder, 'nowhere') },
    })
    expectRefusal(small, 4, /no Python at/, /setup torch/)
  })

  it('tells all that is wrong with a file, with its places', async () => {
    await write(
      'wrong.yaml',
      'model: ./models/qwen2\ndata: [{ source: ./tiny, negativs: random }]\nbatch: { queries: 5, accumulate: 2 }\nloss: { temperature: 0 }\nbudget: { epochs: 1, steps: 3 }\n',
    )
    expectRefusal(
      await train('wrong.yaml'),
      2,
      /4 problems/,
      /wrong\.yaml:2:\d+ .*negativs[\s\S]*negatives/,
      /wrong\.yaml:3:\d+ .*5 queries cannot be shared out/,
      /wrong\.yaml:4:\d+ .*temperature must be more than 0/,
      /wrong\.yaml:5:\d+ .*both `epochs` and `steps`/,
    )
  })

  it('keeps the last good checkpoint where the disk fills up', { timeout: 240_000 }, async (context) => {
    const disk = join(folder, 'disk')
    await mkdir(disk)
    if (!mountSmall(disk)) context.skip('only root can mount a small file system')
    try {
      const output = { dir: './disk/job' }
      // In the layout of sentence-transformers, with a module that has no folder.
      const model = join(folder, 'models', 'layout')
      await cp(join(folder, 'models', 'qwen2'), model, { recursive: true })
      const modules = ['Transformer', 'Pooling', 'Normalize'].map((name, idx) => ({
        idx,
        name: String(idx),
        path: idx === 0 ? '' : `${idx}_${name}`,
        type: `sentence_transformers.models.${name}`,
      }))
      await write('models/layout/modules.json', JSON.stringify(modules))
      await mkdir(join(model, '1_Pooling'))
      const pooling = { word_embedding_dimension: 64, pooling_mode_mean_tokens: true }
      await write('models/layout/1_Pooling/config.json', JSON.stringify(pooling))
      const whole = { model: './models/layout', recipe: 'sentence-transformers', adapter: 'full' }
      await write('full.yaml', training('full', { ...whole, output, checkpoints: { every: 2, keep: 9 } }))
      const full = await train('full.yaml')
      expectRefusal(full, 6, /MiB|disk is full/, /Make room/)
      const kept = readdirSync(join(disk, 'job', 'checkpoints'))
      expect(kept).toContain('step-2')
      execFileSync('mount', ['-o', 'remount,size=64m', disk], { stdio: 'ignore' })
      const again = await train('full.yaml')
      expect(again.stderr).toMatch(/Goes on from step [246]\./)
      expect(again.code, again.stderr).toBe(0)
      const files = await readModelFolder(join(disk, 'job', 'model'))
      expect(files.modules).toEqual(modules)
      expect(files.moduleConfigs['1_Pooling']).toEqual(pooling)
      expect(await readTrained(files.folder)).toMatchObject({ kind: 'whole', name: 'full' })
    } finally {
      execFileSync('umount', [disk])
    }
  })
})

/** Kills a command, and the process group of its worker, as soon as its training has written a checkpoint. */
async function killAtCheckpoint(child: ChildProcess, folder: string): Promise<void> {
  while (!existsSync(join(folder, 'step-2'))) await sleep(20)
  const worker = childOf(child.pid!)!
  child.kill('SIGKILL')
  process.kill(-worker, 'SIGKILL')
}

/** The process that a process has started. */
function childOf(pid: number): number | undefined {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return text === '' ? undefined : Number(text.split(' ').at(-1))
}

function mountSmall(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
