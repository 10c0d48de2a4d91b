import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { describeWith, sharedPath } from '../../../test/support/shared.ts'
import { wordTokenize } from '../sparse-words.ts'
import { ABBREVIATIONS, LOWER_CASE_STARTERS } from './english.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url))
const python = path('.venv/bin/python')
const data = (name: string) => sharedPath(`data/${name}`)
const COLLECTIONS = ['mini-scifact/corpus.jsonl', 'mini-cosqa/corpus.jsonl', 'mini-cosqa/queries.jsonl'].map(data)
const REVIEWS = data('lm-text/movie_reviews.txt.gz')

/** What real texts have too seldom, with nltk's words (test/reference/words.py). */
const HARD = JSON.parse(readFileSync(path('test/fixtures/words/nltk.json'), 'utf8')) as [
  text: string,
  words: string[],
][]

function nltkWords(texts: readonly string[]): string[][] {
  const input = JSON.stringify({ abbreviations: [...ABBREVIATIONS], starters: [...LOWER_CASE_STARTERS], texts })
  const options = { input, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
  const { stdout, stderr, status } = spawnSync(python, [path('test/reference/words.py')], options)
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as string[][]
}

describe('the words of nltk', () => {
  it.each(HARD)('are found in %j', (text, words) => {
    expect(wordTokenize(text)).toEqual(words)
  })
})

describeWith('nltk itself', [python], () => {
  it('gives the words of the file', () => {
    expect(nltkWords(HARD.map(([text]) => text))).toEqual(HARD.map(([, words]) => words))
  }, 60_000)
})

describeWith('the words of nltk in real texts', [python, REVIEWS, ...COLLECTIONS], () => {
  it('are found, every one', () => {
    const documents = COLLECTIONS.flatMap((file) =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { title?: string; text: string })
        .map(({ title, text }) => `${title ?? ''} ${text}`),
    )
    const reviews = gunzipSync(readFileSync(REVIEWS)).toString('utf8').slice(0, 200_000)
    const texts = [...documents, ...(reviews.match(/[\s\S]{1,2000}/g) ?? [])]
    const want = nltkWords(texts)
    expect(want.flat().length).toBeGreaterThan(50_000)
    for (const [i, text] of texts.entries()) expect(wordTokenize(text), text).toEqual(want[i])
  }, 60_000)
})
