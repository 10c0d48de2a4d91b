import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ModelFacts, RecipeParameters } from '../../src/recipes/types.ts'

const chatTemplateFolder = fileURLToPath(new URL('../fixtures/chat-templates/', import.meta.url))

interface ChatFixture {
  readonly model: string
  readonly architecture: string
  readonly template: string
  readonly bos: string | null
  readonly eos: string | null
  readonly pad: string | null
  readonly unk: string | null
  /** Added tokens of Qwen2.5's tokenizer under the names that they have in this model's. */
  readonly renamed?: Readonly<Record<string, string>>
}

/** A row of golden.json: what transformers renders, or that it refuses to. */
export type Golden<T> = T & { readonly refused?: string }

export interface GoldenFile {
  readonly texts: Readonly<Record<string, string>>
  readonly systems: Readonly<Record<string, string | null>>
  readonly task: string
  readonly models: Readonly<
    Record<
      string,
      {
        readonly conversations: readonly {
          readonly name: string
          readonly generation: boolean
          readonly messages: readonly (readonly ['system' | 'user' | 'assistant', string])[]
          readonly want: string | { readonly refused: string }
        }[]
        readonly promptreps: readonly Golden<{
          readonly system: string
          readonly side: 'query' | 'document'
          readonly text: string
          readonly prompt?: string
          readonly ids?: readonly number[]
        }>[]
        /** Recipes without chat turns. */
        readonly plain: readonly {
          readonly recipe: string
          readonly parameters: RecipeParameters
          readonly side: 'query' | 'document'
          readonly text: string
          readonly ids: readonly number[]
        }[]
      }
    >
  >
}

export function goldenFile(): GoldenFile {
  return JSON.parse(readFileSync(`${chatTemplateFolder}golden.json`, 'utf8')) as GoldenFile
}

/** Names of the fixtures: one per chat model. */
export const chatModels: readonly string[] = readdirSync(chatTemplateFolder)
  .filter((file) => file.endsWith('.json') && file !== 'golden.json')
  .map((file) => file.slice(0, -'.json'.length))

function chatFixture(name: string): ChatFixture {
  return JSON.parse(readFileSync(`${chatTemplateFolder}${name}.json`, 'utf8')) as ChatFixture
}

/**
 * A chat model's tokenizer.json, made of Qwen2.5's.
 *
 * @param qwen The contents of Qwen2.5's.
 */
export function chatTokenizer(name: string, qwen: string): string {
  const { renamed: names } = chatFixture(name)
  if (names === undefined) return qwen
  // Not an object: words such as `toString` are tokens.
  const renamed = new Map(Object.entries(names))
  const file = JSON.parse(qwen) as { added_tokens: { content: string }[]; model: { vocab: Record<string, number> } }
  const added_tokens = file.added_tokens.map((token) => ({
    ...token,
    content: renamed.get(token.content) ?? token.content,
  }))
  const vocab = Object.fromEntries(
    Object.entries(file.model.vocab).map(([token, id]) => [renamed.get(token) ?? token, id]),
  )
  return JSON.stringify({ ...file, added_tokens, model: { ...file.model, vocab } })
}

/** Facts of a decoder of 28 layers and 4,096 positions with the special tokens and template of a fixture. */
export function chatModel(name: string, changes: Partial<ModelFacts> = {}): ModelFacts {
  const fixture = chatFixture(name)
  const { model, architecture, template, bos, eos, pad, unk } = fixture
  return {
    name: model,
    architecture,
    decoder: true,
    layers: 28,
    context: 4096,
    chatTemplate: template,
    tokens: { bos, eos, pad, unk },
    files: {
      modules: null,
      moduleConfigs: {},
      sentenceConfig: null,
      modelConfig: null,
      tokenizerConfig: null,
      maxPositions: 4096,
      positionLimit: 4096,
    },
    ...changes,
  }
}
