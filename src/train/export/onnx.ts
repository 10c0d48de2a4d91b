import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../../core/atomic.ts'
import type { LongWork } from '../../core/progress.ts'
import { EXPORTED_RECIPE } from '../../engines/onnx/exported-recipe.ts'
import { denseTensors, exportedGraph } from '../../engines/onnx/index.ts'
import { requireExactInt8 } from '../../engines/onnx/int8-check.ts'
import { writeOnnx } from '../../engines/onnx/write-model.ts'
import { readModelFolder } from '../../engines/text/files.ts'
import { requireCheckpoint } from '../../engines/text/require-checkpoint.ts'
import { copySmallFiles } from './copy-files.ts'
import { writeMerged } from './merged.ts'
import type { ExportModel } from './model.ts'

export type OnnxDtype = 'float32' | 'int8'

/**
 * Writes a model as `onnx/model.onnx` with its weights beside it, and config and tokenizer: from token ids and attention mask to finished
 * vectors. 16-bit weights stay so in the file and are cast when it is loaded; int8 rounds matrices block by block, as the engine does, with
 * onnxruntime's own operator MatMulNBits.
 *
 * @param folder An empty folder.
 * @returns What a user must know.
 * @throws FieldtrialError `RECIPE_INVALID`, `MODEL_INVALID` for what has no graph; `ENGINE_FAILED` where int8 is not exact on this machine.
 */
export async function writeOnnxFolder(
  model: ExportModel,
  dtype: OnnxDtype,
  folder: string,
  work: LongWork,
): Promise<string[]> {
  const { recipe, head, files } = model
  if (dtype !== 'float32') await requireExactInt8()
  const scratch = join(folder, '.scratch')
  await mkdir(join(folder, 'onnx'), { recursive: true })
  try {
    let { checkpoint } = files
    if (model.adapter !== null) {
      const merged = join(scratch, 'merged')
      await mkdir(merged, { recursive: true })
      await writeMerged(model.base, model.adapter, merged, work, false)
      checkpoint = (await readModelFolder(merged)).checkpoint
    }
    const dense = await denseTensors(files.folder, head)
    const options = {
      config: files.config,
      checkpoint: checkpoint ?? requireCheckpoint(files),
      recipe,
      head,
      dense,
      dtype,
    }
    const store = dtype === 'float32' ? null : { folder: join(scratch, 'quantized'), key: 'model' }
    await writeOnnx(exportedGraph(options), join(folder, 'onnx', 'model.onnx'), store, {
      ...(work.signal ? { signal: work.signal } : {}),
      onBytes: (done, total) => work.onProgress?.({ step: 'write graph', done, total, unit: 'bytes' }),
    })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  await copySmallFiles(files.transformer, folder, false)
  await writeAtomic(join(folder, EXPORTED_RECIPE), `${JSON.stringify({ recipe, task: model.task }, null, 1)}\n`)
  return [
    'The graph takes `input_ids` and `attention_mask` (padding behind the text) and gives `sentence_embedding`. Put the prompts around texts yourself, cut them as said above, and let the tokenizer add its special tokens.',
    ...(recipe.prompts.query[0]!.end === null
      ? []
      : [
          `Every text ends with ${recipe.prompts.query[0]!.end}, also one that was cut; add it unless the tokenizer does.`,
        ]),
    ...(dtype === 'int8' ? ['int8 products need onnxruntime’s operator com.microsoft.MatMulNBits.'] : []),
  ]
}
