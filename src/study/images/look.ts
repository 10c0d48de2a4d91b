import { mkdir, readFile } from 'node:fs/promises'
import { writeAtomic } from '../../core/atomic.ts'
import { FieldtrialError, throwIfAborted } from '../../core/errors.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import type { LongWork } from '../../core/progress.ts'
import type { Workspace } from '../../core/workspace.ts'
import { noPicture } from '../../data/image.ts'
import type { CollectionSummary, FileCollection } from '../../data/index.ts'
import type { Document, ModalityCounts, Query } from '../../data/types.ts'
import { ahead } from '../../engines/image/ahead.ts'
import { decodeImage, decoderIdentity, type ImageTrait } from '../../engines/image/decode.ts'
import { nameOf } from '../../engines/text/inputs.ts'

/** What decoding all pictures of one side of a collection showed. */
export interface SideLook {
  /** Items with a picture. */
  readonly images: number
  /** Those whose picture is not there, empty, or cannot be decoded. */
  readonly broken: readonly { readonly id: string; readonly message: string }[]
  /** How many pictures were turned upright, are grey, transparent, animated … */
  readonly traits: Readonly<Partial<Record<ImageTrait, number>>>
  /** Width and height of the first ones, for estimates. */
  readonly sizes: readonly (readonly [number, number])[]
}

export interface ImageLook {
  readonly documents: SideLook
  readonly queries: SideLook
}

/** To be raised whenever the same pictures would give another answer, beside versions of the decoder. */
const VERSION = 1
/** Pictures decoded at once; each may take some megabytes. */
const AT_ONCE = 4
const SIZES = 1000
const TELL_EVERY = 50

/**
 * Decodes every picture of a collection once, before any work starts: a broken or missing one is better found now than after hours. What is found is
 * kept in the workspace's cache, under the content of the collection and the decoder's version.
 *
 * @returns Null where there are no pictures.
 * @throws FieldtrialError `CANCELLED`; as reading the collection.
 */
export async function lookAtImages(
  { collection, summary }: { readonly collection: FileCollection; readonly summary: CollectionSummary },
  workspace: Workspace,
  work: LongWork,
): Promise<ImageLook | null> {
  const { documents, queries } = summary.modalities
  if (withImages(documents) + withImages(queries) === 0) return null
  const side = (
    unit: 'documents' | 'queries',
    hash: string,
    total: number,
    items: () => AsyncIterable<Document | Query>,
  ) => cached(workspace, unit, hash, () => look(collection.name, unit, items(), total, work))
  return {
    documents:
      withImages(documents) === 0
        ? NOTHING
        : await side('documents', summary.corpusHash, summary.documents, () => collection.documents()),
    queries:
      withImages(queries) === 0
        ? NOTHING
        : await side('queries', summary.queriesHash, summary.queries, async function* () {
            yield* await collection.queries()
          }),
  }
}

const NOTHING: SideLook = { images: 0, broken: [], traits: {}, sizes: [] }

function withImages({ image, both }: ModalityCounts): number {
  return image + both
}

async function cached(
  workspace: Workspace,
  unit: string,
  hash: string,
  make: () => Promise<SideLook>,
): Promise<SideLook> {
  const key = fingerprint({ version: VERSION, unit, hash, decoder: { ...decoderIdentity() } })
  const file = workspace.path('cache', 'images', `${key}.json`)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SideLook
  } catch {
    // Not looked at yet, or the file is damaged: look again.
  }
  const made = await make()
  await mkdir(workspace.path('cache', 'images'), { recursive: true })
  await writeAtomic(file, `${JSON.stringify(made)}\n`)
  return made
}

async function look(
  name: string,
  unit: 'documents' | 'queries',
  items: AsyncIterable<Document | Query>,
  total: number,
  work: LongWork,
): Promise<SideLook> {
  const broken: { id: string; message: string }[] = []
  const traits: Partial<Record<ImageTrait, number>> = {}
  const sizes: [number, number][] = []
  let images = 0
  let done = 0
  for await (const found of ahead(items, AT_ONCE, lookAt)) {
    throwIfAborted(work.signal)
    if (done++ % TELL_EVERY === 0) work.onProgress?.({ step: 'look at images', subject: name, done, total, unit })
    if (found === null) continue
    images++
    if ('message' in found) broken.push(found)
    else {
      for (const trait of found.traits) traits[trait] = (traits[trait] ?? 0) + 1
      if (sizes.length < SIZES) sizes.push([found.width, found.height])
    }
  }
  work.onProgress?.({ step: 'look at images', subject: name, done, total, unit })
  return { images, broken, traits, sizes }
}

/** Pixels are dropped at once: only what is told of them is kept. */
async function lookAt(
  item: Document | Query,
): Promise<
  | null
  | { readonly id: string; readonly message: string }
  | { readonly traits: readonly ImageTrait[]; readonly width: number; readonly height: number }
> {
  const { id, image } = item
  if (image === undefined) return null
  try {
    const { traits, width, height } = await decodeImage(await image.bytes(), nameOf({ text: '', id, image }))
    return { traits, width, height }
  } catch (error) {
    if (error instanceof FieldtrialError && (error.code === 'DATA_INVALID' || noPicture(error) !== null))
      return { id, message: error.message }
    throw error
  }
}
