import { buildRecipe, chatPrompt } from './build.ts'
import { chatParts } from './chat-layout.ts'
import { requireDecoder } from './parameters.ts'
import { templateParts } from './template.ts'
import type { ModelFacts, Prompt, PromptPart, RecipeDefinition, RecipeParameters, Side } from './types.ts'
import { seesImages } from './vision.ts'

const USER: Readonly<Record<Side, string>> = {
  query:
    'Query: "{text}". Use one word to represent the query in a retrieval task. Make sure your word is in lowercase.',
  document:
    'Passage: "{text}". Use one word to represent the passage in a retrieval task. Make sure your word is in lowercase.',
}
const IMAGE: readonly PromptPart[] = [
  { kind: 'image' },
  {
    kind: 'literal',
    text: 'Use one word to represent the image in a retrieval task. Make sure your word is in lowercase.',
  },
]
/** Own wording, after those for a text and for an image: no paper asks about both. */
const MIXED: Readonly<Record<Side, readonly PromptPart[]>> = {
  query: mixed('Query', 'query'),
  document: mixed('Passage', 'passage'),
}
/** The prompt ends inside the quotes: the next token is the word. */
const ANSWER = 'The word is: "'

/**
 * PromptReps (Zhuang et al. 2024, arXiv:2404.18424; github.com/ielab/PromptReps): the model is asked for one word that stands for the text;
 * the state from which it would say it is the dense vector, its scores of the text's own words are the sparse one.
 *
 * The system turn is by default what the model's own template puts there, as in the study of specialised LLMs (arXiv:2507.03958, its
 * code); PromptReps' own prompt files have `You are an AI assistant that can understand human language.` Text is cut before the prompt is
 * put around it, so that the prompt is never cut.
 */
export const promptreps: RecipeDefinition = {
  id: 'promptreps',
  source: 'PromptReps, Zhuang et al. 2024, arXiv:2404.18424; prompts as in its code and in that of arXiv:2507.03958',
  summary: 'asks a chat model for one word; dense, sparse or hybrid',
  parameters: [
    'system',
    'prompts',
    'pooling',
    'layer',
    'finalNorm',
    'attention',
    'maxLength',
    'normalize',
    'generateTokens',
    'sparse',
  ],
  resolve(facts, parameters) {
    requireDecoder('promptreps', facts)
    const steps = parameters.generateTokens ?? 0
    return buildRecipe(facts, parameters, {
      id: 'promptreps',
      source: promptreps.source,
      prompts: {
        query: [prompt(facts, parameters, templateParts(parameters.prompts?.query ?? USER.query))],
        document: [prompt(facts, parameters, templateParts(parameters.prompts?.document ?? USER.document))],
      },
      ...(seesImages(facts)
        ? {
            imagePrompts: { query: [prompt(facts, parameters, IMAGE)], document: [prompt(facts, parameters, IMAGE)] },
            mixedPrompts: {
              query: [prompt(facts, parameters, MIXED.query)],
              document: [prompt(facts, parameters, MIXED.document)],
            },
          }
        : {}),
      contents: 'trim',
      pooling: ['lasttoken'],
      lengthOf: 'contents',
      sparse: parameters.sparse === true ? { terms: 128, fallbackTerms: 10, scale: 100 } : null,
      generate: steps > 0 ? { maxTokens: steps, stop: '"' } : null,
    })
  },
}

function mixed(title: string, noun: string): readonly PromptPart[] {
  return [
    { kind: 'image' },
    { kind: 'literal', text: `${title}: "` },
    { kind: 'contents' },
    {
      kind: 'literal',
      text: `". Use one word to represent the image and the ${noun} in a retrieval task. Make sure your word is in lowercase.`,
    },
  ]
}

function prompt(facts: ModelFacts, { system = 'default' }: RecipeParameters, user: readonly PromptPart[]): Prompt {
  return chatPrompt(chatParts(facts, { system, user, assistant: { start: ANSWER } }), 'tokens')
}
