import type { Json } from '../../core/fingerprint.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { JsonObject } from '../../recipes/sentence-transformers.ts'
import { readGgufModel } from '../text/gguf/parts.ts'
import { GGUF_TOKENIZER_VERSION } from '../text/gguf/tokenizer.ts'
import { hashFiles } from '../text/hash.ts'
import { type GgufFacts, ggufFacts } from './facts.ts'
import type { LlamaOptions } from './prepare.ts'

/** Where the model comes from: a GGUF file of the user's, or a checkpoint of which one is made. */
export interface LlamaSource {
  readonly gguf: GgufFacts
  /** The GGUF file, of several parts the first. */
  readonly file: string
  /** The model's folder, in which weights of the head lie; empty for a GGUF file, which has no head. */
  readonly folder: string
  readonly tokenizerFile: string
  readonly tokenizerConfig: JsonObject | null
  readonly lowerCase: boolean
  readonly parameters: number
  readonly weightBytes: number
  /** Tokens that the model looks back and llama.cpp does not stop at; null: as many as there are. */
  readonly window: number | null
  /** What makes this model's vectors others than those of another model. */
  readonly identity: Readonly<Record<string, Json>>
  readonly warnings: readonly string[]
  /** Makes the file, unless it is there. Absent: it is. */
  make?(options: { readonly signal?: AbortSignal; readonly onProgress?: OnProgress }): Promise<void>
}

/** @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID` for a file that is damaged or no retriever. */
export async function ggufSource(file: string, options: LlamaOptions): Promise<LlamaSource> {
  const model = await readGgufModel(file)
  const weights = await hashFiles(model.files, options.hashCache ?? null, options.signal)
  return {
    gguf: ggufFacts(model, options.model ?? file),
    file: model.first.file,
    folder: '',
    tokenizerFile: model.first.file,
    tokenizerConfig: null,
    lowerCase: false,
    parameters: model.parameters,
    weightBytes: model.bytes,
    window: null,
    identity: { tokenizer: GGUF_TOKENIZER_VERSION, weights: [...weights].sort() },
    warnings: [],
  }
}
