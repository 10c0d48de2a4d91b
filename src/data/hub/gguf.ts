import { isAbsolute, join } from 'node:path'
import { FieldtrialError } from '../../core/errors.ts'
import { type HubContext, hubConfig } from './config.ts'
import { parseRef } from './ref.ts'
import { fetchSnapshot } from './snapshot.ts'

/** `owner/name[@revision]/path/to/file.gguf`. */
const ON_HUB = /^(?:hf:)?([\w.-]+\/[\w.-]+)(@[^/]+)?\/(.+\.gguf)$/i
const PART = /-\d{5}-of-(\d{5})\.gguf$/i

/**
 * The path of a GGUF file: a local one as it is, or one of a repository on the hub, with all its parts where it is split.
 *
 * @param ref A path, or `owner/name/FILE.gguf`, with `@revision` behind the name if need be.
 * @throws FieldtrialError `MODEL_MISSING`, `MODEL_INVALID` where the repository has no such file, `NETWORK`, `OFFLINE`.
 */
export async function resolveGguf(ref: string, context: HubContext): Promise<string> {
  if (isAbsolute(ref) || /^[.~]/.test(ref)) return ref
  const match = ON_HUB.exec(ref)
  if (match === null)
    throw new FieldtrialError('MODEL_MISSING', `There is no file ${ref}.`, {
      hint: 'Check the path; a file on the hub is named owner/name/FILE.gguf.',
    })
  const [, name = '', revision = '', file = ''] = match
  const repo = parseRef('model', `${name}${revision}`)
  const { folder } = await fetchSnapshot(hubConfig(context), repo, (paths) => {
    if (!paths.includes(file)) throw notThere(repo.id, file, paths)
    const count = PART.exec(file)?.[1]
    if (count === undefined) return [file]
    const stem = file.slice(0, -'-00001-of-00001.gguf'.length).toLowerCase()
    return paths.filter((path) => path.toLowerCase().startsWith(stem) && PART.exec(path)?.[1] === count)
  })
  return join(folder, file)
}

function notThere(id: string, file: string, paths: readonly string[]): FieldtrialError {
  const others = paths.filter((path) => /\.gguf$/i.test(path))
  return new FieldtrialError('MODEL_INVALID', `${id} has no file ${file}.`, {
    hint: others.length === 0 ? 'It has no GGUF files at all.' : `It has ${others.slice(0, 8).join(', ')}.`,
  })
}
