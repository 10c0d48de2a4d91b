import { compareIds } from '../../data/id-order.ts'
import { frequenciesFor, type Postings, placeOfTerm, SEGMENT_DOCUMENTS, type Segment } from './segment.ts'

function largestOf(postings: Postings): number {
  return postings.frequencies.BYTES_PER_ELEMENT === 1
    ? 0xff
    : postings.frequencies.BYTES_PER_ELEMENT === 2
      ? 0xffff
      : 0xffffffff
}

/** New numbers of a segment's documents. */
type Places = Uint16Array

function merged(a: Postings, b: Postings, placesA: Places, placesB: Places): Postings {
  const terms = new Int32Array(a.terms.length + b.terms.length)
  const offsets = new Uint32Array(terms.length + 1)
  const total = a.documents.length + b.documents.length
  const documents = new Uint16Array(total)
  const frequencies = frequenciesFor(Math.max(largestOf(a), largestOf(b)), total)
  let count = 0
  let at = 0
  let i = 0
  let j = 0
  while (i < a.terms.length || j < b.terms.length) {
    const left = i < a.terms.length ? a.terms[i]! : Number.POSITIVE_INFINITY
    const right = j < b.terms.length ? b.terms[j]! : Number.POSITIVE_INFINITY
    terms[count] = Math.min(left, right)
    offsets[count++] = at
    // A term that only one of them has gives the other an empty list.
    let p = left <= right ? a.offsets[i]! : 0
    const endP = left <= right ? a.offsets[++i]! : 0
    let q = right <= left ? b.offsets[j]! : 0
    const endQ = right <= left ? b.offsets[++j]! : 0
    while (p < endP || q < endQ) {
      const x = p < endP ? placesA[a.documents[p]!]! : SEGMENT_DOCUMENTS
      const y = q < endQ ? placesB[b.documents[q]!]! : SEGMENT_DOCUMENTS
      documents[at] = Math.min(x, y)
      frequencies[at++] = x < y ? a.frequencies[p++]! : b.frequencies[q++]!
    }
  }
  offsets[count] = at
  const lengths = new Uint32Array(placesA.length + placesB.length)
  for (let document = 0; document < placesA.length; document++) lengths[placesA[document]!] = a.lengths[document]!
  for (let document = 0; document < placesB.length; document++) lengths[placesB[document]!] = b.lengths[document]!
  return { terms: terms.slice(0, count), offsets: offsets.slice(0, count + 1), documents, frequencies, lengths }
}

/** One segment with the documents of both, by id. */
export function mergeSegments(a: Segment, b: Segment): Segment {
  const ids: string[] = []
  const placesA: Places = new Uint16Array(a.ids.length)
  const placesB: Places = new Uint16Array(b.ids.length)
  let i = 0
  let j = 0
  while (i < placesA.length || j < placesB.length) {
    const first = j >= placesB.length || (i < placesA.length && compareIds(a.ids[i]!, b.ids[j]!) < 0)
    if (first) placesA[i] = ids.length
    else placesB[j] = ids.length
    ids.push(first ? a.ids[i++]! : b.ids[j++]!)
  }
  return { ids, fields: a.fields.map((postings, field) => merged(postings, b.fields[field]!, placesA, placesB)) }
}

function kept(postings: Postings, places: Int32Array): Postings {
  const terms = new Int32Array(postings.terms.length)
  const offsets = new Uint32Array(postings.terms.length + 1)
  const documents = new Uint16Array(postings.documents.length)
  const frequencies = frequenciesFor(largestOf(postings), postings.documents.length)
  let count = 0
  let at = 0
  for (let i = 0; i < postings.terms.length; i++) {
    const start = at
    for (let p = postings.offsets[i]!; p < postings.offsets[i + 1]!; p++) {
      const place = places[postings.documents[p]!]!
      if (place < 0) continue
      documents[at] = place
      frequencies[at++] = postings.frequencies[p]!
    }
    if (at === start) continue
    terms[count] = postings.terms[i]!
    offsets[count++] = start
  }
  offsets[count] = at
  return {
    terms: terms.slice(0, count),
    offsets: offsets.slice(0, count + 1),
    documents: documents.slice(0, at),
    frequencies: frequencies.slice(0, at),
    lengths: postings.lengths.filter((_, document) => places[document]! >= 0),
  }
}

/** The segment without some of its documents. */
export function withoutDocuments(segment: Segment, gone: (document: number) => boolean): Segment {
  const places = new Int32Array(segment.ids.length)
  let place = 0
  for (let document = 0; document < places.length; document++) places[document] = gone(document) ? -1 : place++
  return {
    ids: segment.ids.filter((_, document) => places[document]! >= 0),
    fields: segment.fields.map((postings) => kept(postings, places)),
  }
}

/** How often a term occurs in one of the segment's documents. */
export function frequencyIn(postings: Postings, term: number, document: number): number {
  const place = placeOfTerm(postings.terms, term)
  if (place < 0) return 0
  let low = postings.offsets[place]!
  let high = postings.offsets[place + 1]! - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = postings.documents[middle]!
    if (found === document) return postings.frequencies[middle]!
    if (found < document) low = middle + 1
    else high = middle - 1
  }
  return 0
}
