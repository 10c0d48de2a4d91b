import type { ModelFolder } from '../../engines/text/files.ts'
import { textConfig } from '../../engines/torch/facts.ts'
import type { TorchPlan } from '../../engines/torch/plan.ts'
import type { SetCounts } from '../set/set-writer.ts'
import type { JobSize } from './estimate.ts'
import { towerMatrices } from './targets.ts'

/** Tokens and texts of an update on average: each query with one positive and as many negatives as there are. */
export function updateSize(counts: SetCounts, queries: number, negatives: number): { tokens: number; texts: number } {
  const mean = ({ tokens, texts }: SetCounts['query']) => (texts === 0 ? 0 : tokens / texts)
  const perQuery = 1 + Math.min(negatives, counts.negatives / counts.groups)
  return {
    tokens: Math.round(queries * (mean(counts.query) + perQuery * mean(counts.document))),
    texts: Math.round(queries * (1 + perQuery)),
  }
}

/** How many hard negatives of a query an update takes, in words: fewer than are wanted where the examples have fewer. */
export function hardNegatives(wanted: number, { negatives, groups }: Pick<SetCounts, 'negatives' | 'groups'>): string {
  const there = negatives / groups
  if (wanted === 0 || there >= wanted) return `${wanted} hard ${wanted === 1 ? 'negative' : 'negatives'}`
  return `up to ${wanted} hard negatives, of which a query has ${there.toFixed(1)} on average`
}

/** Whether the worker packs sequences in training: a model that drops out attention weights is trained on padded ones. */
export function isPacked({ packed }: Pick<TorchPlan, 'packed'>, { config }: Pick<ModelFolder, 'config'>): boolean {
  return packed && !textConfig(config).attention_dropout
}

/** Layers and widths of the language part. */
export function shapeOf({ config }: ModelFolder): { layers: number; hidden: number; inner: number } {
  const text = textConfig(config)
  const number = (...names: string[]) => {
    const found = names.map((name) => text[name]).find((value) => typeof value === 'number')
    return typeof found === 'number' ? found : 0
  }
  const hidden = number('hidden_size', 'dim', 'n_embd')
  return {
    layers: number('num_hidden_layers', 'n_layers', 'n_layer'),
    hidden,
    inner: number('intermediate_size', 'hidden_dim', 'n_inner') || 4 * hidden,
  }
}

/** Patches of an update on average; as `updateSize`. */
export function updatePatches(
  counts: SetCounts,
  queries: number,
  negatives: number,
  { merge }: { readonly merge: number },
): number {
  const mean = ({ texts, pictureTokens = 0 }: SetCounts['query']) => (texts === 0 ? 0 : pictureTokens / texts)
  const perQuery = 1 + Math.min(negatives, counts.negatives / counts.groups)
  return Math.round(queries * (mean(counts.query) + perQuery * mean(counts.document)) * merge ** 2)
}

/** The image tower, as its config describes it. */
export function towerOf(
  { config, checkpoint }: ModelFolder,
  trained: boolean,
  patches: number,
): NonNullable<JobSize['tower']> {
  const vision = (config.vision_config ?? {}) as Readonly<Record<string, unknown>>
  const number = (name: string) => (typeof vision[name] === 'number' ? vision[name] : 0)
  // Qwen2-VL has the width of its states as embed_dim, and in hidden_size what comes out.
  const hidden = number('embed_dim') || number('hidden_size')
  return {
    trained,
    linear: towerMatrices(checkpoint!).reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0),
    layers: number('depth'),
    hidden,
    inner: number('intermediate_size') || Math.round(hidden * (number('mlp_ratio') || 4)),
    patches,
  }
}

/** Numbers that a head scores. */
export function vocabularyOf({ config }: ModelFolder): number {
  const { vocab_size: size } = textConfig(config)
  return typeof size === 'number' ? size : 0
}
