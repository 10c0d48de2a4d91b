import { describe, expect, it } from 'vitest'
import { FieldtrialError } from '../core/errors.ts'
import { parseTraining, trainingFromInput, trainJsonSchema } from './parse.ts'

/** Everything that is wrong with a file, as `line: message`. */
function problemsOf(text: string): string[] {
  try {
    parseTraining(text, '/studies/mine.yaml')
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    return error.problems.map(({ message, where, hint }) => `${where?.line}: ${message} ${hint}`)
  }
  return []
}

describe('a training file', () => {
  it('has defaults for all but model and data', () => {
    const training = parseTraining('model: org/base\ndata: [beir/nfcorpus, ./pairs.tsv]\n', '/studies/mine.yaml')
    expect(training).toMatchObject({
      name: 'mine',
      model: 'org/base',
      recipe: { recipe: 'sentence-transformers', parameters: {} },
      negatives: null,
      loss: { temperature: 0.02, inBatch: true, matryoshka: null, distill: null },
      batch: { queries: 64, accumulate: 1, chunk: null },
      optimizer: { lr: null, warmup: 0.1, schedule: 'linear' },
      adapter: null,
      budget: { epochs: 1 },
      overlap: { with: null, split: 'test', allow: [], drop: false },
      evaluation: null,
      folder: '/studies/trained/mine',
    })
    expect(training.data.map(({ source, negatives }) => [source, negatives])).toEqual([
      ['beir/nfcorpus', 'none'],
      ['/studies/pairs.tsv', 'none'],
    ])
  })

  it('resolves adapters, lengths of Matryoshka and relative paths', () => {
    const training = parseTraining(
      `
model: ./base
recipe: { recipe: last-token, prompts: { query: "Query:" }, maxLength: { query: 32, document: 156 } }
data: [{ source: ../data, negatives: random, weight: 0.5 }]
adapter: { kind: dora, r: 8, from: ./before }
loss: { matryoshka: [64, 32] }
evaluation: { collection: ../data }
output: { dir: out, merged: true }
`,
      '/studies/mine.yaml',
    )
    expect(training.model).toBe('/studies/base')
    expect(training.recipe.parameters).toEqual({
      prompts: { query: 'Query:' },
      maxLength: { query: 32, document: 156 },
    })
    expect(training.adapter).toEqual({
      kind: 'dora',
      r: 8,
      alpha: 16,
      dropout: 0.1,
      targets: 'all-linear',
      from: '/studies/before',
    })
    expect(training.loss.matryoshka).toEqual({ dimensions: [64, 32], weights: [1, 1] })
    expect(training.evaluation).toMatchObject({ spec: { source: '/data', split: 'dev' }, measure: 'nDCG@10' })
    expect(training).toMatchObject({ folder: '/studies/out', merged: true })
  })

  it('compiles no DoRA', () => {
    const with_ = (adapter: string) => `model: a/b\ndata: [./a]\nadapter: ${adapter}\ncompile: true\n`
    expect(problemsOf(with_('dora'))).toEqual([expect.stringMatching(/^4: DoRA is not compiled.*Remove `compile`/)])
    expect(parseTraining(with_('lora'), '/studies/mine.yaml').compile).toBe(true)
  })

  it('is told all that is wrong with it, with lines and near misses', () => {
    expect(
      problemsOf(`
model: org/base
data:
  - { source: ./a, negatives: gone.jsonl }
  - { sorce: ./b }
lose: { temperature: 1 }
optimizer: { schedule: linaer }
evaluation: { collection: x, measure: nDGC@10 }
negatives: 0
loss: { inBatch: false }
`),
    ).toEqual([
      expect.stringMatching(/^5: source is missing\./),
      expect.stringMatching(/^5: Unknown field "sorce"\. .*source/),
      expect.stringMatching(/^6: Unknown field "lose"\. .*loss/),
      expect.stringMatching(/^7: schedule: must be one of .* linear/),
      expect.stringMatching(/^8: .*nDGC@10.*nDCG/),
      expect.stringMatching(/^10: Neither in-batch nor hard negatives are left/),
    ])
    expect(problemsOf('model: a/b\ndata: [{ source: ./a, negatives: gone.jsonl }]\n')).toEqual([
      expect.stringMatching(/^2: There is no file gone\.jsonl\. .*fieldtrial mine/),
    ])
    expect(problemsOf('- a\n')).toEqual([expect.stringContaining('`model:` and `data:`')])
  })

  it('takes columns by name or number', () => {
    const source = 'data: [{ source: ./a.tsv, columns: { query: 1, positive: "2", negative: bad } }]'
    expect(parseTraining(`model: a/b\n${source}\n`, '/studies/mine.yaml').data[0]!.columns).toEqual({
      query: '1',
      positive: '2',
      negative: 'bad',
    })
    expect(problemsOf('model: a/b\ndata: [{ source: ./a.tsv, columns: { query: 0 } }]\n')).toHaveLength(1)
  })

  it('may stand in a study', () => {
    const input = { model: 'org/base', data: ['./a'], budget: { epochs: 1, steps: 2 } }
    expect(() => trainingFromInput(input, { folder: '/studies', defaultName: 'tuned' })).toThrow(/tuned cannot be done/)
    const { budget: _, ...sound } = input
    expect(trainingFromInput(sound, { folder: '/studies', defaultName: 'tuned' }).folder).toBe('/studies/trained/tuned')
  })

  it('has a JSON Schema with every field described', () => {
    const schema = trainJsonSchema() as { properties: Record<string, { description?: string; anyOf?: unknown }> }
    expect(Object.keys(schema.properties)).toContain('evaluation')
    for (const [name, { description }] of Object.entries(schema.properties)) expect(description, name).toMatch(/\.$/)
  })
})
