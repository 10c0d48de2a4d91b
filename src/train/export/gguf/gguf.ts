import { mkdir, rm } from 'node:fs/promises'
import type { LongWork } from '../../../core/progress.ts'
import { readModelFolder } from '../../../engines/text/files.ts'
import { describeGgufDecoder } from '../../../engines/text/gguf/write/decoder.ts'
import type { GgufValue } from '../../../engines/text/gguf/write/encode.ts'
import type { GgufDtype } from '../../../engines/text/gguf/write/tensor-bytes.ts'
import { writeTensors } from '../../../engines/text/gguf/write/tensors.ts'
import { requireCheckpoint } from '../../../engines/text/require-checkpoint.ts'
import type { Recipe } from '../../../recipes/types.ts'
import { writeMerged } from '../merged.ts'
import type { ExportModel } from '../model.ts'

/** llama.cpp's numbers of poolings. */
const POOLINGS: Readonly<Record<string, number>> = { mean: 1, cls: 2, lasttoken: 3 }

/**
 * Writes a decoder as a GGUF file with its tokenizer, an adapter merged in. Where llama.cpp can pool as the recipe does, the file says so; the
 * token with which the recipe ends is put behind every text.
 *
 * @param file Path of the GGUF file, in a folder that is there.
 * @returns What a user must know.
 * @throws FieldtrialError `MODEL_INVALID` for architectures and tokenizers that cannot be written, `DISK_FULL`, `CANCELLED`.
 */
export async function writeGguf(model: ExportModel, dtype: GgufDtype, file: string, work: LongWork): Promise<string[]> {
  const scratch = `${file}.scratch`
  try {
    let checkpoint = requireCheckpoint(model.files)
    if (model.adapter !== null) {
      await mkdir(scratch, { recursive: true })
      await writeMerged(model.base, model.adapter, scratch, work, false)
      checkpoint = requireCheckpoint(await readModelFolder(scratch))
    }
    const ends = new Set(Object.values(model.recipe.prompts).flatMap((prompts) => prompts.map(({ end }) => end)))
    const end = ends.size === 1 ? [...ends][0]! : null
    const { architecture, metadata } = await describeGgufDecoder(model.files, checkpoint, dtype, model.name, end)
    const { keys, notes } = recipeKeys(model.recipe, model, String(metadata.get('general.architecture')))
    await writeTensors(architecture, new Map([...metadata, ...keys]), dtype, file, work)
    const marked = metadata.get('tokenizer.ggml.model') === 'llama'
    return [
      ...architecture.notes,
      ...notes,
      ...(marked
        ? ['llama.cpp’s SentencePiece may give texts that begin with blanks or special tokens other tokens.']
        : []),
    ]
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** What of the recipe the file itself can say, and what the user must see to. */
function recipeKeys(
  recipe: Recipe,
  { facts }: ExportModel,
  architecture: string,
): { keys: [string, GgufValue][]; notes: string[] } {
  const keys: [string, GgufValue][] = []
  const notes: string[] = []
  const { layer, finalNorm, pooling, span, sparse, generate, prompts, maxLength } = recipe
  const last = layer === null || layer === facts.layers
  const number = pooling.length === 1 && span === 'all' ? POOLINGS[pooling[0]!] : undefined
  if (last && finalNorm !== false && number !== undefined) keys.push([`${architecture}.pooling_type`, { u32: number }])
  else
    notes.push(
      'llama.cpp cannot pool as the recipe does, so the file names no pooling: it is the language model alone.',
    )
  if (recipe.attention !== 'model') keys.push([`${architecture}.attention.causal`, recipe.attention === 'causal'])
  if (sparse !== null || generate !== null)
    notes.push('The recipe’s sparse half, or its decoded tokens, are nothing that a GGUF file holds.')
  const fixed = [...prompts.query, ...prompts.document].some(({ parts }) =>
    parts.some(({ kind }) => kind !== 'contents'),
  )
  if (fixed) notes.push('Put the prompts above around texts yourself: llama.cpp does not.')
  notes.push(`Cut texts at ${Math.max(maxLength.query, maxLength.document)} tokens, as the recipe does.`)
  return { keys, notes }
}
