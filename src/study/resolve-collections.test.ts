import { describe, expect, it } from 'vitest'
import { FieldtrialError } from '../core/errors.ts'
import { onlyPart } from './only.ts'
import { parseStudy } from './parse.ts'

const study = (collections: string) => parseStudy(`collections:\n${collections}\nbaselines: [bm25]\n`, 'study.yaml')

function problemsOf(collections: string) {
  try {
    study(collections)
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    return error.problems.map(({ message, hint, where }) => ({ message, hint, field: where?.field, line: where?.line }))
  }
  throw new Error('the study was accepted')
}

describe('groups of collections', () => {
  it('become their members, in order, each under its own name', () => {
    const { collections, groups } = study('  - coir/codetrans-*\n  - ./mine\n  - msmarco/*')
    expect(collections.map(({ name, given }) => [name, given])).toEqual([
      ['codetrans-contest', 'coir/codetrans-contest'],
      ['codetrans-dl', 'coir/codetrans-dl'],
      ['mine', './mine'],
      ['msmarco-dev', 'msmarco/dev'],
      ['msmarco-dl19', 'msmarco/dl19'],
      ['msmarco-dl20', 'msmarco/dl20'],
    ])
    expect(groups).toMatchObject([
      { given: 'coir/codetrans-*', members: ['codetrans-contest', 'codetrans-dl'], left: [] },
      {
        given: 'msmarco/*',
        members: ['msmarco-dev', 'msmarco-dl19', 'msmarco-dl20'],
        left: [{ id: 'msmarco/train' }, { id: 'msmarco/train-aug' }],
      },
    ])
  })

  it('say which members were left out and why', () => {
    const { collections, groups } = study('  - beir-18')
    expect(collections).toHaveLength(25)
    expect(groups[0]!.left).toEqual([
      { id: 'beir/bioasq', why: 'BioASQ asks for a registration' },
      { id: 'beir/signal1m', why: 'Signal-1M is given out on request only' },
      { id: 'beir/trec-news', why: 'TREC-NEWS needs an agreement with NIST' },
      { id: 'beir/robust04', why: 'Robust04 needs an agreement with NIST' },
    ])
  })

  it('give way to a member that is named by itself, and to groups before', () => {
    const { collections, groups } = study(
      '  - beir-13\n  - {source: beir/arguana, removeSelf: false}\n  - beir/sci*\n  - {source: beir/scifact, split: train}',
    )
    expect(collections.map(({ name }) => name).toSorted()).toEqual(
      [
        ...[
          'trec-covid',
          'nfcorpus',
          'nq',
          'hotpotqa',
          'fiqa',
          'webis-touche2020',
          'quora',
          'dbpedia-entity',
          'scidocs',
        ],
        ...['fever', 'climate-fever', 'arguana', 'scifact'],
      ].toSorted(),
    )
    expect(collections.find(({ name }) => name === 'arguana')).toMatchObject({ removeSelf: false })
    expect(groups.map(({ left }) => left)).toEqual([
      [
        { id: 'beir/arguana', why: 'named by itself' },
        { id: 'beir/scifact', why: 'named by itself' },
      ],
      [
        { id: 'beir/scidocs', why: 'a member of a group before' },
        { id: 'beir/scifact', why: 'named by itself' },
      ],
    ])
  })

  it('pass on what holds for all members, and nothing else', () => {
    const { collections } = study('  - {source: codesearchnet, titles: keep, task: find it}')
    expect(collections).toHaveLength(6)
    for (const collection of collections) expect(collection).toMatchObject({ titles: 'keep', task: 'find it' })
    expect(problemsOf('  - {source: beir-13, split: dev, name: all}').map(({ field }) => field)).toEqual([
      'collections[0].split',
      'collections[0].name',
    ])
  })

  it('and names that cannot be opened are all told at once, with their lines', () => {
    const problems = problemsOf('  - beir/scifcat\n  - nowhere/x\n  - msmarco/train\n  - beir/bioasq\n  - ./mine')
    expect(problems.map(({ line, message }) => [line, message])).toEqual([
      [2, 'There is no folder, .zip or known data set beir/scifcat.'],
      [3, 'There is no folder, .zip or known data set nowhere/x.'],
      [4, expect.stringMatching(/^msmarco\/train cannot be opened: a training set/)],
      [5, expect.stringMatching(/^beir\/bioasq cannot be opened: /)],
    ])
    expect(problems[0]!.hint).toBe('Did you mean beir/scifact?')
  })

  it('that match nothing are told with their line and the nearest name', () => {
    expect(problemsOf('  - ./mine\n  - bier/*')).toEqual([
      {
        message: 'No known collection matches "bier/*".',
        hint: 'Did you mean beir/*?',
        field: 'collections[1]',
        line: 3,
      },
    ])
    expect(problemsOf('  - beir/bioas*')[0]!.message).toContain('BioASQ asks for a registration')
  })

  it('lose what --only leaves aside', () => {
    const part = onlyPart(study('  - coir/codetrans-*'), ['codetrans-dl'])
    expect(part.groups[0]!.members).toEqual(['codetrans-dl'])
  })
})

it('a name of the registry is called by its own short name, other sources by their last part', () => {
  const { collections } = study('  - msmarco/dl19\n  - BEIR/SciFact\n  - hf:BeIR/nq@main\n  - ./x.zip')
  expect(collections.map(({ name }) => name)).toEqual(['msmarco-dl19', 'scifact', 'nq', 'x'])
})
