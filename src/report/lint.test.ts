import { expect, test } from 'vitest'
import { studyFixture } from '../../test/support/study-fixture.ts'
import type { StudyResults } from '../study/results.ts'
import { renderDataCsv } from './csv-data.ts'
import { cappedMeasures, lengthRows } from './lint-rows.ts'
import { renderMarkdown } from './markdown.ts'

const spread = (max: number) => ({ count: 10, mean: 2.5, min: 1, median: 2, p90: 4, p99: 5, max })
const mix = { sampled: 0, of: 0, modalities: [], languages: [], scripts: [], programming: [] }
const groups = { distinct: 10, groups: 0, documents: 0, largest: 1 }

function linted(): StudyResults {
  const { results } = studyFixture({ collections: ['one', 'two'] })
  const [first, second] = results.collections
  const lint = {
    lint: {
      documents: 10,
      queries: 3,
      same: groups,
      normal: groups,
      near: { groups: 0, texts: 0, largest: 0, examples: [], threshold: 0.8, shingle: 5 },
      leaks: { compared: 0, same: 0, near: 0, examples: [], sharedRelevant: 0, relevant: 0 },
      documentQueries: { same: 0, near: 0, relevant: 0, queries: 0, examples: [] },
      lengths: {
        documents: { words: spread(70), characters: spread(700) },
        queries: { words: null, characters: null },
      },
      mix: { documents: mix, queries: mix },
    },
    ceilings: [
      { measure: 'nDCG@10', value: 0.64881, apart: 1 },
      { measure: 'R@100', value: 0.9, apart: 0.9 },
    ],
    twins: { pairs: 426, of: 500, examples: ['q1'] },
    tokens: [
      {
        encoder: 'minilm',
        documents: { sampled: 10, of: 40, tokens: spread(300), maxLength: 256, truncated: 3 },
        queries: null,
      },
      { encoder: 'served', documents: null, queries: null },
    ],
    suspects: null,
  }
  return { ...results, collections: [{ ...first!, lint }, second!] }
}

test('lint’s figures become rows, and only where there are any', () => {
  const [one, two] = linted().collections
  expect(cappedMeasures(one!).map(({ measure }) => measure)).toEqual(['nDCG@10'])
  expect(lengthRows(one!).map(({ side, unit }) => `${side} ${unit}`)).toEqual([
    'documents words',
    'documents characters',
    'documents tokens of minilm',
  ])
  expect(lengthRows(one!).at(-1)).toMatchObject({ counted: 10, max: 300, cut: { at: 256, share: 0.3 } })
  expect([...cappedMeasures(two!), ...lengthRows(two!)]).toEqual([])
})

test('the Markdown report has ceilings and lengths below the findings', () => {
  const text = renderMarkdown(linted())
  expect(text).toContain('| one | nDCG@10 | 0.6488 | 1.0000 |')
  expect(text).toContain('| one | documents | tokens of minilm | 10 | 3 | 2 | 4 | 5 | 300 | 30.0 % at 256 |')
  expect(renderMarkdown(studyFixture().results)).not.toContain('Identical documents')
})

test('data.csv has a row for each finding, ceiling and length', () => {
  const results = linted()
  const [head, ...rows] = renderDataCsv(results).trimEnd().split('\n')
  expect(head).toBe('study,collection,split,smoke_limit,kind,code,level,count,of,value,message')
  const findings = results.collections.reduce((sum, { findings: found }) => sum + found.length, 0)
  expect(rows).toHaveLength(findings + 2 + 3)
  expect(rows.find((row) => row.includes('ceiling,nDCG@10'))).toContain(',1,0.64881,')
})
