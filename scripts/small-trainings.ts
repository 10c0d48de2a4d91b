/*
 * The small trainings of docs/training.md, each held against its base on the test split: an encoder on NFCorpus and on code translation, with
 * negatives of the batch alone, random ones and mined ones (by BM25, and on code by the encoder itself); and a language model with LoRA on docstrings. Everything is kept, and a run that
 * was stopped goes on. Needs a build (`npm run build`) and `fieldtrial setup torch`.
 *
 *   node scripts/small-trainings.ts DATA MODELS [--only nfcorpus|codetrans|pystdlib]… [--output DIR] [--threads N]
 *
 * DATA holds nfcorpus, codetrans-java-csharp, pystdlib-docstring, mini-cosqa and mini-scifact in BEIR's layout; MODELS holds all-MiniLM-L6-v2 and
 * qwen2.5-coder-0.5b-instruct.
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
    output: { type: 'string', default: 'results/small-trainings' },
    threads: { type: 'string' },
  },
})
const [data, models] = positionals.map((path) => resolve(path))
if (data === undefined || models === undefined)
  throw new Error('usage: node scripts/small-trainings.ts DATA MODELS [--only NAME]… [--output DIR] [--threads N]')
const output = resolve(values.output)
const bin = fileURLToPath(new URL('../bin/fieldtrial.js', import.meta.url))
const workspace = join(output, 'workspace')
const threads = values.threads === undefined ? {} : { OMP_NUM_THREADS: values.threads }

/** A ready training, over folders. */
async function training(name: string, model: string, source: object, changes: object = {}): Promise<object> {
  const file = fileURLToPath(new URL(`../studies/small/train-${name}.yaml`, import.meta.url))
  const { output: _, $schema: __, ...given } = parse(await readFile(file, 'utf8')) as Record<string, unknown>
  return { ...given, model, data: [source], ...changes }
}

function fieldtrial(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [bin, ...args, '--workspace', workspace], {
    stdio: 'inherit',
    cwd: output,
    env: { ...process.env, ...threads },
  })
  if (status !== 0) throw new Error(`fieldtrial ${args.join(' ')} ended with status ${status}`)
}

/** Trains and measures: the study's own report has the figures and tests. */
async function study(name: string, collections: readonly string[], entries: readonly object[]): Promise<void> {
  const file = join(output, `${name}.json`)
  await writeFile(file, JSON.stringify({ name, collections, models: entries, measures: ['nDCG@10', 'R@100'] }, null, 1))
  fieldtrial('run', file)
}

/** An encoder as it is, with negatives of the batch alone, and with random and mined ones in updates of the same size. */
async function encoder(
  name: 'nfcorpus' | 'codetrans',
  folder: string,
  compared: object,
  { dense = false } = {},
): Promise<void> {
  const source = join(data!, folder)
  const base = join(models!, 'all-MiniLM-L6-v2')
  const mine = (retriever: string, id: string): string => {
    const file = join(output, `${name}.${id}.jsonl`)
    if (!existsSync(file)) fieldtrial('mine', source, '--split', 'train', '--retriever', retriever, '--output', file)
    return file
  }
  const as = async (id: string, negatives: object, changes: object) => ({
    id,
    device: 'cpu',
    train: await training(name, base, { source, ...negatives }, { name: `${name}-${id}`, ...changes }),
  })
  const { recipe } = (await training(name, base, {})) as { recipe: object }
  await study(
    name,
    [source],
    [
      { id: 'zero-shot', model: base, engine: 'torch', device: 'cpu', recipes: [recipe] },
      await as('in-batch', {}, {}),
      await as('random', { negatives: 'random' }, compared),
      await as('mined', { negatives: mine('bm25', 'mined'), withoutNegatives: 'keep' }, compared),
      ...(dense
        ? [await as('mined-dense', { negatives: mine(base, 'mined-dense'), withoutNegatives: 'keep' }, compared)]
        : []),
    ],
  )
}

const only = values.only ?? ['nfcorpus', 'codetrans', 'pystdlib']
await mkdir(output, { recursive: true })
if (only.includes('nfcorpus'))
  await encoder('nfcorpus', 'nfcorpus', { negatives: 1, batch: { queries: 32 }, budget: { epochs: 1 } })
if (only.includes('codetrans')) await encoder('codetrans', 'codetrans-java-csharp', { negatives: 2 }, { dense: true })
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
        device: 'cpu',
        recipes: [{ recipe: 'prompteol', maxLength: 128 }],
      },
      { id: 'promptreps', model: base, engine: 'torch', device: 'cpu', recipes: ['promptreps'] },
      {
        id: 'lora',
        device: 'cpu',
        maxLength: 128,
        train: await training('pystdlib', base, { source }, { name: 'pystdlib-lora' }),
      },
    ],
  )
}
