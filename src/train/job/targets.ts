import { FieldtrialError } from '../../core/errors.ts'
import type { Checkpoint } from '../../engines/text/safetensors.ts'
import type { Adapter } from '../training.ts'

/** A matrix of the model. */
export interface Matrix {
  /** Name of its module. */
  readonly name: string
  readonly outputs: number
  readonly inputs: number
}

/** Tables of embeddings and heads are matrices too, but no linear layers within the model. */
const OUTSIDE = /(^|\.)(\w*embed\w*|wte|wpe|lm_head|score|pooler|visual|vision_tower|vision_model)(\.|$)/

/**
 * The matrices that an adapter changes.
 *
 * @throws FieldtrialError `MODEL_INVALID` for a target that names none, with the endings that there are.
 */
export function targetMatrices(targets: Adapter['targets'], checkpoint: Checkpoint, model: string): Matrix[] {
  const matrices = linearMatrices(checkpoint)
  if (targets === 'all-linear') return matrices
  for (const target of targets)
    if (!matrices.some(({ name }) => named(name, target))) {
      const endings = [...new Set(matrices.map(({ name }) => name.split('.').pop()!))].sort()
      throw new FieldtrialError('MODEL_INVALID', `The adapter’s target ${target} matches no matrix of ${model}.`, {
        hint: `There are ${endings.join(', ')}; or write \`targets: all-linear\`.`,
        where: { field: 'adapter.targets' },
      })
    }
  return matrices.filter(({ name }) => targets.some((target) => named(name, target)))
}

/** The linear layers of a checkpoint, by their tensors' shapes. */
export function linearMatrices(checkpoint: Checkpoint): Matrix[] {
  return [...checkpoint].flatMap(([tensor, { shape }]) => {
    const name = tensor.replace(/\.weight$/, '')
    if (name === tensor || shape.length !== 2 || OUTSIDE.test(name)) return []
    return [{ name, outputs: shape[0]!, inputs: shape[1]! }]
  })
}

/** Numbers that an adapter adds: two thin matrices for each, and with DoRA a length for each row. */
export function adapterParameters({ kind, r }: Pick<Adapter, 'kind' | 'r'>, matrices: readonly Matrix[]): number {
  return matrices.reduce(
    (sum, { inputs, outputs }) => sum + r * (inputs + outputs) + (kind === 'dora' ? outputs : 0),
    0,
  )
}

function named(name: string, target: string): boolean {
  return name === target || name.endsWith(`.${target}`)
}
