import type { Query } from '../../data/types.ts'
import { MODALITIES } from '../../index/postprocess/index.ts'
import type { Side } from '../../recipes/types.ts'
import { documentText } from '../identity.ts'
import { isUnseen, leftOut } from '../images/readable.ts'
import type { Encoding } from './vectors.ts'

/** What each row of a side's vectors is made of, in their order; null where all are texts. */
export async function modalitiesOf({ on, encoder }: Encoding, side: Side): Promise<Uint8Array | null> {
  const { image, both } = on.summary.modalities[side === 'document' ? 'documents' : 'queries']
  if (image + both === 0) return null
  const left = leftOut(on, encoder.info, side)
  const { documents, queries } = on.summary
  const kinds = new Uint8Array(side === 'document' ? documents : queries)
  let rows = 0
  for await (const item of itemsOf(on.collection, side))
    if (!left.has(item.id) && !isUnseen(encoder.info, item)) kinds[rows++] = MODALITIES.indexOf(modalityOf(item))
  return kinds.subarray(0, rows)
}

async function* itemsOf(collection: Encoding['on']['collection'], side: Side): AsyncGenerator<Query> {
  if (side === 'query') yield* await collection.queries()
  else
    for await (const document of collection.documents())
      yield {
        id: document.id,
        text: documentText(document),
        ...(document.image === undefined ? {} : { image: document.image }),
      }
}

function modalityOf({ text, image }: Query): (typeof MODALITIES)[number] {
  if (image === undefined) return 'text'
  return text.trim() === '' ? 'image' : 'both'
}
