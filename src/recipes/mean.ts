import { buildRecipe, textPrompt } from './build.ts'
import { requireEos } from './parameters.ts'
import { templateParts } from './template.ts'
import type { ModelFacts, Pooling, RecipeDefinition, RecipeParameters, ResolvedRecipe } from './types.ts'

const PARAMETERS: RecipeDefinition['parameters'] = [
  'prompts',
  'pooling',
  'layer',
  'finalNorm',
  'attention',
  'maxLength',
  'normalize',
  'eos',
]

/** The mean of all token states of the text as it is (Reimers & Gurevych 2019, arXiv:1908.10084; LLM2Vec's `mean`). */
export const mean: RecipeDefinition = {
  id: 'mean',
  source: 'Sentence-BERT, Reimers & Gurevych 2019, arXiv:1908.10084',
  summary: 'the mean of all token states',
  parameters: PARAMETERS,
  resolve: (facts, parameters) => average('mean', mean.source, 'mean', facts, parameters),
}

/**
 * The mean weighted by position, i for the i-th token: in a causal model later tokens have seen more (SGPT, Muennighoff 2022,
 * arXiv:2202.08904). SGPT's trained models put brackets around queries and documents; set `prompts` for these.
 */
export const weightedMean: RecipeDefinition = {
  id: 'weighted-mean',
  source: 'SGPT, Muennighoff 2022, arXiv:2202.08904',
  summary: 'the mean of all token states, later ones weighing more',
  parameters: PARAMETERS,
  resolve: (facts, parameters) => average('weighted-mean', weightedMean.source, 'weightedmean', facts, parameters),
}

function average(
  id: string,
  source: string,
  pooling: Pooling,
  facts: ModelFacts,
  parameters: RecipeParameters,
): ResolvedRecipe {
  const end = parameters.eos === true ? requireEos(id, facts) : null
  const { query = '', document = '' } = parameters.prompts ?? {}
  return buildRecipe(facts, parameters, {
    id,
    source,
    prompts: { query: [textPrompt(templateParts(query), end)], document: [textPrompt(templateParts(document), end)] },
    pooling: [pooling],
  })
}
