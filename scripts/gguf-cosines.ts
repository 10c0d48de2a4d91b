/*
 * How near engine llama comes to plain transformers, recipe by recipe: a GGUF file against a folder with the same weights unpacked, in float32,
 * one text at a time (test/reference/recipe_vectors.py; needs PyTorch and transformers in .venv). Recipes that llama.cpp cannot serve are
 * listed with the reason.
 *
 *   node scripts/gguf-cosines.ts MODEL.gguf FOLDER [RECIPE…]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { FieldtrialError } from '../src/core/errors.ts'
import { prepareLlama } from '../src/engines/llama/index.ts'
import type { PreparedEncoder } from '../src/engines/types.ts'
import { REAL_JOBS, REAL_TEXTS, SIDES, TASK } from '../test/support/recipe-jobs.ts'
import { type Job, referenceVectors } from '../test/support/recipe-vectors.ts'
import { cosine } from '../test/support/torch.ts'

const [file, folder] = process.argv.slice(2, 4).map((path) => resolve(path))
const only = process.argv.slice(4)
if (file === undefined || folder === undefined)
  throw new Error('usage: node scripts/gguf-cosines.ts MODEL.gguf FOLDER [RECIPE…]')

const served: { job: Job; prepared: PreparedEncoder }[] = []
const refused: string[] = []
for (const { key, recipe, parameters } of REAL_JOBS) {
  if (only.length > 0 && !only.includes(key)) continue
  const { sparse: _, ...dense } = parameters
  const job = { key, recipe, parameters: dense }
  try {
    served.push({ job, prepared: await prepareLlama(file, { recipe, parameters: dense }) })
  } catch (error) {
    if (!(error instanceof FieldtrialError) || error.code !== 'RECIPE_INVALID') throw error
    refused.push(`| ${key} | refused: ${error.message.slice(error.message.indexOf('it gives no'))} |`)
  }
}
const scratch = mkdtempSync(join(tmpdir(), 'gguf-cosines-'))
try {
  const jobs = served.map(({ job }) => job)
  const [answers] = referenceVectors([{ model: folder, jobs, texts: REAL_TEXTS, task: TASK }], scratch)
  console.log('| recipe | lowest cosine | mean |\n| --- | --- | --- |')
  for (const { job, prepared } of served) {
    const encoder = await prepared.open()
    const cosines: number[] = []
    for (const side of SIDES) {
      const { vectors, dimension } = await encoder.encode(REAL_TEXTS, side, { task: TASK })
      for (const [i, row] of answers![job.key]![side].entries())
        if ('vector' in row) cosines.push(cosine(vectors.subarray(i * dimension, (i + 1) * dimension), row.vector))
    }
    await encoder.close()
    const mean = cosines.reduce((a, b) => a + b, 0) / cosines.length
    console.log(`| ${job.key} | ${Math.min(...cosines).toFixed(5)} | ${mean.toFixed(5)} |`)
  }
  for (const line of refused) console.log(line)
} finally {
  rmSync(scratch, { recursive: true })
}
