import { copyFile, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Weights in any form, and what says where they lie; the model's own card would tell of another model. */
const LEFT_OUT =
  /\.(safetensors|bin|pt|pth|h5|msgpack|gguf|onnx|ot|data)$|\.safetensors\.index\.json$|(^|\/)(README\.md|merge\.json)$|\.onnx[._]data|(^|\/)onnx\//i
/** Configs and tokenizers are smaller; what is larger is no such file. */
const MOST_BYTES = 100_000_000
const MOST_DEPTH = 2

/** Copies all that a model's folder holds beside weights: configs, tokenizer, modules. Links are followed. */
export async function copySmallFiles(from: string, to: string): Promise<void> {
  const walk = async (relative: string, depth: number): Promise<void> => {
    for (const { name } of await readdir(join(from, relative), { withFileTypes: true })) {
      if (name.startsWith('.')) continue
      const path = relative === '' ? name : `${relative}/${name}`
      const source = await realpath(join(from, path))
      const found = await stat(source)
      if (found.isDirectory()) {
        if (depth < MOST_DEPTH) await walk(path, depth + 1)
        continue
      }
      if (LEFT_OUT.test(path) || found.size > MOST_BYTES) continue
      await mkdir(dirname(join(to, path)), { recursive: true })
      await copyFile(source, join(to, path))
    }
  }
  await walk('', 0)
}
