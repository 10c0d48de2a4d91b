import type { Document } from '../../data/types.ts'
import type { EncoderItem } from '../../engines/types.ts'
import { documentText } from '../../study/identity.ts'

/** A document as it is encoded: title and text as one text, and its picture. */
export function documentItem(document: Document): EncoderItem & { readonly id: string } {
  const { id, image } = document
  return { id, text: documentText(document), ...(image === undefined ? {} : { image }) }
}
