/*
 * Runs a study of studies/small/ that has the models `qwen` and `minilm` (recipes.yaml unless told) over folders: a language model's, an
 * encoder's, and collections'. Needs a build (`npm run build`) for the report's page.
 *
 *   node scripts/recipe-study.ts MODEL ENCODER COLLECTION… [--study FILE] [--output DIR] [--workspace DIR]
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

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { study: { type: 'string' }, output: { type: 'string' }, workspace: { type: 'string' } },
})
const [model, encoder, ...collections] = positionals.map((path) => resolve(path))
if (model === undefined || encoder === undefined || collections.length === 0)
  throw new Error(
    'usage: node scripts/recipe-study.ts MODEL ENCODER COLLECTION… [--study FILE] [--output DIR] [--workspace DIR]',
  )

const file = values.study ?? fileURLToPath(new URL('../studies/small/recipes.yaml', import.meta.url))
const study = await readStudy(file, (input) => ({
  ...input,
  collections,
  models: input.models!.map((given) => ({
    ...(given as object),
    model: (given as { id: string }).id === 'qwen' ? model : encoder,
  })) as typeof input.models,
  output: { dir: resolve(values.output ?? `results/${input.name}`) },
}))
const workspace = await Workspace.open(values.workspace ?? '.fieldtrial')
const plan = await planStudy(study, workspace)
const executed = await executePlan(plan, workspace, {
  onTrial: (trial, { done, of, seconds }) => {
    const score = trial.status === 'done' ? trial.mean['nDCG@10']!.toFixed(4) : trial.error!.message
    process.stderr.write(
      `[${done}/${of}] ${trial.retriever} × ${trial.collection}: ${score} (${seconds.toFixed(1)} s)\n`,
    )
  },
})
await writeResults(study.outputFolder, executed.results, executed.evidence)
for (const { name } of executed.results.collections) {
  process.stdout.write(`\n| retriever | nDCG@10 on ${name} | R@100 | MRR@10 |\n| --- | --- | --- | --- |\n`)
  for (const trial of executed.results.trials.filter((t) => t.collection === name))
    process.stdout.write(
      `| ${trial.retriever} | ${['nDCG@10', 'R@100', 'MRR@10'].map((m) => trial.mean[m]?.toFixed(4) ?? 'failed').join(' | ')} |\n`,
    )
}
await writeReports(study.outputFolder, executed.results, executed.evidence, ['html', 'markdown', 'csv', 'latex'])
if (executed.results.trials.some((trial) => trial.status === 'failed')) process.exitCode = 1
