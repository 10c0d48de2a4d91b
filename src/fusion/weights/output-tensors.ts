import { FieldtrialError } from '../../core/errors.ts'
import { stranger } from './ancestry.ts'
import { isFloat } from './relatedness.ts'
import type { OpenSource, SourceTensor } from './source.ts'
import { inLayer, isBehind, isHead, isOptional, isTower, layerOf } from './tensor-name.ts'
import type { Setting } from './types.ts'

/** Consecutive layers of the result, with the opened sources they come from. */
export interface OpenSlice {
  readonly sources: readonly {
    readonly source: OpenSource
    readonly first: number
    readonly weight?: Setting | undefined
    readonly density?: Setting | undefined
  }[]
  readonly layers: number
  readonly t?: Setting | undefined
}

/** One tensor of the result, and what it is made of. */
export interface OutputTensor {
  /** As the result's checkpoint calls it. */
  readonly name: string
  /** Folder of a module of sentence-transformers; empty for the transformer. */
  readonly module: string
  readonly shape: readonly number[]
  /** Type that it has in the reference. */
  readonly type: string
  readonly depth: number
  readonly slice: OpenSlice
  readonly base: Input | null
  /** One per source of the slice; a tensor that only the reference has (a vision tower) is copied from it. */
  readonly models: readonly Input[]
  readonly copied: boolean
}

export interface Input {
  readonly source: OpenSource
  readonly tensor: SourceTensor
  /** Its bare name, by which LoRA weights know it. */
  readonly key: string
}

/**
 * Every tensor of the result in the order of the reference's checkpoint, layer after layer, with its inputs; shapes are checked.
 *
 * @param base Null for methods that need none.
 * @returns What a reader must know beside.
 * @throws FieldtrialError `MODEL_INVALID` where a model lacks a tensor or has it in another shape; `USAGE` for layers that are not there.
 */
export function outputTensors(
  reference: OpenSource,
  base: OpenSource | null,
  slices: readonly OpenSlice[],
): { readonly tensors: OutputTensor[]; readonly warnings: string[] } {
  const layers = slices.reduce((sum, slice) => sum + slice.layers, 0)
  const warnings = new Set<string>()
  const tensors: OutputTensor[] = []
  const add = (slice: OpenSlice, offset: number, key: string, layer: number | null, depth: number) => {
    const leader = base ?? slice.sources[0]!.source
    const at = (source: OpenSource, first: number) =>
      input(source, layerOf(key) === null ? key : inLayer(key, first + offset))
    const own = at(leader, slice.sources[0]!.first)
    if (own === null) return
    const models = slice.sources.map(({ source, first }) => at(source, first))
    const lacking = slice.sources.filter((_, i) => models[i] === null).map(({ source }) => source)
    if (lacking.length > 0 && isOptional(key)) {
      const [part] = /lm_head|pooler|cls/.exec(key)!
      warnings.add(
        `${lacking[0]!.name} has no ${part}: the result has none either${isHead(key) ? ', so it cannot decode tokens' : ''}.`,
      )
      return
    }
    // Position ids and the like are counted, not trained; some exports leave them out.
    const copied = lacking.length > 0 && (isTower(key) || !isFloat(own.tensor.place))
    if (copied && isTower(key))
      warnings.add(`${lacking[0]!.name} has no tower for images: the result has that of ${leader.name}.`)
    else if (lacking.length > 0 && !copied) throw stranger(leader, lacking[0]!, `${key} is in one of them only`)
    const { shape, type } = own.tensor.place
    for (const model of copied ? [] : (models as Input[])) requireShape(own, model)
    tensors.push({
      name: layer === null ? own.tensor.name : inLayer(own.tensor.name, layer),
      module: own.tensor.module,
      shape,
      type,
      depth,
      slice,
      base: base === null || copied ? null : own,
      models: copied ? [own] : (models as Input[]),
      copied,
    })
  }
  const keys = [...reference.tensors.keys()].filter((key) => !redundantHead(reference, key))
  for (const key of keys) if (layerOf(key) === null && !isBehind(key)) add(slices[0]!, 0, key, null, 0)
  let layer = 0
  for (const slice of slices)
    for (let offset = 0; offset < slice.layers; offset++, layer++) {
      const leader = base ?? slice.sources[0]!.source
      const first = slice.sources[0]!.first + offset
      const own = [...leader.tensors.keys()].filter((key) => layerOf(key) === first)
      if (own.length === 0)
        throw new FieldtrialError('USAGE', `${leader.name} has no layer ${first}.`, {
          hint: 'Layers count from 0; the second number of a range is the layer after the last one.',
        })
      for (const key of own) add(slice, offset, key, layer, layers > 1 ? layer / (layers - 1) : 0)
    }
  for (const key of keys) if (isBehind(key)) add(slices.at(-1)!, 0, key, null, 1)
  return { tensors, warnings: [...warnings] }
}

/** A head that is one with the embeddings, saved all the same. */
function redundantHead({ files }: OpenSource, key: string): boolean {
  return isHead(key) && files.config.tie_word_embeddings === true
}

function input(source: OpenSource, key: string): Input | null {
  const tensor = source.tensors.get(key)
  return tensor === undefined ? null : { source, tensor, key }
}

function requireShape(one: Input, other: Input): void {
  const [shape, otherShape] = [one.tensor.place.shape, other.tensor.place.shape]
  if (`${shape}` !== `${otherShape}`)
    throw stranger(
      one.source,
      other.source,
      `${one.key} is ${shape.join(' × ')} in one and ${otherShape.join(' × ')} in the other`,
    )
}
