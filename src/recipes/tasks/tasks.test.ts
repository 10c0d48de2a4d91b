import { describe, expect, it } from 'vitest'
import { listDatasets } from '../../data/registry/index.ts'
import { GENERIC_TASK, taskInstruction } from './index.ts'

describe('taskInstruction', () => {
  it('knows every collection of the registry but BEIR’s four without a published wording', () => {
    const without = listDatasets().filter(({ id }) => taskInstruction(id) === null)
    expect(without.map(({ name }) => name)).toEqual(['bioasq', 'signal1m', 'trec-news', 'robust04'])
  })

  it.each([
    ['beir/scifact', 'Given a scientific claim, retrieve documents that support or refute the claim'],
    ['SciFact', 'Given a scientific claim, retrieve documents that support or refute the claim'],
    ['BeIR/nfcorpus', 'Given a question, retrieve relevant documents that best answer the question'],
    ['coir/cosqa', 'Given a web search query, retrieve relevant code that can help answer the query.'],
    [
      'coir/codesearchnet-ccr-python',
      'Given a piece of code segment, retrieve the code segment that is the latter part of the code.',
    ],
    ['codesearchnet-go', 'Given a piece of code, retrieve the document string that summarizes the code.'],
    [
      'CoIR-Retrieval/CodeSearchNet-ccr#go',
      'Given a piece of code segment, retrieve the code segment that is the latter part of the code.',
    ],
    [
      'cqadupstack-tex',
      'Given a question, retrieve detailed question descriptions from Stackexchange that are duplicates to the given question',
    ],
    ['msmarco/dl19', 'Given a web search query, retrieve relevant passages that answer the query'],
    ['msmarco-dev', 'Given a web search query, retrieve relevant passages that answer the query'],
    ['image/flickr30k-t2i', 'Find an image that matches the given caption.'],
    ['vidore/docvqa', "Find a screenshot that relevant to the user's question."],
    ['mbeir/visualnews-i2t', 'Find a caption for the news in the given photo.'],
    ['Touche2020', 'Given a question, retrieve detailed and persuasive arguments that answer the question'],
  ])('%s', (name, instruction) => {
    expect(taskInstruction(name)?.instruction).toBe(instruction)
  })

  it('cites who worded it, and knows nothing of other collections', () => {
    expect(taskInstruction('beir/fever')?.source).toContain('arXiv:2401.00368')
    expect(taskInstruction('coir/apps')?.source).toContain('arXiv:2505.12697')
    for (const name of ['my-notes', 'beir/cosqa', 'coir/scifact', 'msmarco/scifact', 'dev', 'constructor', ''])
      expect(taskInstruction(name)).toBeNull()
    expect(GENERIC_TASK.instruction).toBe(taskInstruction('msmarco')?.instruction)
  })
})
