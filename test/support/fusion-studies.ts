import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { Workspace } from '../../src/core/workspace.ts'
import { executePlan } from '../../src/study/execute.ts'
import { writeResults, writeRuns } from '../../src/study/output.ts'
import { parseStudy } from '../../src/study/parse.ts'
import { planStudy } from '../../src/study/plan.ts'
import { type EmbeddingServer, startEmbeddingServer } from './embedding-server.ts'

/** Judged queries of the split `test`. */
export const QUERIES = 40
const WORDS =
  'amber basalt cedar delta ember fjord garnet harbor indigo jasper kelp lagoon marble nectar onyx pebble'.split(' ')

/** A small collection with splits, and two encoders behind servers, for the studies of one test file. */
export class FusionStudies {
  folder = ''
  private servers: EmbeddingServer[] = []

  constructor() {
    beforeAll(async () => {
      this.folder = await mkdtemp(join(tmpdir(), 'fieldtrial-fusion-'))
      this.servers = [await startEmbeddingServer({ dimension: 8 }), await startEmbeddingServer({ dimension: 6 })]
      await writeData(this.folder)
    })
    afterAll(async () => {
      for (const server of this.servers) await server.close()
      await rm(this.folder, { recursive: true })
    })
  }

  /** The two encoders, `m0` of 8 numbers and `m1` of 6, for a study file. */
  models(): string {
    return `models:\n${this.servers.map(({ v1 }, i) => `  - { id: m${i}, model: m${i}, url: "${v1}" }\n`).join('')}`
  }

  async run(fusion: string, options: { workspace?: string; models?: string; output?: string } = {}) {
    const text = `name: fused\ncollections: [./data]\n${BASELINES}${options.models ?? ''}fusion:\n${fusion}${MEASURES}`
    const study = parseStudy(text, join(this.folder, 'study.yaml'))
    const workspace = await Workspace.open(join(this.folder, options.workspace ?? 'workspace'))
    const plan = await planStudy(study, workspace)
    const executed = await executePlan(plan, workspace)
    if (options.output !== undefined) {
      await writeResults(join(this.folder, options.output), executed.results, executed.evidence)
      await writeRuns(join(this.folder, options.output), plan, executed)
    }
    return { plan, results: executed.results, failures: executed.failures }
  }
}

/** Words of document or query i: its own two, and some that it shares with others; even queries shout, which one analyzer does not forgive. */
function textOf(i: number, query: boolean): string {
  const word = (n: number) => WORDS[n % WORDS.length]!
  const text = `${word(i)} ${word(3 * i + 1)} ${word(i * i)} code${i % 7} item${Math.floor(i / 2)}`
  return query && i % 2 === 0 ? text.toUpperCase() : text
}

/** The relevant document of query i; every fifth query is judged by its neighbour, so that nothing is perfect. */
const relevantOf = (i: number) => (i % 5 === 0 ? i + 1 : i)

async function writeData(folder: string): Promise<void> {
  const lines = (items: readonly object[]) => items.map((item) => `${JSON.stringify(item)}\n`).join('')
  const qrels = (queries: readonly number[]) =>
    ['query-id\tcorpus-id\tscore', ...queries.map((i) => `q${i}\td${relevantOf(i)}\t1`), ''].join('\n')
  const all = Array.from({ length: 2 * QUERIES }, (_, i) => i)
  await mkdir(join(folder, 'data', 'qrels'), { recursive: true })
  await writeFile(
    join(folder, 'data', 'corpus.jsonl'),
    lines(Array.from({ length: 3 * QUERIES }, (_, i) => ({ _id: `d${i}`, title: '', text: textOf(i, false) }))),
  )
  await writeFile(
    join(folder, 'data', 'queries.jsonl'),
    lines(all.map((i) => ({ _id: `q${i}`, text: textOf(i, true) }))),
  )
  await writeFile(join(folder, 'data', 'qrels', 'test.tsv'), qrels(all.slice(0, QUERIES)))
  // The last two are under test as well, and must not be learned from.
  await writeFile(join(folder, 'data', 'qrels', 'dev.tsv'), qrels([...all.slice(QUERIES), 0, 1]))
}

export const BASELINES =
  'baselines:\n  - bm25\n  - { id: exact, type: bm25, analyzer: whitespace, k1: 2, b: 1 }\n  - { id: flat, type: bm25, b: 0, k1: 0.1 }\n'
const MEASURES = 'measures: [RR@10, nDCG@10]\ncomparison: { resamples: 200 }\n'
