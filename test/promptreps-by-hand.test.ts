import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readRun } from '../src/data/trec.ts'
import type { Run } from '../src/data/types.ts'
import { executePlan, planStudy, studyFromInput, Workspace } from '../src/index.ts'
import { writeCollection } from './support/collections.ts'
import { describeTransformers } from './support/python.ts'
import { atEdge, type Made, type Row, referenceVectors } from './support/recipe-vectors.ts'
import { describeWith, qwenPath, sharedPath } from './support/shared.ts'

/*
 * PromptReps on 20 documents: the runs of a study against loops over what plain transformers gives (test/reference/recipe_vectors.py).
 */

const COLLECTION = sharedPath('data/mini-cosqa')
const DOCUMENTS = 20
const QUERIES = 5
/** Texts beyond those that are needed: some have weights at an edge of rounding, where the last bits of float32 decide. */
const SPARE = 3

interface Item {
  readonly _id: string
  readonly text: string
}
type Vectors = ReadonlyMap<string, Made>

async function items(file: string): Promise<Item[]> {
  const lines = (await readFile(join(COLLECTION, file), 'utf8')).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Item)
}

const wordsOf = ({ text }: Item): string[] => text.toLowerCase().match(/[a-z]{4,}/g) ?? []

/** The shortest documents. */
async function chooseDocuments(): Promise<Item[]> {
  const all = (await items('corpus.jsonl')).sort((a, b) => a.text.length - b.text.length)
  return all.slice(0, DOCUMENTS + SPARE)
}

/** The queries that share words with most of these documents. */
async function chooseQueries(documents: readonly Item[]): Promise<Item[]> {
  const held = documents.map((document) => new Set(wordsOf(document)))
  const sharing = (query: Item) => held.filter((own) => wordsOf(query).some((word) => own.has(word))).length
  const all = (await items('queries.jsonl')).sort((a, b) => sharing(b) - sharing(a))
  return all.slice(0, QUERIES + SPARE)
}

/** The first items whose weights all round alike on every machine. */
function clear(items: readonly Item[], rows: readonly Row[], count: number): Map<string, Made> {
  const kept = new Map<string, Made>()
  for (const [i, { _id }] of items.entries()) {
    const row = rows[i] as Made
    if (kept.size < count && !row.sparse!.some(([, , exact]) => atEdge(exact))) kept.set(_id, row)
  }
  return kept
}

type Scored = readonly (readonly [document: string, score: number])[]

/** Best first; of equal scores the higher id, as trec_eval has it. */
function ranked(scores: ReadonlyMap<string, number>): Scored {
  return [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? 1 : -1))
}

/** Products of whole weights, added up; documents without a word in common are not found. */
function sparseByHand(query: Made, documents: Vectors): Map<string, number> {
  const scores = new Map<string, number>()
  for (const [id, document] of documents) {
    let score = 0
    for (const [term, weight] of query.sparse!)
      for (const [other, its] of document.sparse!) if (term === other) score += weight * its
    if (score > 0) scores.set(id, score)
  }
  return scores
}

function denseByHand(query: Made, documents: Vectors): Map<string, number> {
  const scores = new Map<string, number>()
  for (const [id, document] of documents) {
    let score = 0
    for (let d = 0; d < query.vector.length; d++) score += query.vector[d]! * document.vector[d]!
    scores.set(id, score)
  }
  return scores
}

/** Each half from 0 for its last document to 1 for its first, half and half; who is not found gets nothing. */
function hybridByHand(dense: ReadonlyMap<string, number>, sparse: ReadonlyMap<string, number>): Map<string, number> {
  const scores = new Map<string, number>()
  for (const half of [dense, sparse]) {
    const least = Math.min(...half.values())
    const range = Math.max(Math.max(...half.values()) - least, 1e-9)
    for (const [id, score] of half) scores.set(id, (scores.get(id) ?? 0) + (0.5 * (score - least)) / range)
  }
  return scores
}

