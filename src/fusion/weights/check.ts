import { FieldtrialError } from '../../core/errors.ts'
import { numbersOf } from './setting.ts'
import { type MergeSource, type MergeSpec, mergesAdapters, needsBase } from './types.ts'

/** All sources of a merge, slice after slice; one that stands in several slices comes several times. */
export function sourcesOf({ models, slices }: MergeSpec): readonly MergeSource[] {
  return models ?? slices?.flatMap(({ sources }) => sources) ?? []
}

/** Whether LoRA weights are merged into LoRA weights. */
export function givesAdapter(spec: MergeSpec): boolean {
  const able = mergesAdapters(spec.method) && sourcesOf(spec).every(({ adapter }) => adapter !== undefined)
  return (spec.output ?? (able && spec.models !== undefined ? 'adapter' : 'model')) === 'adapter'
}

/**
 * Everything that can be known to be wrong before a model is looked at.
 *
 * @throws FieldtrialError `USAGE` with every problem.
 */
export function checkMerge(spec: MergeSpec): void {
  const problems: FieldtrialError[] = []
  const wrong = (message: string, hint: string, field?: string) =>
    problems.push(new FieldtrialError('USAGE', message, { hint, ...(field ? { where: { field } } : {}) }))
  const { method, base, models, slices, rank } = spec
  const sources = sourcesOf(spec)
  if ((models === undefined) === (slices === undefined))
    wrong('A merge has either `models` or `slices`.', 'Give one of the two.')
  else if (sources.length === 0 || slices?.some((slice) => slice.sources.length === 0))
    wrong('A merge needs models.', 'Name at least one model with `model:`, in every slice.')
  if (needsBase(method) && base === undefined && !givesAdapter(spec))
    wrong(`${method} merges differences from a base.`, 'Name the common ancestor with `base:`.', 'base')
  if (!needsBase(method) && base !== undefined)
    wrong(`${method} takes no base.`, 'Remove it, or name the model among the `models`.', 'base')
  const groups = slices?.map((slice) => slice.sources) ?? (models === undefined ? [] : [models])
  for (const group of groups) {
    if (method === 'slerp' && group.length !== 2)
      wrong(`slerp goes from one model to another; ${group.length} are named.`, 'Name two.')
    if (method === 'passthrough' && group.length > 1)
      wrong(
        `passthrough takes layers from one model at a time; ${group.length} are named.`,
        'Name one model per slice.',
      )
  }
  for (const [place, slice] of (slices ?? []).entries()) {
    const counts = new Set(slice.sources.map(({ layers: [first, end] }) => end - first))
    if (counts.size > 1)
      wrong(`The sources of slice ${place} have different numbers of layers.`, 'Make their ranges equally long.')
    if (slice.sources.some(({ layers: [first, end] }) => first < 0 || end <= first))
      wrong(
        `Slice ${place} has a range of no layers.`,
        'A range is [first, end]: the end is the layer after the last one.',
      )
  }
  for (const { model, weight, density } of sources) {
    if (numbersOf(weight).some((value) => !Number.isFinite(value)))
      wrong(`A weight of ${model} is no number.`, 'Mend it.')
    if (numbersOf(density).some((value) => !(value > 0 && value <= 1)))
      wrong(
        `The density of ${model} must be above 0 and at most 1.`,
        'It is the share of the differences that is kept.',
      )
    if (density !== undefined && !/^(ties|dare)/.test(method))
      wrong(`${method} has no density.`, 'Remove it, or use ties, dare_linear or dare_ties.')
    if (weight !== undefined && (method === 'slerp' || method === 'passthrough'))
      wrong(`${method} has no weights.`, method === 'slerp' ? 'Set `t`.' : 'Remove them.')
  }
  if (numbersOf(spec.t).some((t) => !(t >= 0 && t <= 1))) wrong('t must be from 0 to 1.', '0 is the first model.', 't')
  if (spec.t !== undefined && method !== 'slerp') wrong(`${method} has no t.`, 'Set weights.', 't')
  if (spec.lambda !== undefined && !needsBase(method)) wrong(`${method} has no lambda.`, 'Set weights.', 'lambda')
  if (givesAdapter(spec)) {
    if (!mergesAdapters(method) || slices !== undefined || sources.some(({ adapter }) => adapter === undefined))
      wrong(
        `${method} of these sources gives no adapter.`,
        'LoRA weights become LoRA weights by linear or task_arithmetic, all sources being adapters; else use `output: model`.',
        'output',
      )
    if (sources.some(({ weight }) => weight !== undefined && typeof weight !== 'number'))
      wrong('Weights of adapters are one number each.', 'Use `output: model` for weights per layer.')
  } else if (rank !== undefined)
    wrong('Only a merged adapter has a rank.', 'Remove it, or use `output: adapter`.', 'rank')
  if (problems.length === 1) throw problems[0]!
  if (problems.length > 1)
    throw new FieldtrialError('USAGE', 'The merge cannot be made as it is written.', {
      hint: 'See docs/merging.md.',
      problems,
    })
}
