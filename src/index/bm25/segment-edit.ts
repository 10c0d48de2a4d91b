import { frequenciesFor, type Postings, placeOfTerm, type Segment } from './segment.ts'

function largestOf(postings: Postings): number {
  return postings.frequencies.BYTES_PER_ELEMENT === 1
    ? 0xff
    : postings.frequencies.BYTES_PER_ELEMENT === 2
      ? 0xffff
      : 0xffffffff
}

function merged(a: Postings, b: Postings): Postings {
  const terms = new Int32Array(a.terms.length + b.terms.length)
  const offsets = new Uint32Array(terms.length + 1)
  const total = a.documents.length + b.documents.length
  const documents = new Uint16Array(total)
  const frequencies = frequenciesFor(Math.max(largestOf(a), largestOf(b)), total)
  const shift = a.lengths.length
  let count = 0
  let at = 0
  let i = 0
  let j = 0
  while (i < a.terms.length || j < b.terms.length) {
    const left = i < a.terms.length ? a.terms[i]! : Number.POSITIVE_INFINITY
    const right = j < b.terms.length ? b.terms[j]! : Number.POSITIVE_INFINITY
    terms[count] = Math.min(left, right)
    offsets[count++] = at
    if (left <= right) {
      for (let p = a.offsets[i]!; p < a.offsets[i + 1]!; p++, at++) {
        documents[at] = a.documents[p]!
        frequencies[at] = a.frequencies[p]!
      }
      i++
    }
    if (right <= left) {
      for (let p = b.offsets[j]!; p < b.offsets[j + 1]!; p++, at++) {
        documents[at] = b.documents[p]! + shift
        frequencies[at] = b.frequencies[p]!
      }
      j++
    }
  }
  offsets[count] = at
  const lengths = new Uint32Array(shift + b.lengths.length)
  lengths.set(a.lengths)
  lengths.set(b.lengths, shift)
  return { terms: terms.slice(0, count), offsets: offsets.slice(0, count + 1), documents, frequencies, lengths }
}

/** One segment with the documents of both, those of `a` first. */
export function mergeSegments(a: Segment, b: Segment): Segment {
  return {
    ids: [...a.ids, ...b.ids],
    fields: a.fields.map((postings, field) => merged(postings, b.fields[field]!)),
  }
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
