import { buildRecipe, textPrompt } from './build.ts'
import { requireDecoder } from './parameters.ts'
import { templateParts } from './template.ts'
import type { ModelFacts, RecipeDefinition } from './types.ts'

/** Turns that LLM2Vec puts around texts for chat models, known by what their templates hold. */
const WRAPPERS: readonly (readonly [mark: string, before: string, after: string])[] = [
  ['<|im_start|>', '<|im_start|>user\n', '<|im_end|>'],
  ['<|start_header_id|>', '<|start_header_id|>user<|end_header_id|>\n\n', '<|eot_id|>'],
  ['<start_of_turn>', '<start_of_turn>user\n', '<end_of_turn>'],
  ['[INST]', '[INST] ', ' [/INST]'],
]

/**
 * LLM2Vec (BehnamGhader et al. 2024, arXiv:2404.05961; github.com/McGill-NLP/llm2vec): attention in both directions, the mean over the text
 * without its instruction (its `skip_instruction`; what closes the turn counts with the text). Its models were trained for this; an LLM
 * that was not must not be expected to do well.
 *
 * Its instructions end with a colon. Chat models get a user's turn around, as its code gives those whose names say so.
 */
export const llm2vec: RecipeDefinition = {
  id: 'llm2vec',
  source: 'LLM2Vec, BehnamGhader et al. 2024, arXiv:2404.05961',
  summary: 'attention in both directions, the mean over the text without its instruction',
  parameters: ['prompts', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize'],
  resolve(facts, parameters) {
    requireDecoder('llm2vec', facts)
    const [before, after] = wrapperOf(facts)
    const { query = '{task}: {text}', document = '{text}' } = parameters.prompts ?? {}
    const prompt = (template: string) =>
      textPrompt([
        ...(before === '' ? [] : [{ kind: 'literal', text: before } as const]),
        ...templateParts(template),
        ...(after === '' ? [] : [{ kind: 'literal', text: after } as const]),
      ])
    return buildRecipe(facts, parameters, {
      id: 'llm2vec',
      source: llm2vec.source,
      prompts: { query: [prompt(query)], document: [prompt(document)] },
      contents: 'trim',
      attention: 'bidirectional',
      pooling: ['mean'],
      span: 'from-contents',
    })
  },
}

function wrapperOf({ name, chatTemplate }: ModelFacts): readonly [string, string] {
  if (chatTemplate === null || !/instruct|chat|\bit\b/i.test(lastPart(name))) return ['', '']
  const found = WRAPPERS.find(([mark]) => chatTemplate.includes(mark))
  return found === undefined ? ['', ''] : [found[1], found[2]]
}

/** Of a folder's path or a hub id. */
function lastPart(name: string): string {
  return name.split(/[\\/]/).at(-1)!
}