describeTransformers('PromptReps by hand on a real model', () => {
  describeWith('Qwen2.5-Coder-0.5B-Instruct', [qwenPath, COLLECTION], () => {
    let folder: string
    let queries: Vectors
    let documents: Vectors
    const runs = new Map<string, Run>()

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'fieldtrial-by-hand-'))
      const corpus = await chooseDocuments()
      const asked = await chooseQueries(corpus)
      const job = { key: 'promptreps', recipe: 'promptreps', parameters: { sparse: true } }
      const vectors = (side: 'query' | 'document', items: readonly Item[]) => ({
        model: qwenPath,
        jobs: [{ ...job, sides: [side] }],
        texts: items.map(({ text }) => text),
        task: '',
      })
      const [forDocuments, forQueries] = referenceVectors(
        [vectors('document', corpus), vectors('query', asked)],
        folder,
      )
      documents = clear(corpus, forDocuments!.promptreps!.document, DOCUMENTS)
      queries = clear(asked, forQueries!.promptreps!.query, QUERIES)

      await writeCollection(join(folder, 'twenty'), {
        documents: corpus.filter(({ _id }) => documents.has(_id)),
        queries: asked.filter(({ _id }) => queries.has(_id)),
        // A collection has judgments; what they say is of no account here.
        qrels: [...queries.keys()].map((query) => `${query}\t${[...documents.keys()][0]}\t1`),
      })
      const study = studyFromInput(
        {
          collections: ['./twenty'],
          models: [
            { id: 'qwen', model: qwenPath, recipes: [{ recipe: 'promptreps', output: ['dense', 'sparse', 'hybrid'] }] },
          ],
        },
        { folder, defaultName: 'by-hand' },
      )
      const workspace = await Workspace.open(join(folder, 'workspace'))
      const { results, runs: stored } = await executePlan(await planStudy(study, workspace), workspace)
      expect(results.trials.map(({ retriever, status }) => `${retriever} ${status}`)).toEqual([
        'qwen+promptreps done',
        'qwen+promptreps-sparse done',
        'qwen+promptreps-hybrid done',
      ])
      for (const [trial, run] of stored) runs.set(trial.retriever, (await readRun(join(run.folder, 'run.trec'))).run)
    }, 300_000)
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const got = (retriever: string, query: string): Scored => {
      const { ids, scores } = runs.get(retriever)!.get(query)!
      return ids.map((id, i) => [id, scores[i]!] as const)
    }

    it('is about 20 documents and 5 queries', () => {
      expect([documents.size, queries.size]).toEqual([DOCUMENTS, QUERIES])
    })

    it('gives the sparse run, every score exactly', () => {
      let found = 0
      for (const [id, query] of queries) {
        const want = ranked(sparseByHand(query, documents))
        expect(got('qwen+promptreps-sparse', id)).toEqual(want)
        found += want.length
      }
      expect(found).toBeGreaterThan(4 * QUERIES)
    })

    it('gives the dense run', () => {
      for (const [id, query] of queries)
        expectAlike(got('qwen+promptreps', id), ranked(denseByHand(query, documents)), 1e-6)
    })

    it('gives the hybrid run', () => {
      for (const [id, query] of queries) {
        const run = got('qwen+promptreps-hybrid', id)
        const sparse = sparseByHand(query, documents)
        // All by hand: the dense scores lie close together, and what float32 loses grows as they are spread over 0 to 1.
        expectAlike(run, ranked(hybridByHand(denseByHand(query, documents), sparse)), 1e-5)
        expectAlike(run, ranked(hybridByHand(new Map(got('qwen+promptreps', id)), sparse)), 1e-12)
      }
    })
  })
})

/** The same documents in the same order, with scores that differ by less than a bound. */
function expectAlike(run: Scored, want: Scored, bound: number): void {
  expect(run.map(([document]) => document)).toEqual(want.map(([document]) => document))
  for (const [at, [document, score]] of run.entries())
    expect(Math.abs(score - want[at]![1]), document).toBeLessThan(bound)
}
