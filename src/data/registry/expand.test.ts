import { describe, expect, test } from 'vitest'
import { datasetHint, expandGroup, globPattern } from './expand.ts'
import { listDatasets } from './list.ts'

const ids = (text: string) => expandGroup(text)?.members.map(({ id }) => id)
const left = (text: string) => expandGroup(text)?.left.map(({ dataset: { id }, why }) => [id, why])

describe('expandGroup', () => {
  test('a group by its name, in any case, with what is left out and why', () => {
    expect(ids('beir-13')).toHaveLength(13)
    expect(left('beir-13')).toEqual([])
    expect(ids('BEIR-18')).toEqual(ids('beir-14'))
    expect(left('beir-18')).toEqual([
      ['beir/bioasq', 'BioASQ asks for a registration'],
      ['beir/signal1m', 'Signal-1M is given out on request only'],
      ['beir/trec-news', 'TREC-NEWS needs an agreement with NIST'],
      ['beir/robust04', 'Robust04 needs an agreement with NIST'],
    ])
  })

  test('patterns over ids', () => {
    expect(ids('coir/*')).toEqual(ids('coir-10'))
    expect(ids('beir/*')).toHaveLength(listDatasets().filter(({ family }) => family === 'beir').length - 4)
    expect(ids('coir/codetrans-*')).toEqual(['coir/codetrans-contest', 'coir/codetrans-dl'])
    expect(ids('beir/scif?ct')).toEqual(['beir/scifact'])
    expect(ids('*/*-i2t')).toEqual([
      'image/flickr30k-i2t',
      'image/coco-i2t',
      'mbeir/visualnews-i2t',
      'mbeir/fashion200k-i2t',
    ])
  })

  test('leaves training sets out of a study', () => {
    expect(ids('msmarco/*')).toEqual(['msmarco/dev', 'msmarco/dl19', 'msmarco/dl20'])
    expect(left('msmarco/*')!.map(([id]) => id)).toEqual(['msmarco/train', 'msmarco/train-aug'])
  })

  test('is silent about single names and paths', () => {
    for (const text of ['beir/scifact', 'data/scifact', './beir/*', '/data/*', 'a/b/*', 'scifact', 'hf:BeIR/*'])
      expect(expandGroup(text), text).toBeUndefined()
  })

  test.each([
    ['bier/*', 'Did you mean beir/*?'],
    ['beir/scifcat*', 'Families are beir, '],
  ])('refuses %s, which matches nothing', (text, hint) => {
    expect(() => expandGroup(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining(hint) }),
    )
  })

  test('refuses a pattern of which nothing can be opened, with the reasons', () => {
    expect(() => expandGroup('beir/bioas*')).toThrow(/can be opened: beir\/bioasq \(BioASQ asks for a registration\)/)
  })
})

test('datasetHint knows ids, short names and groups', () => {
  expect(datasetHint('scifact')).toBe('Did you mean beir/scifact?')
  expect(datasetHint('beir/scifcat')).toBe('Did you mean beir/scifact?')
  expect(datasetHint('beir13')).toBe('Did you mean beir-13?')
  expect(datasetHint('msmarco-dl19')).toBe('Did you mean msmarco/dl19?')
  expect(datasetHint('nothing of the kind')).toBeUndefined()
})

test('globPattern takes letters of regular expressions as they are', () => {
  expect(globPattern('a.b*').test('a.bc')).toBe(true)
  expect(globPattern('a.b*').test('axbc')).toBe(false)
  expect(globPattern('a?c').test('abc')).toBe(true)
})
