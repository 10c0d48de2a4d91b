import { buildRecipe, chatPrompt } from './build.ts'
import { type ChatLayout, chatParts } from './chat-layout.ts'
import { chooseLayout, requireDecoder, requirePad } from './parameters.ts'
import type { ModelFacts, Prompt, PromptPart, RecipeDefinition, Side } from './types.ts'
import { seesImages } from './vision.ts'

interface Layout {
  readonly source: string
  readonly system: Readonly<Record<Side, string>>
  /** Where the image stands among the user's turn. */
  readonly image: 'before' | 'after'
  readonly assistant: ChatLayout['assistant']
  /** Whether <|endoftext|>, the padding token, stands last. */
  readonly end: boolean
}

const LAYOUTS = {
  gme: {
    source: 'GME, Zhang et al. 2024, arXiv:2412.16855',
    system: { query: '{task}', document: 'You are a helpful assistant.' },
    image: 'before',
    assistant: 'open',
    end: true,
  },
  dse: {
    source: 'DSE, Ma et al. 2024, arXiv:2406.11251; Tevatron',
    system: { query: 'default', document: 'default' },
    image: 'after',
    assistant: 'none',
    end: true,
  },
  'qwen3-vl': {
    source: 'Qwen3-VL-Embedding, Qwen team 2026, its model card',
    system: { query: '{task}', document: "Represent the user's input." },
    image: 'before',
    assistant: 'open',
    end: false,
  },
} as const satisfies Readonly<Record<string, Layout>>

/** Retrievers that were trained on text and images in a chat model's own turns: the content is the user's turn, the last token is pooled. */
export const visionChat: RecipeDefinition = {
  id: 'vision-chat',
  source: 'GME, DSE and Qwen3-VL-Embedding, each as published',
  summary: 'text and images as a user’s turn, the last token pooled; layouts gme, dse, qwen3-vl',
  parameters: ['layout', 'system', 'pooling', 'layer', 'finalNorm', 'attention', 'maxLength', 'normalize'],
  resolve(facts, parameters) {
    requireDecoder('vision-chat', facts)
    const name = chooseLayout('vision-chat', parameters.layout, Object.keys(LAYOUTS) as (keyof typeof LAYOUTS)[])
    const layout: Layout = LAYOUTS[name]
    const prompts = (user: readonly PromptPart[]) => ({
      query: [prompt(facts, layout, parameters.system ?? layout.system.query, user)],
      document: [prompt(facts, layout, parameters.system ?? layout.system.document, user)],
    })
    const image: PromptPart = { kind: 'image' }
    const contents: PromptPart = { kind: 'contents' }
    return buildRecipe(facts, parameters, {
      id: 'vision-chat',
      source: layout.source,
      prompts: prompts([contents]),
      imagePrompts: seesImages(facts)
        ? prompts(layout.image === 'before' ? [image, contents] : [contents, image])
        : null,
      pooling: ['lasttoken'],
    })
  },
}

function prompt(facts: ModelFacts, { assistant, end }: Layout, system: string, user: readonly PromptPart[]): Prompt {
  return chatPrompt(
    chatParts(facts, { system, user, assistant }),
    'text',
    end ? requirePad('vision-chat', facts) : null,
  )
}
