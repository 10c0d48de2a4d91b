/*
 * Training jobs on this machine's GPUs as users start them (`fieldtrial train`): on one GPU and on all, whole or sharded, with GradCache, compiled in
 * 16 bits, killed and gone on with. Each one's losses are held against those of the first, float32 on one GPU; last, two of the models are used. Needs
 * a build and `fieldtrial setup torch`; of a machine with one GPU, only its jobs are run.
 *
 *   node bench/gpu/jobs.ts COLLECTION [--model nano-coder] [--steps 40] [--output DIR] [--only JOB]…
 *
 * Prints one JSON object a line: the job, seconds, first and last loss, the largest difference of a step's loss to that of the same step in `one`.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'nano-coder' },
    steps: { type: 'string', default: '40' },
    output: { type: 'string' },
    only: { type: 'string', multiple: true },
    devices: { type: 'string', default: 'cuda:all' },
    first: { type: 'string', default: 'cuda:0' },
  },
})
if (positionals[0] === undefined)
  throw new Error('usage: node bench/gpu/jobs.ts COLLECTION [--model NAME] [--steps N] [--output DIR] [--only JOB]…')
const source = resolve(positionals[0])
const output = values.output === undefined ? await mkdtemp(join(tmpdir(), 'fieldtrial-jobs-')) : resolve(values.output)
await mkdir(output, { recursive: true })
const bin = fileURLToPath(new URL('../../bin/fieldtrial.js', import.meta.url))
const steps = Number(values.steps)

interface Step {
  readonly step: number
  readonly loss: number
}

/** Of each step the last that was taken: a job that was killed takes some of them twice. */
async function losses(folder: string): Promise<Map<number, number>> {
  const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8'))
    .split('\n')
    .filter((line) => line.includes('"event":"step"'))
  return new Map(lines.map((line) => JSON.parse(line) as Step).map(({ step, loss }) => [step, loss]))
}

/** Runs a command; with `killAt`, kills it and all it started once the job's events tell of that step. */
async function fieldtrial(
  args: readonly string[],
  kill?: { readonly folder: string; readonly at: number },
): Promise<string> {
  const child = spawn(process.execPath, [bin, ...args, '--workspace', join(output, 'workspace')], { detached: true })
  let [said, printed] = ['', '']
  child.stdout.on('data', (bytes) => (printed += String(bytes)))
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += String(bytes)))
  let killed = false
  const watch = setInterval(async () => {
    if (kill === undefined || killed) return
    const seen = await losses(kill.folder).catch(() => new Map<number, number>())
    if (seen.has(kill.at)) {
      killed = true
      process.kill(-child.pid!, 'SIGKILL')
    }
  }, 50)
  const code = await new Promise<number | null>((done) => child.on('close', done))
  clearInterval(watch)
  if (code !== 0 && !killed)
    throw new Error(`fieldtrial ${args.join(' ')} ended with status ${code}:\n${said.slice(-4000)}`)
  return printed
}

const base = {
  model: values.model,
  recipe: { recipe: 'mean', maxLength: { query: 32, document: 96 } },
  data: [{ source, negatives: 'random' }],
  negatives: 1,
  overlap: { drop: true, allow: ['positives'] },
  batch: { queries: 32 },
  loss: { temperature: 0.05 },
  optimizer: { lr: 1e-3 },
  adapter: { kind: 'lora', r: 16, dropout: 0 },
  budget: { steps },
  precision: 'float32',
  checkpoints: { every: 8 },
  device: values.first,
}
const several = { device: values.devices }
const bf16 = { precision: 'bfloat16' }
const jobs: Readonly<Record<string, object>> = {
  one: {},
  'one, GradCache': { batch: { queries: 32, chunk: 8 } },
  'one, bfloat16': bf16,
  'one, bfloat16, compiled': { ...bf16, compile: true },
  'all, ddp': several,
  'all, ddp, killed': several,
  'all, GradCache': { ...several, batch: { queries: 32, chunk: 8 } },
  'all, fsdp': { ...several, strategy: 'fsdp' },
  'all, fsdp, bfloat16': { ...several, ...bf16, strategy: 'fsdp' },
  'all, bfloat16, compiled': { ...several, ...bf16, compile: true },
}
const folderOf = (name: string) => join(output, name.replaceAll(/\W+/g, '-'))
const tell = (line: object) => console.log(JSON.stringify(line))

let reference: Map<number, number> | null = null
for (const [name, changes] of Object.entries(jobs)) {
  if (values.only?.includes(name) === false) continue
  const [folder, file] = [folderOf(name), `${folderOf(name)}.json`]
  await rm(folder, { recursive: true, force: true })
  await writeFile(
    file,
    JSON.stringify({ ...base, ...changes, name: name.replaceAll(/\W+/g, '-'), output: { dir: folder } }),
  )
  const start = performance.now()
  try {
    if (name.endsWith('killed')) await fieldtrial(['train', file], { folder, at: Math.floor(steps / 2) })
    await fieldtrial(['train', file])
    const taken = await losses(folder)
    reference ??= taken
    const apart = [...taken].map(([step, loss]) => Math.abs(loss - reference!.get(step)!))
    tell({
      job: name,
      seconds: Math.round((performance.now() - start) / 100) / 10,
      steps: taken.size,
      first: taken.get(1),
      last: taken.get(steps),
      mostApart: Math.max(...apart),
    })
  } catch (error) {
    tell({ job: name, failed: String(error) })
    process.exitCode = 1
  }
}

const study = join(output, 'use.json')
const trained = ['one', 'all, ddp', 'all, fsdp', 'all, bfloat16, compiled'].filter(
  (name) => values.only?.includes(name) !== false,
)
await writeFile(
  study,
  JSON.stringify({
    name: 'use',
    collections: [source],
    models: [
      { id: 'untrained', model: values.model, engine: 'torch', device: values.first, recipes: [base.recipe] },
      ...trained.map((name) => ({
        id: name.replaceAll(/\W+/g, '-'),
        model: join(folderOf(name), 'model'),
        device: values.first,
      })),
    ],
    measures: ['nDCG@10'],
  }),
)
const results = JSON.parse(await fieldtrial(['run', study, '--json'])) as {
  readonly trials: readonly { readonly retriever: string; readonly mean: Readonly<Record<string, number>> | null }[]
}
for (const { retriever, mean } of results.trials) tell({ used: retriever, 'nDCG@10': mean?.['nDCG@10'] ?? null })
