import { createReadStream } from 'node:fs'
import { type FileHandle, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { writeAtomic } from '../core/atomic.ts'
import { FieldtrialError, systemCode } from '../core/errors.ts'
import { fingerprint } from '../core/fingerprint.ts'
import type { Workspace } from '../core/workspace.ts'
import type { Executed } from './execute.ts'
import type { Plan } from './plan.ts'
import { type Evidence, RESULTS_VERSION, type StudyResults } from './results.ts'
import { encodeId, RUN_FILE, STORED_TAG } from './steps/run-file.ts'

/** Writes `results.json` and `evidence.json`, from which every report can be made again. */
export async function writeResults(folder: string, results: StudyResults, evidence: Evidence): Promise<void> {
  await writeAtomic(join(folder, 'evidence.json'), JSON.stringify(evidence))
  await writeAtomic(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`)
}

/** Puts the run of every trial, and the judgments, beside the results, for trec_eval and its kin. Runs of earlier results go. */
export async function writeRuns(folder: string, plan: Plan, executed: Executed): Promise<string[]> {
  const written: string[] = []
  for (const [trial, { folder: source }] of executed.runs) {
    const target = join(folder, trial.runFile!)
    const tag = plan.limit === null ? trial.retriever : `${trial.retriever}-smoke`
    await writeAtomic(target, (file) => copyRun(join(source, RUN_FILE), file, tag))
    written.push(target)
  }
  for (const { collection } of plan.collections) {
    // The judgments must name documents as the runs do.
    const encoded = [...executed.runs].some(([trial, run]) => trial.collection === collection.name && run.encodedIds)
    const name = (id: string) => (encoded ? encodeId(id) : id)
    const target = join(folder, 'runs', `${collection.name}.qrels`)
    const lines: string[] = []
    for (const [query, judged] of await collection.qrels())
      for (const [document, grade] of judged) lines.push(`${name(query)} 0 ${name(document)} ${grade}\n`)
    await writeAtomic(target, lines.join(''))
    written.push(target)
  }
  return written
}

/** Removes the runs that results of the same folder named before and that these do not name. */
export async function removeStaleRuns(folder: string, results: StudyResults): Promise<void> {
  const before = await readResults(folder).catch(() => undefined)
  const now = new Set(results.trials.map((trial) => trial.runFile))
  for (const { runFile } of before?.results.trials ?? [])
    if (runFile !== null && !now.has(runFile)) await rm(join(folder, runFile), { force: true })
}

/** Copies a stored run line by line with the retriever's name as its tag. */
async function copyRun(source: string, target: FileHandle, tag: string): Promise<void> {
  let pending = ''
  for await (const line of createInterface({ input: createReadStream(source), crlfDelay: Number.POSITIVE_INFINITY })) {
    pending += `${line.slice(0, -STORED_TAG.length)}${tag}\n`
    if (pending.length < 1 << 20) continue
    await target.writeFile(pending)
    pending = ''
  }
  await target.writeFile(pending)
}

/** Remembers which artifacts the study needs, so that `clean` spares them; once before the work, and again when it is done. */
export async function rememberNeeds(workspace: Workspace, plan: Plan, executed?: Executed): Promise<void> {
  const everything = [...plan.trials, ...plan.training.trials.map(({ trial }) => trial)]
  const planned = everything.flatMap((trial) => trial.steps.map((step) => `${step.kind}/${step.fingerprint}`))
  const evidence = executed?.evidenceFingerprints.map((key) => `evidence/${key}`) ?? []
  const lint = executed?.lintFingerprints.map((key) => `lint/${key}`) ?? []
  const samples = plan.collections.flatMap((on) => on.samples.map((key) => `samples/${key}`))
  const merges = plan.merges.map((key) => `merges/${key}`)
  const needs = [...new Set([...samples, ...merges, ...planned, ...evidence, ...lint])].sort()
  const name = studyKey(plan)
  await writeAtomic(
    workspace.path('studies', `${name}.json`),
    `${JSON.stringify({ study: plan.study.name, needs }, null, 1)}\n`,
  )
}

/** Two studies of one name, or a study and its smoke run, write to different folders and have needs of their own. */
function studyKey({ study }: Plan): string {
  return `${study.name}-${fingerprint(study.outputFolder).slice(0, 8)}`
}

/**
 * Reads what an earlier run wrote.
 *
 * @param path `results.json` or its folder.
 */
export async function readResults(
  path: string,
): Promise<{ results: StudyResults; evidence: Evidence; folder: string }> {
  const folder = path.endsWith('.json') ? join(path, '..') : path
  const results = await readJson<StudyResults>(path.endsWith('.json') ? path : join(path, 'results.json'))
  if (results.resultsVersion > RESULTS_VERSION)
    throw new FieldtrialError(
      'WORKSPACE_VERSION',
      `${path} was written by a newer fieldtrial (${results.fieldtrial}).`,
      { hint: 'Update fieldtrial.', where: { file: path } },
    )
  if (results.resultsVersion !== RESULTS_VERSION || !Array.isArray(results.trials))
    throw new FieldtrialError('DATA_INVALID', `${path} does not hold the results of a study.`, {
      hint: 'Name the results.json that `fieldtrial run` wrote, or its folder.',
      where: { file: path },
    })
  const evidence = await readJson<Evidence>(join(folder, 'evidence.json')).catch((error: unknown) => {
    if (error instanceof FieldtrialError && error.code === 'DATA_MISSING') return { collections: [] }
    throw error
  })
  return { results, evidence, folder }
}

async function readJson<T>(file: string): Promise<T> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as T
  } catch (cause) {
    if (systemCode(cause))
      throw new FieldtrialError('DATA_MISSING', `${file} cannot be read.`, {
        hint: 'Name the folder that `fieldtrial run` wrote its results to.',
        where: { file },
        cause,
      })
    throw new FieldtrialError('DATA_INVALID', `${file} is not JSON.`, {
      hint: 'Run the study again to write it anew.',
      where: { file },
      cause,
    })
  }
}
