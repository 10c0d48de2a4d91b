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
const OUTSIDE = /(^|\.)(\w*embed\w*|wte|wpe|lm_head|score|pooler)(\.|$)/
const TOWER = /(^|\.)(visual|vision_tower|vision_model)\./

/**
 * The matrices that an adapter changes.
 *
 * @param tower Whether those of the image tower are among them.
 * @throws FieldtrialError `MODEL_INVALID` for a target that names none, with the endings that there are.
 */
export function targetMatrices(
  targets: Adapter['targets'],
  checkpoint: Checkpoint,
  model: string,
  tower = false,
): Matrix[] {
  const matrices = [...linearMatrices(checkpoint), ...(tower ? towerMatrices(checkpoint) : [])]
  if (targets === 'all-linear') return matrices
  for (const target of targets)
    if (!matrices.some(({ name }) => named(name, target))) {
      const endings = [...new Set(matrices.map(({ name }) => name.split('.').pop()!))].sort()
      throw new FieldtrialError('MODEL_INVALID', `The adapter’s target ${target} matches no matrix of ${model}.`, {
        hint: `There are ${endings.join(', ')}; or write \`targets: all-linear\`.`,
        where: { field: 'adapter.targets' },
      })
    }
  const chosen = matrices.filter(({ name }) => targets.some((target) => named(name, target)))
  if (tower && !chosen.some(({ name }) => TOWER.test(name)))
    throw new FieldtrialError(
      'MODEL_INVALID',
      `No target of the adapter matches a matrix of the image tower of ${model}, which is to be trained.`,
      {
        hint: `There are ${[...new Set(towerMatrices(checkpoint).map(({ name }) => name.split('.').pop()!))].sort().join(', ')}; or leave the tower as it is (\`vision: frozen\`).`,
        where: { field: 'adapter.targets' },
      },
    )
  return chosen
}

/** The linear layers of a checkpoint, by their tensors' shapes, but for those of an image tower. */
export function linearMatrices(checkpoint: Checkpoint): Matrix[] {
  return matricesOf(checkpoint).filter(({ name }) => !TOWER.test(name))
}

/** Those of the image tower. */
export function towerMatrices(checkpoint: Checkpoint): Matrix[] {
  return matricesOf(checkpoint).filter(({ name }) => TOWER.test(name))
}

/** Numbers of the image tower. */
export function towerParameters(checkpoint: Checkpoint): number {
  let count = 0
  for (const [name, { shape }] of checkpoint) if (TOWER.test(name)) count += shape.reduce((a, b) => a * b, 1)
  return count
}

function matricesOf(checkpoint: Checkpoint): Matrix[] {
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
