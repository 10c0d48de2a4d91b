import { describe, expect, it } from 'vitest'
import { studyFixture } from '../../../test/support/study-fixture.ts'
import type { SiblingSpread, SpecialisedRow, StudyResults } from '../../study/results.ts'
import type { SpecialisationResults } from '../../study/specialisation/results.ts'
import { renderSpecialisationCsv, renderSpreadsCsv } from '../csv-specialisation.ts'
import { specialisationLatex } from '../latex-specialisation.ts'
import { renderMarkdown } from '../markdown.ts'
import { specialisationParts } from '../markdown-specialisation.ts'
import { renderTable } from '../terminal.ts'
import { answeredQuestions } from './answers.ts'

const row = (model: string, difference: number, changes: Partial<SpecialisedRow> = {}): SpecialisedRow => ({
  collection: 'scifact',
  measure: 'nDCG@10',
  specialised: `${model}+mean`,
  against: 'nano-base+mean',
  model,
  againstModel: 'nano-base',
  relation: 'ancestor',
  recipe: 'mean',
  training: null,
  asks: ['math'],
  differs: [],
  before: 0.3,
  after: 0.3 + difference,
  queries: 120,
  difference,
  interval: [difference - 0.02, difference + 0.02],
  p: 0.001,
  pAdjusted: 0.003,
  significant: true,
  effect: 0.4,
  wins: 20,
  losses: 90,
  ties: 10,
  ...changes,
})

const spread: SiblingSpread = {
  collection: 'scifact',
  measure: 'nDCG@10',
  base: 'nano-base',
  models: ['nano-base', 'nano-math', 'nano-coder'],
  recipe: 'mean',
  trainedRecipe: 'mean',
  training: 'adapter, on pairs',
  engine: 'torch',
  dtype: 'bfloat16',
  trainedEngine: 'torch',
  trainedDtype: 'bfloat16',
  queries: 120,
  range: { before: 0.2, after: 0.05, interval: [-0.2, -0.1] },
  deviation: { before: 0.1, after: 0.02, interval: [-0.1, -0.05] },
}

const recipes = ['mean', 'prompteol', 'echo']
const specialisation: SpecialisationResults = {
  contents: { scifact: 'text', cosqa: 'code', nfcorpus: null },
  rows: [
    ...recipes.map((recipe, i) => row('nano-math', -0.1, { recipe, significant: i < 2, differs: ['prompts'] })),
    row('nano-coder', -0.05, { asks: ['code'] }),
    row('nano-coder', 0.08, { asks: ['code'], collection: 'cosqa' }),
    row('nano-coder', 0.01, { asks: ['code'], training: 'adapter, on pairs', significant: false, pAdjusted: 0.4 }),
  ],
  answers: [
    { question: 'math', collection: 'scifact', measure: 'nDCG@10', trained: false, better: 0, worse: 2, open: 1 },
    { question: 'code', collection: 'scifact', measure: 'nDCG@10', trained: false, better: 0, worse: 1, open: 0 },
    { question: 'code', collection: 'scifact', measure: 'nDCG@10', trained: true, better: 0, worse: 0, open: 1 },
    { question: 'code', collection: 'cosqa', measure: 'nDCG@10', trained: false, better: 1, worse: 0, open: 0 },
    { question: 'bm25', collection: 'cosqa', measure: 'nDCG@10', trained: false, better: 1, worse: 3, open: 0 },
  ],
  spreads: [spread, { ...spread, range: { ...spread.range, interval: [-0.2, 0.01] } }],
}
const { results: plain } = studyFixture({ queries: 20 })
const results: StudyResults = { ...plain, specialisation }

