import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError } from '../../core/errors.ts'
import { fingerprint, type Json } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import { VERSION } from '../../core/version.ts'
import type { Workspace } from '../../core/workspace.ts'
import type { GgufDtype } from '../../engines/text/gguf/write/tensor-bytes.ts'
import { hashFiles } from '../../engines/text/hash.ts'
import { ggufName, TRAINED_FILE } from '../../study/trained.ts'
import { type CardFacts, modelCard } from '../card.ts'
import { writeMerged } from './merged.ts'
import type { ExportModel } from './model.ts'
import type { OnnxDtype } from './onnx.ts'
import { requireFree, writeFolder } from './target-folder.ts'

/** Layouts that a model can be exported to. */
export const EXPORTS = ['merged', 'sentence-transformers', 'onnx', 'gguf'] as const
export type ExportLayout = (typeof EXPORTS)[number]

/** Precisions of the layouts whose weights are not simply those of the base, the default first. */
const EXPORT_DTYPES: Readonly<Record<ExportLayout, readonly string[]>> = {
  merged: [],
  'sentence-transformers': [],
  onnx: ['float32', 'int8'],
  gguf: ['f16', 'f32', 'bf16', 'q8_0'],
}

export interface Exported {
  readonly folder: string
  /** Of weights, tokenizer and recipe, as on the card. */
  readonly fingerprint: string
  readonly dtype: string
  /** What a user must know; on the card, too. */
  readonly notes: readonly string[]
}

/**
 * Exports a model into a new folder, whole or not at all, with a model card.
 *
 * @param dtype Null: the layout's default, or the type that the base's weights have.
 * @throws FieldtrialError `USAGE` for a folder that is not empty, a precision that the layout has not, or a recipe that is not that of the training
 *   where the layout cannot hold it; as the layouts' writers.
 */
export async function exportModel(
  model: ExportModel,
  layout: ExportLayout,
  dtype: string | null,
  folder: string,
  workspace: Workspace,
  work: LongWork,
): Promise<Exported> {
  const choices = EXPORT_DTYPES[layout]
  if (dtype !== null && !choices.includes(dtype))
    throw new FieldtrialError('USAGE', `${layout} has no precision ${JSON.stringify(dtype)}.`, {
      where: { field: 'dtype' },
      hint:
        choices.length === 0
          ? 'The weights keep the type that the base has; leave it out.'
          : `Use one of ${choices.join(', ')}.`,
    })
  if ((layout === 'merged' || layout === 'gguf') && model.differs.length > 0)
    throw new FieldtrialError(
      'USAGE',
      `${layout} holds no recipe of its own, and ${model.name} is used with that of its training; another one was asked for (${model.differs.join(', ')}).`,
      {
        where: { field: 'recipe' },
        hint: 'Leave the recipe out and name it where the export is used, or export to sentence-transformers or onnx, which hold theirs.',
      },
    )
  await requireFree(folder)
  const own = String(model.files.config.dtype ?? model.files.config.torch_dtype ?? 'float32')
  const precision = dtype ?? choices[0] ?? own
  const identity = await identify(model, layout, precision, workspace, work)
  const key = fingerprint(identity)
  const notes = await writeFolder(folder, async (partial) => {
    const told = await write(model, layout, precision, partial, work)
    await writeAtomic(join(partial, 'README.md'), modelCard(factsOf(model, layout, precision, key, told)))
    return told
  })
  return { folder, fingerprint: key, dtype: precision, notes }
}

async function write(
  model: ExportModel,
  layout: ExportLayout,
  dtype: string,
  folder: string,
  work: LongWork,
): Promise<string[]> {
  switch (layout) {
    case 'merged': {
      await writeMerged(model.base, model.adapter, folder, work)
      await writeTrained(model, folder)
      return []
    }
    case 'sentence-transformers': {
      const { writeSentenceTransformers } = await import('./sentence-transformers.ts')
      return writeSentenceTransformers(model, folder, work)
    }
    case 'onnx': {
      const { writeOnnxFolder } = await import('./onnx.ts')
      return writeOnnxFolder(model, dtype as OnnxDtype, folder, work)
    }
    case 'gguf': {
      const { writeGguf } = await import('./gguf/gguf.ts')
      const notes = await writeGguf(
        model,
        dtype as GgufDtype,
        join(folder, `${ggufName(model.name)}-${dtype}.gguf`),
        work,
      )
      await writeTrained(model, folder)
      return notes
    }
  }
}

/** How the model was trained, where that is known: by this file it is used with the recipe of its training. */
async function writeTrained({ trained }: ExportModel, folder: string): Promise<void> {
  if (trained === null) return
  const { baseFolder: _, ...told } = trained
  await writeAtomic(join(folder, TRAINED_FILE), `${JSON.stringify({ ...told, kind: 'merged' }, null, 2)}\n`)
}

/** What decides the vectors of the export. */
async function identify(
  { files, adapter, recipe, head, task }: ExportModel,
  layout: ExportLayout,
  dtype: string,
  workspace: Workspace,
  { signal }: LongWork,
): Promise<Json> {
  const weights = [...new Set([...files.checkpoint!.values()].map(({ file }) => file))]
  const own =
    adapter === null ? [] : ['adapter_config.json', 'adapter_model.safetensors'].map((name) => join(adapter, name))
  const hashes = await hashFiles(
    [...weights, files.tokenizerFile, ...own],
    workspace.path('cache', 'model-hashes.json'),
    signal,
  )
  return {
    export: layout,
    dtype,
    files: [...hashes].sort(),
    recipe: recipe as unknown as Json,
    head: head.map((step) => ({ ...step })),
    task,
  }
}

function factsOf(
  { name, cardBase, recipe, task, head, hidden, trained, adapter }: ExportModel,
  layout: ExportLayout,
  dtype: string,
  key: string,
  notes: readonly string[],
): CardFacts {
  const dense = head.findLast((step) => step.kind === 'dense')
  return {
    name,
    base: cardBase,
    form: layout,
    dtype,
    recipe,
    task,
    dimension: dense?.outputs ?? hidden * recipe.pooling.length,
    fingerprint: key,
    data: (trained?.data ?? []).map((source) => ({
      name: source,
      split: null,
      examples: null,
      negatives: null,
      licence: null,
    })),
    training: {},
    results: [],
    notes: [
      ...notes,
      ...(trained === null
        ? []
        : [
            `Trained by fieldtrial (fingerprint ${trained.fingerprint}); settings and results are on the card of the training.`,
          ]),
      ...(adapter === null ? [] : ['The adapter is merged into the weights.']),
    ],
    fieldtrial: VERSION,
  }
}
