import { readFile } from 'node:fs/promises'
import type { ModelFolder } from '../../files.ts'
import type { Checkpoint } from '../../safetensors.ts'
import type { TokenizerConfig, TokenizerJson } from '../../tokenizer/settle.ts'
import { TextTokenizer } from '../../tokenizer/tokenizer.ts'
import { type GgufArchitecture, ggufArchitecture } from './architecture.ts'
import type { GgufValue } from './encode.ts'
import { GGML, type GgufDtype } from './tensor-bytes.ts'
import { vocabularyMetadata } from './vocabulary.ts'

/** Enters identities: raise it whenever the file of the same model comes out otherwise. */
export const GGUF_WRITER_VERSION = 1

/** A decoder as a GGUF file has it, but for the numbers of its weights. */
export interface GgufDecoder {
  readonly architecture: GgufArchitecture
  /** All keys: of the architecture, the types of its weights, and the tokenizer. */
  readonly metadata: ReadonlyMap<string, GgufValue>
}

/**
 * What a GGUF file will say of a decoder in safetensors. Headers and tokenizer are read, no weights.
 *
 * @param checkpoint Of `files`, or one of the same architecture.
 * @param name `general.name`.
 * @param end The token that must stand behind every text; null: what the tokenizer puts there.
 * @throws FieldtrialError `MODEL_INVALID` for an architecture or a tokenizer that cannot be written.
 */
export async function describeGgufDecoder(
  files: ModelFolder,
  checkpoint: Checkpoint,
  dtype: GgufDtype,
  name: string,
  end: string | null,
): Promise<GgufDecoder> {
  const architecture = ggufArchitecture(files.config, checkpoint)
  const metadata = new Map<string, GgufValue>([
    ...architecture.metadata,
    ['general.name', name],
    ['general.file_type', { u32: GGML[dtype].file }],
    ...(dtype === 'q8_0' ? ([['general.quantization_version', { u32: 2 }]] as const) : []),
    ...(await tokenizerKeys(files, architecture.rows, end)),
  ])
  return { architecture, metadata }
}

async function tokenizerKeys(
  { tokenizerFile, tokenizerConfig, specialTokens }: ModelFolder,
  rows: number,
  end: string | null,
): Promise<Map<string, GgufValue>> {
  const tokenizer = await TextTokenizer.load(tokenizerFile, tokenizerConfig, false)
  const json = JSON.parse(await readFile(tokenizerFile, 'utf8')) as TokenizerJson
  const names = (ids: readonly number[]) => ids.map((id) => tokenizer.pipeline.vocabulary[id] ?? '')
  const { bos, eos, pad, unk, chatTemplate } = specialTokens
  return vocabularyMetadata(
    json,
    (tokenizerConfig ?? {}) as TokenizerConfig,
    {
      rows,
      special: { bos, eos, pad, unk },
      around: { before: names(tokenizer.before), after: names(tokenizer.after) },
      end,
      chatTemplate,
    },
    tokenizerFile,
  )
}
