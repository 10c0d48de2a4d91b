import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { type JsonObject, modulePaths, transformerPath } from '../../recipes/sentence-transformers.ts'
import { type Checkpoint, readCheckpoint } from './safetensors.ts'
import { readSpecialTokens, type SpecialTokens } from './tokenizer/special-tokens.ts'

/** A model's folder, read but for its weights. */
export interface ModelFolder {
  readonly folder: string
  /** Where config.json, tokenizer and weights lie: the folder itself or, in old models, `0_Transformer`. */
  readonly transformer: string
  readonly config: JsonObject
  readonly modules: unknown
  readonly moduleConfigs: Readonly<Record<string, JsonObject | null>>
  readonly sentenceConfig: JsonObject | null
  readonly modelConfig: JsonObject | null
  /** How images are prepared: preprocessor_config.json, or the part of processor_config.json. Not among `configFiles`: texts do not depend on it. */
  readonly imageConfig: JsonObject | null
  readonly tokenizerConfig: JsonObject | null
  readonly tokenizerFile: string
  readonly specialTokens: SpecialTokens
  /** Null where there are no safetensors. */
  readonly checkpoint: Checkpoint | null
  /** The ONNX file that the model ships, if any, with the files that hold its weights. */
  readonly shipped: ShippedModel | null
  /** Small files that determine vectors: all configs that were read. */
  readonly configFiles: readonly string[]
}

export interface ShippedModel {
  readonly path: string
  /** Files beside it that hold weights, by the name under which the graph knows them. */
  readonly external: readonly { readonly name: string; readonly path: string }[]
}

/** Older names of sentence_bert_config.json, in the order in which sentence-transformers looks. */
const SENTENCE_CONFIGS = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (name) => `sentence_${name}_config.json`,
)

/**
 * Reads what a folder in the layout of sentence-transformers or of plain transformers holds.
 *
 * @throws FieldtrialError `MODEL_MISSING` where there is no such folder, `MODEL_INVALID` where a file that is needed is absent or broken.
 */
export async function readModelFolder(folder: string): Promise<ModelFolder> {
  await listFolder(folder)
  const configFiles: string[] = []
  const json = async (path: string): Promise<unknown> => {
    const value = await readJson(path)
    if (value !== null) configFiles.push(path)
    return value
  }
  const object = async (path: string): Promise<JsonObject | null> => {
    const value = await json(path)
    if (value !== null && (typeof value !== 'object' || Array.isArray(value)))
      throw invalid(path, 'is not a JSON object')
    return value as JsonObject | null
  }

  const text = async (path: string): Promise<string | null> => {
    const content = await readText(path)
    if (content !== null) configFiles.push(path)
    return content
  }

  const modules = await json(join(folder, 'modules.json'))
  const transformer = join(folder, transformerPath(modules))
  const config = await object(join(transformer, 'config.json'))
  if (config === null)
    throw new FieldtrialError('MODEL_INVALID', `${join(transformer, 'config.json')} is not there.`, {
      where: { file: join(transformer, 'config.json') },
      hint: 'Name the folder that holds config.json, the tokenizer and the weights.',
    })
  const moduleConfigs: Record<string, JsonObject | null> = {}
  for (const path of modulePaths(modules)) moduleConfigs[path] = await object(join(folder, path, 'config.json'))
  let sentenceConfig: JsonObject | null = null
  for (const name of SENTENCE_CONFIGS) sentenceConfig ??= await object(join(transformer, name))
  const tokenizerConfig = await object(join(transformer, 'tokenizer_config.json'))
  return {
    folder,
    transformer,
    config,
    modules,
    moduleConfigs,
    sentenceConfig,
    modelConfig: await object(join(folder, 'config_sentence_transformers.json')),
    imageConfig: await readImageConfig(transformer),
    tokenizerConfig,
    tokenizerFile: await findTokenizer(transformer),
    specialTokens: readSpecialTokens({
      tokenizerConfig,
      specialTokensMap: await object(join(transformer, 'special_tokens_map.json')),
      chatTemplateJinja: await text(join(transformer, 'chat_template.jinja')),
      chatTemplateJson: await object(join(transformer, 'chat_template.json')),
    }),
    checkpoint: await readCheckpoint(transformer),
    shipped: await findShipped(transformer),
    configFiles,
  }
}

/** transformers looks into processor_config.json first, where it has such a part. */
async function readImageConfig(folder: string): Promise<JsonObject | null> {
  const whole = (await readJson(join(folder, 'processor_config.json'))) as JsonObject | null
  const part = whole?.image_processor
  if (typeof part === 'object' && part !== null) return part as JsonObject
  return (await readJson(join(folder, 'preprocessor_config.json'))) as JsonObject | null
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = systemCode(error)
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
    throw new FieldtrialError('MODEL_MISSING', `${folder} is not a folder.`, {
      where: { file: folder },
      hint: 'Give the folder of a model, or its id on the Hugging Face hub.',
      cause: error,
    })
  }
}

async function findTokenizer(folder: string): Promise<string> {
  const names = await listFolder(folder)
  if (names.includes('tokenizer.json')) return join(folder, 'tokenizer.json')
  const old = ['vocab.txt', 'vocab.json', 'sentencepiece.bpe.model', 'spiece.model'].find((name) =>
    names.includes(name),
  )
  throw new FieldtrialError(
    'MODEL_INVALID',
    old === undefined
      ? `${folder} has no tokenizer: tokenizer.json is not there.`
      : `${folder} has its tokenizer in the old form only (${old}); tokenizer.json is not there.`,
    {
      where: { file: join(folder, 'tokenizer.json') },
      hint:
        old === undefined
          ? 'Copy the tokenizer files that belong to the model into the folder.'
          : "Make it once in Python: `from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('FOLDER').save_pretrained('FOLDER')`.",
    },
  )
}

async function findShipped(folder: string): Promise<ShippedModel | null> {
  const inOnnx = await listOrNothing(join(folder, 'onnx'))
  const here = await listOrNothing(folder)
  const at = inOnnx.includes('model.onnx') ? join(folder, 'onnx') : here.includes('model.onnx') ? folder : null
  if (at === null) return null
  const names = at === folder ? here : inOnnx
  const external = names.filter((name) => /^model\.onnx[._]data|^model\.data$/.test(name))
  return {
    path: await realpath(join(at, 'model.onnx')),
    external: await Promise.all(external.map(async (name) => ({ name, path: await realpath(join(at, name)) }))),
  }
}

async function listOrNothing(folder: string): Promise<string[]> {
  try {
    return (await stat(folder)).isDirectory() ? await readdir(folder) : []
  } catch {
    return []
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null
    throw error
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(path, `is not JSON (${(error as Error).message})`)
  }
}

function invalid(file: string, what: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `${file} ${what}.`, { where: { file }, hint: 'Fetch the model again.' })
}
