/*
 * The small trainings of docs/training.md, each held against its base on the test split: an encoder on NFCorpus and on code translation, with
 * negatives of the batch alone, random ones and mined ones (by the encoder itself, and on code by BM25); and a language model with LoRA on
 * docstrings. Everything is kept, and a run that was stopped goes on. Needs a build (`npm run build`) and `fieldtrial setup torch`.
 *
 *   node scripts/small-trainings.ts DATA MODELS [--only nfcorpus|codetrans|pystdlib]… [--skip ID]… [--seed N] [--device cpu] [--threads N] [--output DIR]
 *
 * DATA holds nfcorpus, codetrans-java-csharp, pystdlib-docstring, mini-cosqa and mini-scifact in BEIR's layout; MODELS holds all-MiniLM-L6-v2 and
 * qwen2.5-coder-0.5b-instruct; ID is that of a row, such as random-alone.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true },
    skip: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '42' },
    device: { type: 'string', default: 'cpu' },
    output: { type: 'string', default: 'results/small-trainings' },
    threads: { type: 'string' },
  },
})
const [data, models] = positionals.map((path) => resolve(path))
if (data === undefined || models === undefined)
  throw new Error('usage: node scripts/small-trainings.ts DATA MODELS [options]; the head of the file tells of them')
const output = resolve(values.output)
const bin = fileURLToPath(new URL('../bin/fieldtrial.js', import.meta.url))
const workspace = join(output, 'workspace')
const { device } = values
/** Of float32 wherever it is trained, so that figures of a GPU and of a processor can be compared. */
const run = { device, precision: 'float32', seed: Number(values.seed) }
const threads = values.threads === undefined ? {} : { OMP_NUM_THREADS: values.threads }

/** A ready training, over folders. */
async function training(name: string, model: string, source: object, changes: object = {}): Promise<object> {
  const file = fileURLToPath(new URL(`../studies/small/train-${name}.yaml`, import.meta.url))
  const { output: _, $schema: __, ...given } = parse(await readFile(file, 'utf8')) as Record<string, unknown>
  return { ...given, ...run, model, data: [source], ...changes }
}

function fieldtrial(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [bin, ...args], {
    stdio: 'inherit',
    cwd: output,
    env: { ...process.env, ...threads },
  })
  if (status !== 0) throw new Error(`fieldtrial ${args.join(' ')} ended with status ${status}`)
}

/** Trains and measures: the study's own report has the figures and tests. */
async function study(name: string, collections: readonly string[], entries: readonly { id: string }[]): Promise<void> {
  const file = join(output, `${name}.json`)
  const models = entries.filter(({ id }) => !values.skip.includes(id))
  await writeFile(file, JSON.stringify({ name, collections, models, measures: ['nDCG@10', 'R@100'] }, null, 1))
  fieldtrial('run', file, '--workspace', workspace)
}

/**
 * An encoder as it is, trained with negatives of the batch alone, and with random ones and mined ones (by itself, and by BM25 where that is asked
 * for) in updates of the same size; random and own ones also without those of the batch, so that nothing but their kind differs.
 *
 * @param compared What the trainings with negatives of their own change in the ready file.
 * @param options.alone What those without negatives of the batch change; default: the same.
 * @param options.window Options of `fieldtrial mine` for the encoder's own ones.
 */
async function encoder(
  name: 'nfcorpus' | 'codetrans',
  folder: string,
  compared: object,
  { alone = compared, window = [], bm25 = false }: { alone?: object; window?: readonly string[]; bm25?: boolean } = {},
): Promise<void> {
  const source = join(data!, folder)
  const base = join(models!, 'all-MiniLM-L6-v2')
  const mine = (retriever: string, id: string, ...options: readonly string[]) => {
    const file = join(output, `${name}.${id}.jsonl`)
    if (!existsSync(file))
      fieldtrial(
        'mine',
        source,
        '--split',
        'train',
        '--retriever',
        retriever,
        ...options,
        '--output',
        file,
        '--workspace',
        workspace,
      )
    return { negatives: file, withoutNegatives: 'keep' }
  }
  const { recipe, loss } = (await training(name, base, {})) as { recipe: object; loss: object }
  const as = async (id: string, negatives: object, changes: object) => ({
    id,
    device,
    train: await training(name, base, { source, ...negatives }, { name: `${name}-${id}`, ...changes }),
  })
  const random = { negatives: 'random' }
  const own = mine(base, 'mined-dense', ...window)
  const ownAlone = { ...alone, loss: { ...loss, inBatch: false } }
  await study(
    name,
    [source],
    [
      { id: 'zero-shot', model: base, engine: 'torch', device, recipes: [recipe] },
      await as('in-batch', {}, {}),
      await as('random', random, compared),
      await as('mined-dense', own, compared),
      ...(bm25 ? [await as('mined', mine('bm25', 'mined'), compared)] : []),
      await as('random-alone', random, ownAlone),
      await as('mined-dense-alone', own, ownAlone),
    ],
  )
  compareKinds(name, folder)
}

/** Mined negatives against random ones: the report tests each against the model as it was. */
function compareKinds(name: string, collection: string): void {
  const at = (id: string) => join(output, 'results', name, 'runs', `${collection}.${id}`)
  for (const [random, ...mined] of [
    ['random', 'mined-dense', 'mined'],
    ['random-alone', 'mined-dense-alone'],
  ] as const) {
    const runs = mined.map((id) => at(`${id}.trec`)).filter((file) => existsSync(file))
    if (existsSync(at(`${random}.trec`)) && runs.length > 0)
      fieldtrial('compare', at('qrels'), at(`${random}.trec`), ...runs)
  }
}

const only = values.only ?? ['nfcorpus', 'codetrans', 'pystdlib']
await mkdir(output, { recursive: true })
if (only.includes('nfcorpus')) {
  const alone = { negatives: 2, batch: { queries: 32 }, budget: { epochs: 3 } }
  await encoder('nfcorpus', 'nfcorpus', { negatives: 1 }, { alone })
}
if (only.includes('codetrans')) {
  const window = ['--range', '1-50', '--sample', 'random']
  const compared = { negatives: 2, budget: { steps: 300 } }
  await encoder('codetrans', 'codetrans-java-csharp', compared, { window, bm25: true })
}
if (only.includes('pystdlib')) {
  const base = join(models, 'qwen2.5-coder-0.5b-instruct')
  const source = join(data, 'pystdlib-docstring')
  await study(
    'pystdlib',
    [join(data, 'mini-cosqa'), join(data, 'mini-scifact')],
    [
      {
        id: 'zero-shot',
        model: base,
        engine: 'torch',
        device,
        recipes: [{ recipe: 'prompteol', maxLength: 128 }],
      },
      { id: 'promptreps', model: base, engine: 'torch', device, recipes: ['promptreps'] },
      {
        id: 'lora',
        device,
        maxLength: 128,
        train: await training('pystdlib', base, { source }, { name: 'pystdlib-lora' }),
      },
    ],
  )
}
