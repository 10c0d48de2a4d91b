import { basename, isAbsolute } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { resolveAdapter } from '../../data/hub/adapter.ts'
import { resolveModel } from '../../data/index.ts'
import { modelByName } from '../../data/models/index.ts'
import { type ModelFolder, readModelFolder } from '../../engines/text/files.ts'
import { isGguf } from '../../engines/text/gguf/file.ts'
import { requireCheckpoint } from '../../engines/text/require-checkpoint.ts'
import { readAdapter } from '../../engines/torch/adapter.ts'
import { torchFacts } from '../../engines/torch/facts.ts'
import { resolveRecipe } from '../../recipes/index.ts'
import type { HeadStep } from '../../recipes/sentence-transformers-head.ts'
import type { ModelFacts, Recipe } from '../../recipes/types.ts'
import { takeApart } from '../../study/prepare-torch.ts'
import type { DenseSpec } from '../../study/study.ts'
import { differsFromTraining, readTrained, type TrainedModel, trainedRecipe } from '../../study/trained.ts'
import type { CardBase } from '../card.ts'

/** A model that is to be exported, with its recipe; read but for its weights. */
export interface ExportModel {
  /** Folder of the weights that an adapter is merged into, or of the model itself. */
  readonly base: string
  /** Folder of LoRA weights; null for none. */
  readonly adapter: string | null
  readonly files: ModelFolder
  readonly facts: ModelFacts
  readonly hidden: number
  readonly recipe: Recipe
  readonly head: readonly HeadStep[]
  /** Instruction for prompts that hold one; null where none was given. */
  readonly task: string | null
  /** How it was trained, where it says so. */
  readonly trained: TrainedModel | null
  /** What of the recipe that was asked for is not as in the training. */
  readonly differs: readonly string[]
  /** What the card calls it, and what it was made from. */
  readonly name: string
  readonly cardBase: CardBase
}

/**
 * Finds a model and its adapter, fetching them if need be, and resolves the recipe: the one that it was trained with unless another is named.
 *
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID`, `RECIPE_INVALID`, `USAGE` for a GGUF file, `NETWORK`, `OFFLINE`.
 */
export async function openExportModel(
  spec: DenseSpec,
  task: string | null,
  workspace: Workspace,
  options: LongWork & { readonly offline?: boolean },
): Promise<ExportModel> {
  const hub = { cacheDir: workspace.cache, ...options }
  const { base: given, adapter: ref } = await takeApart(spec.model.model, spec.model.adapter)
  if (isGguf(given))
    throw new FieldtrialError('USAGE', `${spec.model.given} is a GGUF file, whose weights are rounded already.`, {
      hint: 'Export the model that it was made from.',
    })
  const { folder, commit } = await resolveModel(given, hub)
  const adapter = ref === undefined ? null : (await resolveAdapter(ref, hub)).folder
  const files = await readModelFolder(folder)
  const address = isAbsolute(given) ? given : (modelByName(given)?.hub ?? given)
  const checkpoint = requireCheckpoint(files)
  if (adapter !== null) await readAdapter(adapter, { model: address, folder, config: files.config }, checkpoint)
  const trained = await readTrained(adapter ?? folder)
  const { facts, hidden } = torchFacts(files, spec.model.given)
  const wanted = trainedRecipe(spec.recipe, trained)
  const { recipe, head } = resolveRecipe(wanted.recipe, wanted.parameters, facts)
  const named = modelByName(given.replace(/@.*$/, ''))
  const origin = trained !== null && adapter === null ? trained.base : address
  const known = modelByName(origin.replace(/^hf:|@.*$/g, '')) ?? named
  return {
    base: folder,
    adapter,
    files,
    facts,
    hidden: hidden ?? 0,
    recipe,
    head,
    task,
    trained,
    differs: trained === null ? [] : differsFromTraining(trained, recipe),
    name: trained?.name ?? basename(adapter ?? spec.model.given),
    cardBase: {
      name: isAbsolute(origin) ? basename(origin) : origin.replace(/^hf:|@.*$/g, ''),
      revision: commit,
      licence: known?.licence ?? null,
    },
  }
}
