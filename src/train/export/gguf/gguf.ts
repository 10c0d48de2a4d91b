import { mkdir, readFile, rm } from 'node:fs/promises'
import { throwIfAborted } from '../../../core/errors.ts'
import type { LongWork } from '../../../core/progress.ts'
import { readModelFolder } from '../../../engines/text/files.ts'
import { readTensor } from '../../../engines/text/safetensors.ts'
import type { TokenizerConfig, TokenizerJson } from '../../../engines/text/tokenizer/settle.ts'
import { TextTokenizer } from '../../../engines/text/tokenizer/tokenizer.ts'
import type { Recipe } from '../../../recipes/types.ts'
import { requireCheckpoint } from '../checkpoint.ts'
import { writeMerged } from '../merged.ts'
import type { ExportModel } from '../model.ts'
import { rowsOf } from '../write-weights.ts'
import { type GgufArchitecture, ggufArchitecture, type NamedTensor } from './architecture.ts'
import { type GgufTensorSpec, type GgufValue, writeGgufFile } from './encode.ts'
import { bytesOf, dtypeOf, GGML, type GgufDtype, ggmlBytes } from './tensor-bytes.ts'
import { vocabularyMetadata } from './vocabulary.ts'

/** llama.cpp's numbers of poolings. */
const POOLINGS: Readonly<Record<string, number>> = { mean: 1, cls: 2, lasttoken: 3 }
/** Numbers in memory at a time. */
const CHUNK = 2 ** 21

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
    const architecture = ggufArchitecture(model.files.config, checkpoint)
    const { keys, notes } = recipeKeys(model.recipe, model, String(architecture.metadata.get('general.architecture')))
    const metadata = new Map<string, GgufValue>([
      ...architecture.metadata,
      ['general.name', model.name],
      ['general.file_type', { u32: GGML[dtype].file }],
      ...(dtype === 'q8_0' ? ([['general.quantization_version', { u32: 2 }]] as const) : []),
      ...keys,
      ...(await tokenizerKeys(model, architecture.rows)),
    ])
    await writeTensors(architecture, metadata, dtype, file, work)
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

async function tokenizerKeys(model: ExportModel, rows: number): Promise<Map<string, GgufValue>> {
  const { tokenizerFile, tokenizerConfig } = model.files
  const json = JSON.parse(await readFile(tokenizerFile, 'utf8')) as TokenizerJson
  const tokenizer = await TextTokenizer.load(tokenizerFile, tokenizerConfig, false)
  const names = (ids: readonly number[]) => ids.map((id) => tokenizer.pipeline.vocabulary[id] ?? '')
  const { bos, eos, pad, unk } = model.facts.tokens
  const ends = new Set(Object.values(model.recipe.prompts).flatMap((prompts) => prompts.map(({ end }) => end)))
  return vocabularyMetadata(
    json,
    (tokenizerConfig ?? {}) as TokenizerConfig,
    {
      rows,
      special: { bos, eos, pad, unk },
      around: { before: names(tokenizer.before), after: names(tokenizer.after) },
      end: ends.size === 1 ? [...ends][0]! : null,
      chatTemplate: model.facts.chatTemplate,
    },
    tokenizerFile,
  )
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
  if (recipe.attention === 'bidirectional') keys.push([`${architecture}.attention.causal`, false])
  if (sparse !== null || generate !== null)
    notes.push('The recipe’s sparse half, or its decoded tokens, are nothing that a GGUF file holds.')
  const fixed = [...prompts.query, ...prompts.document].some(({ parts }) =>
    parts.some(({ kind }) => kind !== 'contents'),
  )
  if (fixed) notes.push('Put the prompts above around texts yourself: llama.cpp does not.')
  notes.push(`Cut texts at ${Math.max(maxLength.query, maxLength.document)} tokens, as the recipe does.`)
  return { keys, notes }
}

async function writeTensors(
  { tensors, ropeFactors }: GgufArchitecture,
  metadata: ReadonlyMap<string, GgufValue>,
  dtype: GgufDtype,
  file: string,
  work: LongWork,
): Promise<void> {
  const specs: (GgufTensorSpec & { readonly dtype: GgufDtype; readonly source: NamedTensor | Float32Array })[] =
    tensors.map((source) => {
      const { shape } = source.place
      const own = dtypeOf(shape, dtype)
      return { name: source.name, shape, type: GGML[own].type, bytes: bytesOf(shape, own), dtype: own, source }
    })
  if (ropeFactors !== null)
    specs.push({
      name: 'rope_freqs.weight',
      shape: [ropeFactors.length],
      type: GGML.f32.type,
      bytes: ropeFactors.byteLength,
      dtype: 'f32',
      source: ropeFactors,
    })
  const total = specs.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  await writeGgufFile(file, metadata, specs, async (i, write) => {
    const { source, dtype: own, name } = specs[i]!
    for await (const numbers of source instanceof Float32Array ? [source] : rowsOfTensor(source)) {
      throwIfAborted(work.signal)
      const bytes = ggmlBytes(numbers, own, name)
      await write(bytes)
      done += bytes.length
      work.onProgress?.({ step: 'write weights', done, total, unit: 'bytes' })
    }
  })
}

async function* rowsOfTensor({ name, place, turned }: NamedTensor): AsyncGenerator<Float32Array> {
  const height = place.shape[0]!
  const width = place.shape[1] ?? 1
  const head = turned === null ? 1 : height / turned
  const step = Math.max(head, Math.floor(CHUNK / width / head) * head)
  for (let row = 0; row < height; row += step) {
    const numbers = await readTensor(name, rowsOf(place, row, Math.min(step, height - row)))
    yield turned === null ? numbers : turn(numbers, head, width)
  }
}

/** Rows j and j + half of each head become rows 2j and 2j + 1. */
function turn(rows: Float32Array, head: number, width: number): Float32Array {
  const out = new Float32Array(rows.length)
  const half = head / 2
  for (let row = 0; row * width < rows.length; row++) {
    const start = row - (row % head)
    const j = row % head
    const to = start + (j < half ? 2 * j : 2 * (j - half) + 1)
    out.set(rows.subarray(row * width, (row + 1) * width), to * width)
  }
  return out
}
