import { FieldtrialError } from '../../core/errors.ts'
import type { Json } from '../../core/fingerprint.ts'
import type { CollectionSummary, ModalityCounts } from '../../data/types.ts'
import type { EncoderInfo } from '../../engines/types.ts'
import type { Side } from '../../recipes/types.ts'
import type { ImageLook } from './look.ts'
import type { BrokenImages } from './options.ts'

interface Looked {
  readonly given: string
  readonly summary: CollectionSummary
  readonly images?: ImageLook | null | undefined
}

/**
 * Why a retriever cannot be used on a collection, for what its documents and queries hold: one that reads text would rank records without
 * text all the same, and the numbers would look like numbers. Null where nothing speaks against it.
 *
 * @param info Null for retrievers without a model.
 */
export function unreadable(
  { given, summary, images }: Looked,
  info: EncoderInfo | null,
  broken: BrokenImages,
  id: string,
): FieldtrialError | null {
  if (info?.images === undefined) return withoutText(given, summary, id)
  const found = [...(images?.documents.broken ?? []), ...(images?.queries.broken ?? [])]
  if (broken === 'skip' || found.length === 0) return null
  const more = found.length - 1
  const others =
    more === 0 ? '' : ` ${more} other ${more === 1 ? 'picture' : 'pictures'} of ${given} cannot be read either.`
  return new FieldtrialError('DATA_INVALID', `${found[0]!.message}${others}`, {
    hint: 'Fetch, mend or remove such pictures, or leave them out with `images: { broken: skip }` in the study.',
  })
}

function withoutText(
  given: string,
  { documents, queries, modalities, ...summary }: CollectionSummary,
  id: string,
): FieldtrialError | null {
  const refuse = (message: string) =>
    new FieldtrialError('DATA_INVALID', `${message} ${id} reads text.`, {
      hint: 'Use a retriever that sees: a vision-language model with vision-chat, e5v or promptreps, or CLIP or SigLIP; or give the images captions.',
    })
  if (summary.documentCharacters === 0) {
    const pictures = modalities.documents.image > 0 ? `: ${modalities.documents.image} of them are images` : ''
    return refuse(`None of the ${documents} documents of ${given} has a title or a text${pictures}.`)
  }
  if (summary.queryCharacters === 0 && modalities.queries.image > 0)
    return refuse(
      `None of the ${queries} queries of ${given} has a text: ${modalities.queries.image} of them are images.`,
    )
  return null
}

/** Ids that an encoder leaves out on one side, since their pictures are broken. Empty for those that read text only. */
export function leftOut({ images }: Pick<Looked, 'images'>, info: EncoderInfo, side: Side): ReadonlySet<string> {
  if (info.images === undefined || !images) return NONE
  return new Set(images[side === 'document' ? 'documents' : 'queries'].broken.map(({ id }) => id))
}

const NONE: ReadonlySet<string> = new Set()

function withImages({ image, both }: ModalityCounts): number {
  return image + both
}

/** How many items of a side are images without text, which one that reads text leaves out: the vector of an empty text would stand anywhere. */
export function unseen(
  { modalities }: Pick<CollectionSummary, 'modalities'>,
  info: Pick<EncoderInfo, 'images'>,
  side: Side,
): number {
  return info.images === undefined ? modalities[side === 'document' ? 'documents' : 'queries'].image : 0
}

/** Whether an item is one of these. */
export function isUnseen(
  info: Pick<EncoderInfo, 'images'>,
  { text, image }: { readonly text: string; readonly image?: unknown },
): boolean {
  return info.images === undefined && image !== undefined && text.trim() === ''
}

/** What pictures add to the identity of a side's vectors; nothing where there are none, or the encoder does not read them. */
export function imagePart(
  { summary, images }: Pick<Looked, 'images' | 'summary'>,
  info: EncoderInfo,
  side: Side,
): { readonly images?: Json; readonly leftOut?: number } {
  const counts = summary.modalities[side === 'document' ? 'documents' : 'queries']
  const unread = unseen(summary, info, side)
  if (unread > 0) return { leftOut: unread }
  if (info.images === undefined || withImages(counts) === 0) return {}
  const left = leftOut({ images }, info, side).size
  return { images: info.images.identity, ...(left === 0 ? {} : { leftOut: left }) }
}

/** What a reader of the numbers of a retriever that reads text must know, where some items have none. */
export function unseenNotes({ documents, queries, modalities }: CollectionSummary): string[] {
  const note = (count: number, of: number, what: string, verb: string) =>
    count === 0
      ? []
      : [`${count} of ${of} ${what} are images without text: this retriever reads text and cannot ${verb} them.`]
  return [
    ...note(modalities.documents.image, documents, 'documents', 'find'),
    ...note(modalities.queries.image, queries, 'queries', 'answer'),
  ]
}

/** What a reader of a trial's numbers must know of the pictures. */
export function imageNotes({ images, summary }: Pick<Looked, 'images' | 'summary'>, info: EncoderInfo): string[] {
  if (info.images === undefined) return unseenNotes(summary)
  if (!images) return []
  const notes: string[] = []
  for (const name of ['documents', 'queries'] as const) {
    const { broken, images: count, traits } = images[name]
    if (broken.length > 0)
      notes.push(
        `${broken.length} of ${count} ${name} with images were left out, since their pictures are missing or cannot be decoded: ${broken
          .slice(0, 3)
          .map(({ id }) => JSON.stringify(id))
          .join(', ')}${broken.length > 3 ? ' …' : ''}.`,
      )
    if (traits.animated) notes.push(`${traits.animated} images of ${name} are animated: their first picture was taken.`)
    if (traits.transparent)
      notes.push(`${traits.transparent} images of ${name} are transparent: they were laid on white.`)
  }
  return notes
}

/** Tokens that all images of a side take, by those that were looked at. */
export function imageTokens({ images }: Pick<Looked, 'images'>, info: EncoderInfo, side: Side): number {
  if (info.images === undefined || !images) return 0
  const { sizes, images: count } = images[side === 'document' ? 'documents' : 'queries']
  if (sizes.length === 0) return 0
  const tokens = sizes.reduce((sum, [width, height]) => sum + info.images!.tokens(width, height), 0)
  return (tokens / sizes.length) * count
}
