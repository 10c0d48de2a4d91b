import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import type { LongWork } from '../../core/progress.ts'
import type { TokenizerConfig, TokenizerJson } from '../../engines/text/tokenizer/settle.ts'
import { TextTokenizer } from '../../engines/text/tokenizer/tokenizer.ts'
import { writeMerged } from './merged.ts'
import type { ExportModel } from './model.ts'
import { stLayout } from './st-layout.ts'
import { withEndToken } from './st-tokenizer.ts'

/**
 * Writes a model in the layout of sentence-transformers: weights (an adapter merged in), modules, prompts, and a tokenizer that ends texts as
 * the recipe does.
 *
 * @param folder An empty folder.
 * @returns Where the export may give other vectors.
 * @throws FieldtrialError `RECIPE_INVALID` for a recipe that sentence-transformers cannot follow; as `writeMerged`.
 */
export async function writeSentenceTransformers(model: ExportModel, folder: string, work: LongWork): Promise<string[]> {
  const { files, recipe, head, facts, task } = model
  const lowerCase = files.sentenceConfig?.do_lower_case === true
  const tokenizer = await TextTokenizer.load(files.tokenizerFile, files.tokenizerConfig, lowerCase)
  const names = (ids: readonly number[]) => ids.map((id) => tokenizer.pipeline.vocabulary[id] ?? '')
  const layout = stLayout(
    recipe,
    head,
    {
      decoder: facts.decoder,
      layers: facts.layers,
      hidden: model.hidden,
      around: { before: names(tokenizer.before), after: names(tokenizer.after) },
      lowerCase,
    },
    task,
  )
  await writeMerged(model.base, model.adapter, folder, work, false)
  const json = (name: string, value: unknown) => writeAtomic(join(folder, name), `${JSON.stringify(value, null, 1)}\n`)
  await json('modules.json', layout.modules)
  await json('1_Pooling/config.json', layout.pooling)
  await json('config_sentence_transformers.json', layout.config)
  await json('sentence_bert_config.json', layout.sentenceConfig)
  for (const { from, to } of layout.dense) await cp(join(files.folder, from), join(folder, to), { recursive: true })
  const notes = [...layout.notes]
  const { eos, pad } = facts.tokens
  let config: object = { ...files.tokenizerConfig, model_max_length: layout.sentenceConfig.max_seq_length }
  if (pad === null && eos !== null) {
    // sentence-transformers pads batches; padding is masked, so any token will do.
    config = { ...config, pad_token: eos }
    notes.push(`the tokenizer had no padding token: ${eos} stands for it.`)
  }
  if (layout.end !== null) {
    const given = JSON.parse(await readFile(files.tokenizerFile, 'utf8')) as TokenizerJson
    const ended = withEndToken(given, config as TokenizerConfig, layout.end, files.tokenizerFile)
    config = ended.config
    await writeAtomic(join(folder, 'tokenizer.json'), JSON.stringify(ended.json))
  }
  await json('tokenizer_config.json', config)
  const dtype = String(files.config.dtype ?? files.config.torch_dtype ?? 'float32')
  if (dtype !== 'float32')
    notes.push(
      `the weights are ${dtype}, and so does sentence-transformers compute; fieldtrial computes in float32 from them.`,
    )
  return notes
}
