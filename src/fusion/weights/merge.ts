import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import { VERSION } from '../../core/version.ts'
import { checkAncestry, sameModel, stranger } from './ancestry.ts'
import { mergeCard } from './card.ts'
import { checkMerge, givesAdapter, sourcesOf } from './check.ts'
import { bytesOf } from './checkpoint-writer.ts'
import { type LoraAdapter, openLora } from './lora.ts'
import { type OpenSlice, type OutputTensor, outputTensors } from './output-tensors.ts'
import { type OpenSource, openSource, textConfig } from './source.ts'
import { type MergeSource, type MergeSpec, needsBase, normalizes } from './types.ts'
import { writeAdapter } from './write-adapter.ts'
import { headOf, writeModel } from './write-model.ts'

/** Raised when the same merge would come out differently. */
export const MERGE_VERSION = 1

/** Where models and adapters lie, by what the user calls them. */
export interface MergeFolders {
  model(ref: string): Promise<string>
  adapter(ref: string): Promise<string>
}

/** What came of a merge; lies beside it as `merge.json`. */
export interface MergeReport {
  readonly fieldtrial: string
  readonly spec: MergeSpec
  readonly output: 'model' | 'adapter'
  readonly tensors: number
  readonly parameters: number
  readonly bytes: number
  readonly seconds: number
  /** Of an adapter cut to a rank: share of the squared numbers that is kept, 0 to 1. */
  readonly kept?: number
  readonly warnings: readonly string[]
}

/** A merge whose models were found and checked; nothing is written yet. */
export interface PreparedMerge {
  readonly output: 'model' | 'adapter'
  /** Every file that the result depends on: weights, configs, tokenizers. */
  readonly files: readonly string[]
  readonly tensors: number
  readonly parameters: number
  readonly bytes: number
  readonly warnings: readonly string[]
  /** @param folder Made if need be; an adapter or a model lies in it afterwards, with `merge.json` and a card. */
  write(folder: string, work?: LongWork): Promise<MergeReport>
}

/**
 * Finds and checks the models of a merge: ancestry, sizes, vocabularies, the shape of every tensor. Only headers are read, and a few numbers.
 *
 * @throws FieldtrialError `USAGE` for a merge that cannot be; `MODEL_MISSING`, `MODEL_INVALID` with the names of the models that do not fit.
 */
export async function prepareMerge(spec: MergeSpec, folders: MergeFolders): Promise<PreparedMerge> {
  checkMerge(spec)
  return givesAdapter(spec) ? prepareAdapters(spec, folders) : prepareModels(spec, folders)
}

async function prepareModels(spec: MergeSpec, folders: MergeFolders): Promise<PreparedMerge> {
  const opened = new Map<string, Promise<OpenSource>>()
  const open = ({ model, adapter }: MergeSource) => {
    const key = JSON.stringify([model, adapter])
    const source =
      opened.get(key) ??
      (async () =>
        openSource({
          given: model,
          folder: await folders.model(model),
          ...(adapter === undefined ? {} : { adapter: { given: adapter, folder: await folders.adapter(adapter) } }),
        }))()
    opened.set(key, source)
    return source
  }
  const base = spec.base === undefined ? null : await open({ model: spec.base })
  const sources: OpenSource[] = []
  for (const source of sourcesOf(spec)) sources.push(await open(source))
  const reference = base ?? sources[0]!
  const warnings = await checkAncestry(reference, base === null ? sources.slice(1) : sources, {
    isBase: base !== null,
    stacked: spec.slices !== undefined,
  })
  for (const source of new Set(sources)) requireTargets(source)
  const slices = await openSlices(spec, reference, open)
  const made = outputTensors(reference, needsBase(spec.method) ? base : null, slices)
  const layers = spec.slices === undefined ? null : slices.reduce((sum, slice) => sum + slice.layers, 0)
  const bytes = made.tensors.reduce((sum, tensor) => sum + bytesOf(headOf(tensor, spec)), 0)
  const facts = { tensors: made.tensors.length, parameters: countNumbers(made.tensors), bytes }
  const all = [...new Set([...warnings, ...made.warnings])]
  return {
    output: 'model',
    files: [...new Set([reference, ...sources].flatMap(filesOf))],
    ...facts,
    warnings: all,
    write: (folder, work = {}) =>
      finish(folder, spec, 'model', facts, all, async () => {
        await writeModel(folder, spec, reference, made.tensors, layers, work)
        return {}
      }),
  }
}

async function openSlices(
  spec: MergeSpec,
  reference: OpenSource,
  open: (source: MergeSource) => Promise<OpenSource>,
): Promise<OpenSlice[]> {
  const whole = Number(textConfig(reference).num_hidden_layers ?? textConfig(reference).n_layers ?? 0)
  const slices = spec.slices ?? [
    { sources: spec.models!.map((source) => ({ ...source, layers: [0, whole] as const })) },
  ]
  const all: OpenSlice[] = []
  for (const { sources, ...slice } of slices) {
    const [first, end] = sources[0]!.layers
    const ready: OpenSlice['sources'][number][] = []
    for (const source of sources)
      ready.push({
        source: await open(source),
        first: source.layers[0],
        weight: source.weight,
        density: source.density,
      })
    all.push({ sources: ready, layers: end - first, t: 't' in slice ? slice.t : undefined })
  }
  return all
}

