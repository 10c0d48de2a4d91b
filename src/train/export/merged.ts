import { join, relative } from 'node:path'
import type { LongWork } from '../../core/progress.ts'
import { readModelFolder } from '../../engines/text/files.ts'
import { requireCheckpoint } from '../../engines/text/require-checkpoint.ts'
import { copySmallFiles } from './copy-files.ts'
import { loraChanges } from './lora.ts'
import { writeWeights } from './write-weights.ts'

/**
 * Writes whole weights into a folder: the base's, with an adapter's matrices added where there is one, beside the base's configs and
 * tokenizer. Equal to PEFT's `merge_and_unload` up to float rounding.
 *
 * @param base Folder of a model with safetensors.
 * @param adapter Folder in PEFT's layout that `readAdapter` has compared with the base; null copies the weights.
 * @param folder An empty folder.
 * @param modules Whether sentence-transformers' modules are copied.
 * @returns Names of the files.
 * @throws FieldtrialError `MODEL_INVALID`, `DISK_FULL`, `CANCELLED`.
 */
export async function writeMerged(
  base: string,
  adapter: string | null,
  folder: string,
  work: LongWork = {},
  modules = true,
): Promise<string[]> {
  const files = await readModelFolder(base)
  const checkpoint = requireCheckpoint(files)
  const changes = adapter === null ? new Map() : await loraChanges(adapter, checkpoint)
  // Old sentence-transformers models have the transformer in a folder of its own, which modules.json names.
  const inner = modules ? relative(files.folder, files.transformer) : ''
  const small = await copySmallFiles(files.transformer, join(folder, inner), modules)
  const around = inner === '' ? [] : await copySmallFiles(files.folder, folder, modules, [inner])
  return [...around, ...small, ...(await writeWeights(checkpoint, changes, join(folder, inner), work))]
}
