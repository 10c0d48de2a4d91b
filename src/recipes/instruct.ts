import { buildRecipe, textPrompt } from './build.ts'
import { chooseLayout, requireDecoder, requireEos } from './parameters.ts'
import { templateParts } from './template.ts'
import type { ModelFacts, Recipe, RecipeDefinition, RecipeParameters } from './types.ts'

interface Layout {
  readonly source: string
  readonly query: string
  readonly attention: Recipe['attention']
  /** The token that stands last. */
  readonly end: 'eos' | 'pad'
}

const LAYOUTS = {
  e5: {
    source: 'E5-Mistral, Wang et al. 2024, arXiv:2401.00368',
    query: 'Instruct: {task}\nQuery: {text}',
    attention: 'model',
    end: 'eos',
  },
  // No blank after "Query:", and the tokenizer ends every text with <|endoftext|>, the padding token.
  qwen3: {
    source: 'Qwen3-Embedding, Zhang et al. 2025, arXiv:2506.05176',
    query: 'Instruct: {task}\nQuery:{text}',
    attention: 'model',
    end: 'pad',
  },
  // Its remote code lets tokens see what follows; engines that run it as a causal model give other vectors.
  gte: {
    source: 'GTE-Qwen2, Li et al. 2023, arXiv:2308.03281, and the code beside its weights',
    query: 'Instruct: {task}\nQuery: {text}',
    attention: 'bidirectional',
    end: 'eos',
  },
  'bge-code': {
    source: 'BGE-Code-v1, Li et al. 2025, arXiv:2505.12697; FlagEmbedding',
    query: '<instruct>{task}\n<query>{text}',
    attention: 'model',
    end: 'eos',
  },
} as const satisfies Readonly<Record<string, Layout>>

const INSTRUCT_LAYOUTS = Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[]

/** A task instruction before the query, documents as they are, the last token pooled: how most LLM retrievers of today were trained. */
export const instruct: RecipeDefinition = {
  id: 'instruct',
  source: 'E5-Mistral, Wang et al. 2024, arXiv:2401.00368, and those that followed it',
  summary: 'a task instruction before the query, the last token pooled; layouts e5, qwen3, gte, bge-code',
  parameters: ['layout', 'prompts', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize', 'eos'],
  resolve(facts, parameters) {
    requireDecoder('instruct', facts)
    const { source, query, attention, end: which }: Layout = LAYOUTS[layoutOf(parameters)]
    const end = (parameters.eos ?? true) ? endToken(which, facts) : null
    const { query: queryTemplate = query, document = '' } = parameters.prompts ?? {}
    return buildRecipe(facts, parameters, {
      id: 'instruct',
      source,
      prompts: {
        query: [textPrompt(templateParts(queryTemplate), end)],
        document: [textPrompt(templateParts(document), end)],
      },
      attention,
      pooling: ['lasttoken'],
    })
  },
}

/** The texts that a server is to be sent, which tokenises and pools by itself. */
export function instructPrompts(parameters: RecipeParameters): { query: string; document: string } {
  const { query = LAYOUTS[layoutOf(parameters)].query, document = '' } = parameters.prompts ?? {}
  return { query, document }
}

function layoutOf({ layout }: RecipeParameters): keyof typeof LAYOUTS {
  return chooseLayout('instruct', layout, INSTRUCT_LAYOUTS)
}

function endToken(which: Layout['end'], facts: ModelFacts): string {
  return (which === 'pad' ? facts.tokens.pad : null) ?? requireEos('instruct', facts)
}