/** LoRA weights for what the model does not have were made for another one. */
function requireTargets({ given, lora, tensors }: OpenSource): void {
  for (const [key, { path, a, b }] of lora?.modules ?? []) {
    const shape = tensors.get(key)?.place.shape
    if (shape !== undefined && shape[0] === b.shape[0] && shape[1] === a.shape[1]) continue
    throw new FieldtrialError(
      'MODEL_INVALID',
      shape === undefined
        ? `The adapter ${lora!.given} changes ${path}, which ${given} does not have.`
        : `The adapter ${lora!.given} changes ${path} by ${b.shape[0]} × ${a.shape[1]} numbers; in ${given} it has ${shape.join(' × ')}.`,
      { where: { file: lora!.files[1]! }, hint: 'Name the model that its adapter_config.json names.' },
    )
  }
}

async function prepareAdapters(spec: MergeSpec, folders: MergeFolders): Promise<PreparedMerge> {
  const adapters: LoraAdapter[] = []
  for (const { adapter } of spec.models!) adapters.push(await openLora(await folders.adapter(adapter!), adapter!))
  const [first, ...others] = adapters
  for (const [place, adapter] of adapters.entries()) {
    const { model } = spec.models![place]!
    if (adapter.base !== null && !sameModel(model, adapter.base))
      throw new FieldtrialError(
        'MODEL_INVALID',
        `The adapter ${adapter.given} was made for ${adapter.base}, not for ${model}.`,
        {
          where: { file: adapter.files[0]!, field: 'base_model_name_or_path' },
          hint: `Name ${adapter.base} as its model.`,
        },
      )
  }
  for (const other of others) requireOneBase(first!, other)
  const sum = spec.models!.reduce((total, { weight }) => total + ((weight as number | undefined) ?? 1), 0)
  if (normalizes(spec) && Math.abs(sum) < 1e-8)
    throw new FieldtrialError('USAGE', 'The weights sum up to 0, so they cannot be normalised.', {
      hint: 'Change the weights, or set `normalize: false`.',
    })
  const lambda = typeof spec.lambda === 'number' ? spec.lambda : 1
  const weighted = adapters.map((adapter, place) => ({
    adapter,
    weight: (lambda * ((spec.models![place]!.weight as number | undefined) ?? 1)) / (normalizes(spec) ? sum : 1),
  }))
  const keys = new Set(adapters.flatMap(({ modules }) => [...modules.keys()]))
  const parameters = adapters.reduce(
    (total, { modules }) =>
      total + [...modules.values()].reduce((own, { a, b }) => own + sizeOf(a.shape) + sizeOf(b.shape), 0),
    0,
  )
  const facts = {
    tensors: 2 * keys.size,
    parameters,
    bytes: parameters * (spec.dtype === undefined || spec.dtype === 'float32' ? 4 : 2),
  }
  return {
    output: 'adapter',
    files: [...new Set(adapters.flatMap(({ files }) => files))],
    ...facts,
    warnings: [],
    write: (folder, work = {}) =>
      finish(folder, spec, 'adapter', facts, [], async () => ({
        kept: await writeAdapter(folder, weighted, { rank: spec.rank, dtype: spec.dtype }, work),
      })),
  }
}

function requireOneBase(one: LoraAdapter, other: LoraAdapter): void {
  const names = (adapter: LoraAdapter) => ({ name: adapter.given })
  if (one.base !== null && other.base !== null && !sameModel(one.base, other.base))
    throw stranger(names(one), names(other), `one was made for ${one.base}, the other for ${other.base}`)
  for (const [key, { a, b, path }] of other.modules) {
    const twin = one.modules.get(key)
    if (twin === undefined || (twin.a.shape[1] === a.shape[1] && twin.b.shape[0] === b.shape[0])) continue
    throw stranger(
      names(one),
      names(other),
      `${path} is ${twin.b.shape[0]} × ${twin.a.shape[1]} in one and ${b.shape[0]} × ${a.shape[1]} in the other`,
    )
  }
}

async function finish(
  folder: string,
  spec: MergeSpec,
  output: 'model' | 'adapter',
  facts: { readonly tensors: number; readonly parameters: number; readonly bytes: number },
  warnings: readonly string[],
  write: () => Promise<{ readonly kept?: number }>,
): Promise<MergeReport> {
  await mkdir(folder, { recursive: true })
  const started = performance.now()
  const found = await write()
  const seconds = (performance.now() - started) / 1000
  const report: MergeReport = { fieldtrial: VERSION, spec, output, ...facts, ...found, seconds, warnings }
  await writeAtomic(join(folder, 'README.md'), mergeCard(report))
  await writeAtomic(join(folder, 'merge.json'), `${JSON.stringify(report, null, 2)}\n`)
  return report
}

function filesOf({ files, tensors, lora }: OpenSource): string[] {
  const weights = [...tensors.values()].map(({ place }) => place.file)
  return [...new Set(weights), files.tokenizerFile, ...files.configFiles, ...(lora?.files ?? [])]
}

function countNumbers(tensors: readonly OutputTensor[]): number {
  return tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
