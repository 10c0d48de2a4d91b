import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeTransformers, runPython } from '../../../../test/support/python.ts'
import { CrossEncoder } from './cross-encoder.ts'
import { pairPieces, roomForTwo } from './pairs.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../../../test/fixtures/models/${name}`, import.meta.url))

const LONG = 'a zebrafish heart mends itself, and nobody knows how long that takes; '.repeat(12)
const PAIRS: [query: string, document: string][] = [
  ['what mends a heart', 'The heart of a zebrafish mends itself.'],
  ['what mends a heart', 'Dogs run.'],
  ['what mends a heart', ''],
  ['', 'Dogs run.'],
  ['short', LONG],
  [LONG, 'short'],
  [LONG, LONG],
]

describeTransformers('cross-encoders', () => {
  let models = ''
  let answers: Record<string, { maxLength: number; scores: number[] }> = {}
  beforeAll(() => {
    models = mkdtempSync(join(tmpdir(), 'fieldtrial-cross-'))
    const pairs = join(models, 'pairs.json')
    writeFileSync(pairs, JSON.stringify(PAIRS))
    answers = JSON.parse(runPython('cross_encoders.py', [models, pairs])) as typeof answers
  }, 300_000)
  afterAll(() => rmSync(models, { recursive: true, force: true }))

  it.each(['bert', 'bert-without-segments', 'roberta', 'xlm-roberta', 'distilbert'])(
    'of %s give the scores of transformers, cut pairs included',
    async (family) => {
      const encoder = await CrossEncoder.open(join(models, family), { threads: 1 })
      const { maxLength, scores } = answers[family]!
      expect(encoder.identity).toMatchObject({ maxLength })
      for (const [i, [query, document]] of PAIRS.entries()) {
        const [score] = await encoder.score(query, [document])
        expect(score).toBeCloseTo(scores[i]!, 4)
      }
      // In batches, too, and in the order of the documents.
      const documents = PAIRS.slice(0, 3).map(([, document]) => document)
      const together = await encoder.score(PAIRS[0]![0], documents)
      for (const [i, score] of together.entries()) expect(score).toBeCloseTo(scores[i]!, 4)
      expect(new Set(scores.map((score) => score.toFixed(3))).size).toBeGreaterThan(3)
      await encoder.close()
    },
    60_000,
  )
})

describe('what is no cross-encoder', () => {
  it('is refused with what it lacks', async () => {
    await expect(CrossEncoder.open(fixture('bert'))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/has no (classifier|pooler\.dense): it is no cross-encoder/),
    })
    await expect(CrossEncoder.open(fixture('mpnet'))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(/"mpnet"; cross-encoders are built of bert, roberta, distilbert/),
    })
  })

  it('nor is a tokenizer that joins no pairs', () => {
    expect(() => pairPieces({ type: 'ByteLevel' }, 'tokenizer.json')).toThrow(/does not say how two texts are joined/)
  })
})

describe('room for two texts', () => {
  it.each([
    [3, 4, 10, [3, 4]],
    [3, 40, 10, [3, 7]],
    [40, 3, 10, [7, 3]],
    [40, 40, 11, [5, 6]],
    [40, 6, 10, [5, 5]],
  ])('%i and %i tokens in %i', (a, b, room, expected) => {
    expect(roomForTwo(a, b, room)).toEqual(expected)
  })
})
