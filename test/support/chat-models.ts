import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ModelFacts } from '../../src/recipes/types.ts'

export const chatTemplateFolder = fileURLToPath(new URL('../fixtures/chat-templates/', import.meta.url))

interface ChatFixture {
  readonly model: string
  readonly architecture: string
  readonly template: string
  readonly bos: string | null
  readonly eos: string | null
  readonly pad: string | null
  readonly unk: string | null
}

/** A row of golden.json: what transformers renders, or that it refuses to. */
export type Golden<T> = T & { readonly refused?: string }

export interface GoldenFile {
  readonly texts: Readonly<Record<string, string>>
  readonly systems: Readonly<Record<string, string | null>>
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

/** Facts of a decoder of 28 layers and 4,096 positions with the special tokens and template of a fixture. */
export function chatModel(name: string, changes: Partial<ModelFacts> = {}): ModelFacts {
  const fixture = JSON.parse(readFileSync(`${chatTemplateFolder}${name}.json`, 'utf8')) as ChatFixture
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
