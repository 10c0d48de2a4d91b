import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { isDirectory, nameOfPath } from '../open-folder.ts'
import { datasetOnHub, findDataset, listDatasets } from '../registry/index.ts'
import { type Expectation, expectationOf, parseExpectations } from './expectation.ts'

const MANIFEST = 'MANIFEST.md'

/**
 * What is stated of a collection: by the file that the user names, else by a MANIFEST.md beside it and by the registry, which knows
 * its own names, their addresses on the hub, and folders that are called like one of them.
 *
 * @throws FieldtrialError `DATA_MISSING` when the named file is not there or does not name the collection, `DATA_INVALID`.
 */
export async function expectationsFor(source: string, file: string | undefined): Promise<Expectation[]> {
  if (file !== undefined) {
    const stated = parseExpectations(await readRequired(file), file)
    const found = stated.get(nameOf(source))
    if (found) return [found]
    throw new FieldtrialError('DATA_MISSING', `${file} says nothing of a collection ${nameOf(source)}.`, {
      hint: `It names ${[...stated.keys()].join(', ') || 'none'}.`,
      where: { file },
    })
  }
  const beside = join(dirname(resolve(source)), MANIFEST)
  const local = await isDirectory(source)
  const manifest = local ? await readIfThere(beside) : undefined
  const stated =
    manifest === undefined ? undefined : manifestOrNothing(manifest, beside)?.get(basename(resolve(source)))
  const known = local ? listDatasets().find(({ name }) => name === nameOf(source).toLowerCase()) : knownSource(source)
  return [...(stated ? [stated] : []), ...(known ? [expectationOf(known)] : [])]
}

/**
 * The collections in a folder of collections, in the order of their names; those that its manifest says are none are left out.
 *
 * @throws FieldtrialError `DATA_MISSING` when there is no such folder, or no folder in it.
 */
export async function collectionsUnder(folder: string, file: string | undefined): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new FieldtrialError('DATA_MISSING', `There is no folder ${folder}.`, {
      hint: 'With --all, name a folder whose folders are collections.',
      where: { file: folder },
      cause,
    })
  })
  const from = file ?? join(folder, MANIFEST)
  const text = file === undefined ? await readIfThere(from) : await readRequired(file)
  const stated = text === undefined ? undefined : manifestOrNothing(text, from)
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && stated?.get(entry.name) !== null)
    .map(({ name }) => name)
    .sort()
  if (names.length > 0) return names.map((name) => join(folder, name))
  throw new FieldtrialError('DATA_MISSING', `${folder} holds no folders.`, {
    hint: 'With --all, name a folder whose folders are collections.',
    where: { file: folder },
  })
}

function knownSource(source: string) {
  if (!source.startsWith('hf:')) return findDataset(source)
  const [, repo = '', subset] = /^hf:([^@#]*)(?:@[^#]*)?(?:#(.+))?$/.exec(source) ?? []
  return datasetOnHub(repo, subset)
}

function nameOf(source: string): string {
  const known = knownSource(source)
  return known?.name ?? nameOfPath(source.replace(/^hf:/, '').replace(/[@#].*$/, ''))
}

/** A MANIFEST.md that was found, not named, may be of another kind. */
function manifestOrNothing(text: string, file: string): Map<string, Expectation | null> | undefined {
  try {
    return parseExpectations(text, file)
  } catch (error) {
    if (error instanceof FieldtrialError && basename(file) === MANIFEST && error.where?.line === undefined)
      return undefined
    throw error
  }
}

async function readRequired(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FieldtrialError('DATA_MISSING', `${file} cannot be read.`, {
      hint: 'Check the path given to --expect.',
      where: { file },
      cause,
    })
  })
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
}