describe('the questions', () => {
  const answers = new Map(answeredQuestions(results).map((one) => [one.id, one]))

  it('are those for which the study has the models', () => {
    expect([...answers.keys()]).toEqual(['math', 'code', 'bm25', 'levels'])
    expect(answeredQuestions(plain)).toEqual([])
  })

  it('are answered by counts over recipes', () => {
    expect(answers.get('math')).toEqual({
      id: 'math',
      title: 'Does mathematical specialisation hurt?',
      headline: 'Zero-shot, significantly worse in 2 of 3 comparisons, no significant difference in 1.',
      sentences: [
        'On scifact (text): by nDCG@10, nano-math against nano-base: significantly worse in 2 of 3 recipes, no significant difference in 1.',
      ],
    })
  })

  it('are told apart by content and training, and never say more than the tests', () => {
    const { headline, sentences } = answers.get('code')!
    expect(headline).toBe(
      'Zero-shot, on code significantly better in the one comparison, on text significantly worse in the one comparison; trained, on text no significant difference in the one comparison.',
    )
    expect(sentences).toEqual([
      'On scifact (text): by nDCG@10, nano-coder is significantly worse than nano-base (−0.0500, p = 0.0030).',
      'On scifact (text), trained: by nDCG@10, nano-coder does not differ significantly from nano-base (+0.0100, p = 0.4000).',
      'On cosqa (code): by nDCG@10, nano-coder is significantly better than nano-base (+0.0800, p = 0.0030).',
    ])
    expect(answers.get('bm25')!.sentences).toEqual([
      'On cosqa (code): by nDCG@10, of 4 retrievers 1 significantly better than bm25, 3 significantly worse, 0 not significantly different.',
    ])
  })

  it('tell of spreads only what their intervals allow', () => {
    const { headline, sentences } = answers.get('levels')!
    expect(headline).toBe(
      'Trained, the siblings lie closer together in 1 of 2 comparisons, further apart in 0, and the interval of the change holds zero in 1 (intervals are not corrected for their number).',
    )
    expect(sentences[0]).toContain(
      '3 siblings of nano-base lie 0.2000 apart by mean and 0.0500 trained (mean; adapter, on pairs; all on torch in bfloat16): −0.1500, 95 % interval −0.2000 to −0.1000, closer together',
    )
    expect(sentences[1]).toContain('which may be chance')
    const one = { ...results, specialisation: { ...specialisation, spreads: [spread] } }
    expect(answeredQuestions(one).at(-1)!.headline).toBe(
      'Trained, the siblings lie closer together in 1 of 1 comparison, further apart in 0.',
    )
  })
})

describe('the section', () => {
  it('stands in Markdown, CSV, LaTeX and the terminal', () => {
    const markdown = renderMarkdown(results)
    expect(markdown).toContain('## What specialisation did')
    expect(markdown).toContain('**Does mathematical specialisation hurt?** Zero-shot, significantly worse in 2 of 3')
    expect(markdown).toMatch(
      /\| scifact \| nDCG@10 \| nano-math \| nano-base \| ancestor \| mean \| prompts \| 0\.3000 \| 0\.2000▼ \| −0\.1000 \|/,
    )
    expect(markdown).toContain('over all pairs of one collection and measure')
    expect(markdown).toContain('“Also differs” names')
    const csv = renderSpecialisationCsv(results).trim().split('\n')
    expect(csv).toHaveLength(1 + specialisation.rows.length)
    expect(csv[1]).toMatch(/^scifact,text,nDCG@10,nano-math,nano-base,ancestor,mean,,math,prompts,nano-math\+mean,/)
    expect(renderSpreadsCsv(results).split('\n')[1]).toMatch(
      /^scifact,nDCG@10,nano-base,nano-base nano-math nano-coder,mean,mean,"adapter, on pairs",torch,bfloat16,torch,bfloat16,range,/,
    )
    const latex = specialisationLatex(results, 'siblings', 2)!
    expect(latex).toContain('scifact & nano-math & nano-base & mean & 30.00 & 20.00 & $-$10.00$^{\\ddagger}$ \\\\')
    expect(renderTable(results, { width: Number.POSITIVE_INFINITY })).toContain(
      'Does mathematical specialisation hurt? Zero-shot, significantly worse in 2 of 3 comparisons',
    )
  })

  it('is absent for a study without siblings', () => {
    expect(specialisationParts(plain)).toEqual([])
    expect(specialisationLatex(plain, 'siblings', 2)).toBeNull()
    expect(renderSpecialisationCsv(plain).trim().split('\n')).toHaveLength(1)
    expect(renderMarkdown(plain)).not.toContain('specialisation')
    expect(renderTable(plain)).not.toContain('specialisation')
  })
})
