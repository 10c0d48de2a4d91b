import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { folderOf, jsonl } from '../../../test/support/files.ts'
import { describeWith, minilmPath } from '../../../test/support/shared.ts'
import type { FieldtrialError } from '../../core/errors.ts'
import { Workspace } from '../../core/workspace.ts'
import { readModelFolder } from '../../engines/text/files.ts'
import { PromptTokenizer } from '../../engines/text/tokenizer/prompt-tokenizer.ts'
import { resolveRecipe } from '../../recipes/index.ts'
import { parseTraining } from '../parse.ts'
import type { Training } from '../training.ts'
import { copiesOf } from './add-examples.ts'
import { devQrels, prepareDev } from './dev-set.ts'
import { HashIndex } from './hash-index.ts'
import { type PreparedSet, prepareSet, type TokenIdentity } from './prepare.ts'
import type { SetPlan } from './set-writer.ts'

describe('numbers of hashes', () => {
  it('are given once, and survive growing', () => {
    const index = new HashIndex(4)
    const key = (i: number) => ({ high: Math.imul(i, 0x9e3779b1), low: Math.imul(i, 0x85ebca6b) })
    for (let i = 0; i < 5000; i++) expect(index.add(key(i))).toBe(i)
    expect(index.add(key(17))).toBe(17)
    expect(index.size).toBe(5000)
    expect(index.get(key(4999))).toBe(4999)
    expect(index.get(key(5000))).toBe(-1)
  })
})

describe('weights of sources', () => {
  it('take about as many examples as they say, the same ones each time', () => {
    const copies = (weight: number, seed = 1) => Array.from({ length: 4000 }, (_, i) => copiesOf(weight, seed, 'a', i))
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0)
    expect(copies(2)).toEqual(Array(4000).fill(2))
    expect(sum(copies(0.25))).toBeGreaterThan(900)
    expect(sum(copies(0.25))).toBeLessThan(1100)
    expect(sum(copies(1.5))).toBeGreaterThan(5850)
    expect(copies(0.25)).toEqual(copies(0.25))
    expect(copies(0.25, 2)).not.toEqual(copies(0.25))
  })
})

const BEIR = {
  'corpus.jsonl': jsonl(
    { _id: 'd1', title: 'Wings', text: 'Birds fly.' },
    { _id: 'd2', title: '', text: 'Fish swim.' },
    { _id: 'd3', title: '', text: 'Dogs run.' },
    { _id: 'd4', title: 'Wings', text: 'Birds  fly.' },
    { _id: 'd5', title: '', text: 'Cats sleep all day.' },
  ),
  'queries.jsonl': jsonl(
    { _id: 'q1', text: 'what flies' },
    { _id: 'q2', text: 'what swims' },
    { _id: 'q3', text: 'what runs' },
    { _id: 't1', text: 'What  FLIES' },
    { _id: 't2', text: 'what sleeps' },
  ),
  'qrels/train.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td3\t0\nq3\td3\t1\n',
  'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nt1\td1\t1\nt2\td5\t1\n',
}

