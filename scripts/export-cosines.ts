/**
 * Exports a model and tells the cosines of its vectors to those of the model itself.
 *
 * usage: node scripts/export-cosines.ts MODEL onnx|gguf|sentence-transformers DTYPE [RECIPE]
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encoderSpec } from '../src/cli/encoder-flags.ts'
import { Workspace } from '../src/core/workspace.ts'
import { prepareLlama } from '../src/engines/llama/index.ts'
import { prepareOnnx } from '../src/engines/onnx/index.ts'
import type { PreparedEncoder } from '../src/engines/types.ts'
import { EXPORTS, type ExportLayout, exportModel } from '../src/train/export/export.ts'
import { openExportModel } from '../src/train/export/model.ts'

const [model, layout, dtype, recipe = 'sentence-transformers'] = process.argv.slice(2)
if (model === undefined || dtype === undefined || !(EXPORTS as readonly string[]).includes(layout ?? ''))
  throw new Error('usage: node scripts/export-cosines.ts MODEL onnx|gguf|sentence-transformers DTYPE [RECIPE]')

const TEXTS = [
  'how do I sort a dict by value',
  'def add(a, b):\n    return a + b',
  'Zebrafish regenerate their hearts after an injury; mammals do not, and nobody knows quite why that is so.',
]

async function vectorsOf(prepared: PreparedEncoder): Promise<Float32Array[]> {
  const encoder = await prepared.open()
  const { vectors, dimension } = await encoder.encode(TEXTS, 'document')
  await encoder.close()
  return TEXTS.map((_, i) => vectors.slice(i * dimension, (i + 1) * dimension))
}

const place = await mkdtemp(join(tmpdir(), 'fieldtrial-export-'))
try {
  const workspace = await Workspace.open(join(place, 'workspace'))
  const opened = await openExportModel(await encoderSpec(model, { recipe, engine: 'torch' }), null, workspace, {})
  const folder = join(place, 'export')
  await exportModel(
    opened,
    layout as ExportLayout,
    layout === 'sentence-transformers' ? null : dtype,
    folder,
    workspace,
    {},
  )
  const gguf = (await readdir(folder)).find((name) => name.endsWith('.gguf'))
  const made =
    gguf === undefined ? await prepareOnnx(folder) : await prepareLlama(join(folder, gguf), { recipe, device: 'cpu' })
  const [one, other] = [await vectorsOf(made), await vectorsOf(await prepareOnnx(model, { recipe }))]
  for (const [i, vector] of one.entries())
    console.log(vector.reduce((sum, x, at) => sum + x * other[i]![at]!, 0).toFixed(6))
} finally {
  await rm(place, { recursive: true, force: true })
}
