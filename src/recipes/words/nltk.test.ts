import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { describeWith, sharedPath } from '../../../test/support/shared.ts'
import { wordTokenize } from '../sparse-words.ts'
import { ABBREVIATIONS } from './english.ts'

const python = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
const script = fileURLToPath(new URL('../../../test/reference/words.py', import.meta.url))
const data = (name: string) => sharedPath(`data/${name}`)
const COLLECTIONS = ['mini-scifact/corpus.jsonl', 'mini-cosqa/corpus.jsonl', 'mini-cosqa/queries.jsonl'].map(data)
const REVIEWS = data('lm-text/movie_reviews.txt.gz')

/** What real texts have too seldom. */
const HARD = [
  '',
  ' \n ',
  "Gimme 3.5, \"Dr. X.\" (e.g. U.S.A.) can't, won't; it's o'clock... wanna go? Cannot! 'Tis d'ye 'twas",
  'He said "stop." "Go." (Really?) [No.] “Why?” ‘So.’ «Oui.» Then -- 1. one 2. Two a. b. C. — end.',
  'x.y. z!! ?! a..b ... c . d. . . e 10:30, 5,000: a,b $5 50% #1 @me * ** `` \'\' "" a\u00a0b\u2003c d\u0085e\u001cf',
  'Prof. 2. 3 No. 5. "no" Ph.D. student vs. pre-Dr. who. ÉCOLE. Ünï. İstanbul ΣΑΣ. 𝐀. x',
  'line one.\nline two\n\nline three. \t(four)\n"five."\nsix',
]

describeWith('the words of nltk', [python, REVIEWS, ...COLLECTIONS], () => {
  it('are found in real texts, every one', () => {
    const documents = COLLECTIONS.flatMap((file) =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { title?: string; text: string })
        .map(({ title, text }) => `${title ?? ''} ${text}`),
    )
    const reviews = gunzipSync(readFileSync(REVIEWS)).toString('utf8').slice(0, 200_000)
    const texts = [...HARD, ...documents, ...(reviews.match(/[\s\S]{1,2000}/g) ?? [])]
    const input = JSON.stringify({ abbreviations: [...ABBREVIATIONS], texts })
    const { stdout, stderr, status } = spawnSync(python, [script], { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
    expect(status, stderr).toBe(0)
    const want = JSON.parse(stdout) as string[][]
    expect(want.flat().length).toBeGreaterThan(50_000)
    for (const [i, text] of texts.entries()) expect(wordTokenize(text), text).toEqual(want[i])
  }, 60_000)
})
