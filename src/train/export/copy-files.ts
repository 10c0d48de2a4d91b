import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const WEIGHTS = /\.(safetensors|bin|pt|pth|h5|msgpack|gguf|onnx|onnx[._]data|ot|tflite)$|\.index\.json$/i
/** Of another model, or written anew. */
const OTHERS = /^(adapter_config\.json|fieldtrial\.json|README\.md|trainer_state\.json|training_args.*|\..*)$/i
/** Folders of sentence-transformers' modules: `1_Pooling`. */
const MODULE = /^\d+_\w+$/

/**
 * Copies what belongs to a model beside its weights: configs, tokenizer, licence.
 *
 * @param modules Whether sentence-transformers' modules (with the weights of dense layers) are copied too.
 * @param except Folders of modules that are left out.
 * @returns Relative names of the files.
 */
export async function copySmallFiles(
  from: string,
  to: string,
  modules: boolean,
  except: readonly string[] = [],
): Promise<string[]> {
  const copied: string[] = []
  for (const entry of await readdir(from, { withFileTypes: true })) {
    // Files of the hub's cache are links.
    const isFolder = entry.isDirectory()
    if (isFolder && modules && MODULE.test(entry.name) && !except.includes(entry.name)) {
      for (const name of await readdir(join(from, entry.name)))
        if (/\.(json|safetensors|txt)$/.test(name)) copied.push(`${entry.name}/${name}`)
    } else if (!isFolder && !WEIGHTS.test(entry.name) && !OTHERS.test(entry.name)) copied.push(entry.name)
  }
  const ofModules = /^(modules\.json|config_sentence_transformers\.json|sentence_\w+_config\.json)$/
  const wanted = modules ? copied : copied.filter((name) => !ofModules.test(name))
  for (const name of wanted) {
    await mkdir(dirname(join(to, name)), { recursive: true })
    await copyFile(join(from, name), join(to, name))
  }
  return wanted
}
