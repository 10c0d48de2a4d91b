/*
 * Runs a study of studies/small/ that has the models `qwen` and `minilm` (recipes.yaml unless told) over folders: a language model's, an
 * encoder's, and collections', of which a study of a unified collection makes one. Models that come with fieldtrial stay; what the study trains learns
 * from the last collection. `--model` names other files for single models of the study. Needs a build (`npm run build`) for the report's page.
 *
 *   node scripts/recipe-study.ts MODEL ENCODER COLLECTION… [--study FILE] [--model ID=PATH]… [--output DIR] [--workspace DIR]
 */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Workspace } from '../src/core/workspace.ts'
import { writeReports } from '../src/report/write.ts'
import { executePlan } from '../src/study/execute.ts'
import { writeResults } from '../src/study/output.ts'
import { readStudy } from '../src/study/parse.ts'
import { planStudy } from '../src/study/plan.ts'
import { trainStudy } from '../src/train/study.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    study: { type: 'string' },
    model: { type: 'string', multiple: true },
    output: { type: 'string' },
    workspace: { type: 'string' },
  },
})
const [model, encoder, ...collections] = positionals.map((path) => resolve(path))
if (model === undefined || encoder === undefined || collections.length === 0)
  throw new Error(
    'usage: node scripts/recipe-study.ts MODEL ENCODER COLLECTION… [--study FILE] [--model ID=PATH]… [--output DIR] [--workspace DIR]',
  )

const others = new Map(
  (values.model ?? []).map((given): [string, string] => {
    const [id = '', path = ''] = given.split('=')
    return [id, resolve(path)]
  }),
)
const file = values.study ?? fileURLToPath(new URL('../studies/small/recipes.yaml', import.meta.url))
const study = await readStudy(file, (input) => ({
  ...input,
  // The folders take the place of the study's collections, or of what it joins into one.
  collections: input.collections.some((given) => typeof given === 'object' && given.unified !== undefined)
    ? [{ name: 'all', unified: collections }]
    : collections,
  models: input.models!.map((given) => {
    const { id, model: named, train } = given as { id: string; model?: string; train?: object }
    if (train !== undefined)
      return { ...(given as object), train: { ...train, data: [{ source: collections.at(-1)! }] } }
    if (named?.startsWith('nano-')) return given
    return { ...(given as object), model: others.get(id) ?? (id === 'qwen' ? model : encoder) }
  }) as typeof input.models,
  output: { dir: resolve(values.output ?? `results/${input.name}`) },
}))
const workspace = await Workspace.open(values.workspace ?? '.fieldtrial')
const trained = await trainStudy(study, workspace, {
  onNotice: ({ message }) => process.stderr.write(`${message}\n`),
})
const plan = await planStudy(trained.study, workspace)
const executed = await executePlan(plan, workspace, {
  onTrial: (trial, { done, of, seconds }) => {
    const score = trial.status === 'done' ? trial.mean['nDCG@10']!.toFixed(4) : trial.error!.message
    process.stderr.write(
      `[${done}/${of}] ${trial.retriever} × ${trial.collection}: ${score} (${seconds.toFixed(1)} s)\n`,
    )
  },
})
await writeResults(study.outputFolder, executed.results, executed.evidence)
const { measures } = executed.results
for (const { name } of executed.results.collections) {
  process.stdout.write(
    `\n| retriever | ${measures.join(' | ')} on ${name} |\n|${' --- |'.repeat(measures.length + 1)}\n`,
  )
  for (const trial of executed.results.trials.filter((t) => t.collection === name))
    process.stdout.write(
      `| ${trial.retriever} | ${measures.map((m) => trial.mean[m]?.toFixed(4) ?? 'failed').join(' | ')} |\n`,
    )
}
await writeReports(study.outputFolder, executed.results, executed.evidence, ['html', 'markdown', 'csv', 'latex'])
if (executed.results.trials.some((trial) => trial.status === 'failed')) process.exitCode = 1