describeWith('a prepared set', [minilmPath], () => {
  let tokens: TokenIdentity
  let tokenizer: PromptTokenizer
  beforeAll(async () => {
    const files = await readModelFolder(minilmPath)
    const { chatTemplate: _, ...special } = files.specialTokens
    const { recipe, head } = resolveRecipe(
      'sentence-transformers',
      { maxLength: 16 },
      {
        name: 'minilm',
        architecture: 'bert',
        decoder: false,
        layers: 6,
        context: 512,
        chatTemplate: null,
        tokens: special,
        files: { ...files, maxPositions: 512, positionLimit: 512 },
      },
    )
    const { tokenizerFile, tokenizerConfig } = files
    const plan: SetPlan = {
      folder: minilmPath,
      tokenizerFile,
      tokenizerConfig,
      lowerCase: false,
      emptyToken: special.pad,
      recipe,
      head,
      positions: 512,
      vision: null,
    }
    tokens = { plan, identity: 'minilm' }
    tokenizer = await PromptTokenizer.load(tokenizerFile, tokenizerConfig, false)
  })

  /** Prepares a set of files in a folder `data`, and of a training file beside it. */
  async function prepare(files: Readonly<Record<string, string>>, training: string): Promise<PreparedSet> {
    const folder = await folderOf(files)
    const parsed: Training = parseTraining(`model: a/b\n${training}`, join(folder, 'training.yaml'))
    return prepareSet(parsed, tokens, await Workspace.open(join(folder, 'ws')), {})
  }
  const inData = (files: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`data/${name}`, text]))

  /** Groups in words: query, positives and negatives as the model reads them. */
  async function groupsOf({ folder }: PreparedSet) {
    const ints = async (name: string) => {
      const bytes = await readFile(join(folder, name))
      return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    }
    const longs = async (name: string) => {
      const bytes = await readFile(join(folder, name))
      return Array.from(
        new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
        Number,
      )
    }
    const [all, offsets] = [await ints('tokens.bin'), await longs('offsets.bin')]
    const text = (i: number) => tokenizer.decode([...all.subarray(offsets[i], offsets[i + 1])])
    const [groups, places] = [await ints('groups.bin'), await longs('group-offsets.bin')]
    return places.slice(1).map((end, g) => {
      const [query, positives, , ...texts] = groups.subarray(places[g], end)
      return {
        query: text(query!),
        positives: texts.slice(0, positives).map(text),
        negatives: texts.slice(positives).map(text),
      }
    })
  }

  it('holds judged queries with what answers them, and mined negatives but for copies of these', async () => {
    const mined = jsonl(
      { query_id: 'q1', negatives: ['d2', 'd4', 'd2'] },
      { query_id: 'q2', negative_passages: [{ docid: 'd1', title: '', text: 'ignored' }] },
      { query_id: 'q3', negatives: ['d5'] },
      { query_id: 'elsewhere', negatives: ['gone'] },
    )
    const set = await prepare(
      { ...inData(BEIR), 'mined.jsonl': mined },
      'data: [{ source: data, negatives: mined.jsonl }]\nnegatives: 1\noverlap: { drop: true }\n',
    )
    expect(await groupsOf(set)).toEqual([
      {
        query: '[CLS] what swims [SEP]',
        positives: ['[CLS] fish swim. [SEP]'],
        negatives: ['[CLS] wings birds fly. [SEP]'],
      },
      {
        query: '[CLS] what runs [SEP]',
        positives: ['[CLS] dogs run. [SEP]'],
        negatives: ['[CLS] cats sleep all day. [SEP]'],
      },
    ])
    // q1 is a query under test but for case and blanks.
    expect(set.detail.sources[0]).toMatchObject({ read: 3, taken: 2, dropped: 1, missing: 0 })
    // d1 and d4 are one text for the model.
    expect(set.detail.counts).toMatchObject({ groups: 2, positives: 2, negatives: 2, withNegatives: 2 })
    expect(JSON.parse(await readFile(join(set.folder, 'set.json'), 'utf8'))).toMatchObject({
      version: 1,
      groups: 2,
      texts: 6,
    })
  })

  it('names pairs, which have no ids, by their line and query', async () => {
    const failing = async (rows: string, more = '') => {
      const files = { 'pairs.tsv': `query\tpositive\tnegative\n${rows}` }
      const error = await prepare(files, `data: [pairs.tsv]\n${more}`).catch((thrown: unknown) => thrown)
      const { message, where } = error as FieldtrialError
      return `${where?.line}: ${message}`
    }
    const first = 'what flies\tBirds fly.\tFish swim.\n'
    expect(await failing(`${first}\tFish swim.\tDogs run.\n`)).toMatch(/^3: .*the example "" has an empty query/)
    expect(await failing(`${first}what swims\tFish swim.\t\n`)).toMatch(
      /^3: .*the example "what swims" has no negatives/,
    )
    expect(
      await failing(`${first}what swims in the sea${' and in the sea'.repeat(60)}\tFish.\tDogs.\n`, 'tooLong: error\n'),
    ).toMatch(/^3: .*the query "what swims in the sea and .*…" is \d+ tokens longer/)
  })

  it('says how a table is read that is none', async () => {
    const failing = (name: string, text: string) =>
      prepare({ [name]: text }, `data: [${name}]\n`).catch(({ message, hint }) => `${message} ${hint}`)
    expect(await failing('a.csv', 'query;positive\nwhat flies;Birds fly.\n')).toMatch(/not by semicolons/)
    const headless = await failing('a.tsv', `what flies\tBirds fly${' and fly'.repeat(99)}.\nwhat swims\tFish.\n`)
    expect(headless).toMatch(/its columns are what flies, Birds fly.*….*columns: \{ query: 1, positive: 2 \}/)
    expect(String(headless).length).toBeLessThan(400)
    const beyond = 'data: [{ source: a.tsv, columns: { query: 1, positive: 3 } }]\n'
    await expect(prepare({ 'a.tsv': 'what flies\tBirds fly.\n' }, beyond)).rejects.toMatchObject({
      message: expect.stringContaining('there is no column "3"; the row has "1", "2"'),
      where: { line: 1 },
    })
  })

  it('leaves copies of a positive out of its negatives', async () => {
    const set = await prepare(
      { ...inData(BEIR), 'mined.jsonl': jsonl({ query_id: 'q1', negatives: ['d2', 'd4'] }) },
      'data: [{ source: data, negatives: mined.jsonl, withoutNegatives: skip }]\noverlap: { allow: [queries] }\nnegatives: 2\n',
    ).catch((error: unknown) => error)
    // q1 alone is left: one example is no set.
    expect(String((set as Error).message)).toContain('single example')
    const kept = await prepare(
      { ...inData(BEIR), 'mined.jsonl': jsonl({ query_id: 'q1', negatives: ['d2', 'd4'] }) },
      'data: [{ source: data, negatives: mined.jsonl, withoutNegatives: keep }]\noverlap: { allow: [queries] }\n',
    )
    expect((await groupsOf(kept))[0]).toEqual({
      query: '[CLS] what flies [SEP]',
      positives: ['[CLS] wings birds fly. [SEP]'],
      negatives: ['[CLS] fish swim. [SEP]'],
    })
    expect(kept.detail.sources[0]!.shared).toEqual([{ collection: 'data', split: 'test', queries: 1, positives: 1 }])
  })

  it('refuses what is under test, what is missing, and examples without negatives', async () => {
    await expect(prepare(inData(BEIR), 'data: [data]\n')).rejects.toMatchObject({
      message: expect.stringContaining('1 queries of data are under test in data (test): q1'),
    })
    const files = inData({ ...BEIR, 'qrels/train.tsv': `${BEIR['qrels/train.tsv']}q3\tgone\t1\n` })
    const drop = 'overlap: { drop: true }\n'
    await expect(prepare(files, `data: [data]\n${drop}`)).rejects.toMatchObject({
      message: expect.stringContaining('positive gone of the query q3 is not in the corpus'),
    })
    const skipped = await prepare(files, `data: [{ source: data, missing: skip }]\n${drop}`)
    expect(skipped.detail.sources[0]).toMatchObject({ taken: 2, missing: 1 })
    const mined = jsonl({ query_id: 'q2', negatives: ['d1'] }, { query_id: 'q3', negatives: ['nowhere'] })
    const training = `data: [{ source: data, negatives: mined.jsonl }]\n${drop}`
    await expect(prepare({ ...inData(BEIR), 'mined.jsonl': mined }, training)).rejects.toMatchObject({
      message: expect.stringContaining('mined negative nowhere of the query q3 is not in the corpus'),
    })
    await expect(prepare(inData(BEIR), `data: [data]\nnegatives: 3\n${drop}`)).rejects.toMatchObject({
      message: expect.stringContaining('the example q2 has no negatives'),
    })
  })

  it('takes random documents that answer nothing, pairs, triples, and Tevatron’s examples with a teacher’s scores', async () => {
    const random = await prepare(inData(BEIR), 'data: [{ source: data, negatives: random }]\noverlap: { drop: true }\n')
    for (const { positives, negatives } of await groupsOf(random)) {
      expect(negatives.length).toBeGreaterThan(0)
      expect(negatives).not.toContain(positives[0])
    }
    const pairs = await prepare(
      {
        'pairs.tsv': 'what flies\tBirds fly.\nwhat swims\tFish swim.\n',
        'triples.jsonl': jsonl({
          anchor: 'what runs',
          positive: ['Dogs run.', 'Cats run.'],
          negative_1: 'A.',
          negative_2: 'B.',
        }),
        'tevatron.jsonl': jsonl({
          query_id: '1',
          query: 'what sleeps',
          positive_passages: [{ docid: '1', title: 'Cats', text: 'sleep' }],
          negative_passages: [{ docid: '2', title: '', text: 'Dogs run.' }],
        }),
      },
      'data: [{ source: pairs.tsv, columns: { query: "1", positive: "2" } }, triples.jsonl, tevatron.jsonl]\n',
    )
    expect(
      (await groupsOf(pairs)).map(({ query, positives, negatives }) => [query, positives.length, negatives.length]),
    ).toEqual([
      ['[CLS] what flies [SEP]', 1, 0],
      ['[CLS] what swims [SEP]', 1, 0],
      ['[CLS] what runs [SEP]', 2, 2],
      ['[CLS] what sleeps [SEP]', 1, 1],
    ])
    const scored = (score?: number) =>
      jsonl(
        ...['a', 'b'].map((query) => ({
          query_id: query,
          query,
          positive_passages: [{ docid: '1', title: '', text: 'yes', teacher_score: 4.5 }],
          negative_passages: [
            { docid: '2', title: '', text: 'no', ...(score === undefined ? {} : { teacher_score: score }) },
          ],
        })),
      )
    const distill = 'data: [t.jsonl]\nloss: { distill: { weight: 1 } }\n'
    const set = await prepare({ 't.jsonl': scored(-2) }, distill)
    const bytes = await readFile(join(set.folder, 'scores.bin'))
    expect([0, 4, 8, 12].map((at) => bytes.readFloatLE(at))).toEqual([4.5, -2, 4.5, -2])
    await expect(prepare({ 't.jsonl': scored() }, distill)).rejects.toMatchObject({
      message: expect.stringContaining('passage 2 of the example a has no teacher_score'),
    })
  })

  it('is made once for the same data, and anew when these change', async () => {
    const folder = await folderOf(inData(BEIR))
    const training = parseTraining('model: a/b\ndata: [data]\noverlap: { drop: true }\n', join(folder, 'training.yaml'))
    const workspace = await Workspace.open(join(folder, 'ws'))
    expect((await prepareSet(training, tokens, workspace, {})).cached).toBe(false)
    expect((await prepareSet(training, tokens, workspace, {})).cached).toBe(true)
    await writeFile(join(folder, 'data', 'qrels', 'train.tsv'), 'query-id\tcorpus-id\tscore\nq2\td2\t1\nq3\td5\t1\n')
    const again = await prepareSet(training, tokens, workspace, {})
    expect(again.cached).toBe(false)
    expect((await groupsOf(again))[1]!.positives).toEqual(['[CLS] cats sleep all day. [SEP]'])
  })

  it('of a collection that is watched has all judged documents, and others up to the limit', async () => {
    const folder = await folderOf(inData(BEIR))
    const workspace = await Workspace.open(join(folder, 'ws'))
    const evaluation = (documents: number) =>
      parseTraining(
        `model: a/b\ndata: [data]\nevaluation: { collection: data, split: test, documents: ${documents} }\n`,
        join(folder, 'training.yaml'),
      ).evaluation!
    const small = await prepareDev(evaluation(1), tokens, 1, workspace, {})
    expect(small.detail.documents).toEqual(['d1', 'd5'])
    expect(small.detail.queries).toEqual(['t1', 't2'])
    expect(devQrels(small.detail)).toEqual(
      new Map([
        ['t1', new Map([['d1', 1]])],
        ['t2', new Map([['d5', 1]])],
      ]),
    )
    const { detail } = await prepareDev(evaluation(4), tokens, 1, workspace, {})
    expect(detail.documents).toHaveLength(4)
    expect(detail.documents.slice(0, 2)).toEqual(['d1', 'd5'])
    expect(detail.of).toEqual({ queries: 2, documents: 5 })
    expect(detail.counts.document.texts).toBe(4)
  })
})
