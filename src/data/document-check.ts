import { FieldtrialError } from '../core/errors.ts'
import { HashSet, textHash } from './hash-set.ts'
import { ModalityCount, type PictureHash } from './image.ts'
import type { Collection, Document, Finding, Qrels, Query } from './types.ts'

/** Above this, a document is hardly one passage; encoders read the beginning only. */
const VERY_LONG_CHARACTERS = 100_000
const EXAMPLES = 5
/** Suspected duplicate ids that are looked at again; a file with more is broken anyway. */
const MAX_SUSPECTS = 1_000

class Count {
  count = 0
  readonly examples: string[] = []

  add(id: string, times = 1): void {
    this.count += times
    if (this.examples.length < EXAMPLES) this.examples.push(id)
  }
}

/** What one pass over the documents shows, without keeping them. */
export class DocumentCheck {
  documents = 0
  characters = 0
  readonly modalities = new ModalityCount()
  readonly #queries: ReadonlyMap<string, string>
  readonly #judged: Set<string>
  readonly #judgedCount: number
  readonly #ids = new HashSet()
  readonly #texts = new HashSet()
  readonly #suspects = new Set<string>()
  readonly #empty = new Count()
  readonly #pictures = new Count()
  readonly #missing = new Count()
  readonly #twins = new Count()
  readonly #long = new Count()
  readonly #spaced = new Count()
  readonly #sharedIds = new Count()
  #sharedTexts = 0

  constructor(queries: readonly Query[], qrels: Qrels) {
    this.#queries = new Map(queries.map(({ id, text }) => [id, text]))
    this.#judged = new Set([...qrels.values()].flatMap((grades) => [...grades.keys()]))
    this.#judgedCount = this.#judged.size
  }

  /** @param found What reading its image gave; null where it has none. */
  add({ id, title, text, image }: Document, found: PictureHash | null = null): void {
    const picture = found?.hash ?? ''
    if (found?.missing) this.#missing.add(id)
    this.documents++
    this.characters += title.length + text.length
    this.#judged.delete(id)
    if (this.#ids.add(textHash(id)) > 0 && this.#suspects.size < MAX_SUSPECTS) this.#suspects.add(id)
    if (/\s/.test(id)) this.#spaced.add(id)
    const content = `${title} ${text}`.trim()
    this.modalities.add(content, image)
    if (content === '' && picture !== '') this.#pictures.add(id)
    if (content === '' && picture === '') this.#empty.add(id)
    else {
      const before = this.#texts.add(textHash(picture === '' ? content : `${content}\n${picture}`))
      // The first of a group is counted when its first twin shows up.
      if (before > 0) this.#twins.add(id, before === 1 ? 2 : 1)
    }
    if (content.length > VERY_LONG_CHARACTERS) this.#long.add(id)
    const query = this.#queries.get(id)
    if (query !== undefined) {
      this.#sharedIds.add(id)
      if (content.includes(query.trim())) this.#sharedTexts++
    }
  }

  /**
   * Refuses what cannot be measured.
   *
   * @throws FieldtrialError `DATA_INVALID` on no documents, no judged document, or an id that stands there twice
   * (suspects by hash are verified in a second pass).
   */
  async verify(collection: Collection): Promise<void> {
    if (this.documents === 0)
      throw new FieldtrialError('DATA_INVALID', `${collection.source} holds no documents.`, {
        hint: 'The corpus file is empty; fetch or write it again.',
      })
    if (this.#suspects.size > 0) await refuseDuplicates(collection, this.#suspects)
    if (this.#judgedCount > 0 && this.#judged.size === this.#judgedCount) {
      const [example] = this.#judged
      throw new FieldtrialError(
        'DATA_INVALID',
        `None of the ${this.#judgedCount} judged documents is in the corpus of ${collection.source} (for example "${example}").`,
        {
          hint: 'Corpus and qrels do not belong together; check the files, and whether their ids are written the same way.',
        },
      )
    }
  }

  findings(removeSelf: boolean): Finding[] {
    const all = this.documents
    const of = (code: string, level: Finding['level'], found: Count, message: (n: number) => string): Finding[] =>
      found.count === 0
        ? []
        : [{ code, level, count: found.count, of: all, message: message(found.count), examples: found.examples }]
    return [
      ...this.#absent(),
      ...of('documents.empty', 'warning', this.#empty, (n) => `${n} of ${all} documents have neither title nor text.`),
      ...of(
        'documents.image-only',
        this.#pictures.count === all ? 'info' : 'warning',
        this.#pictures,
        (n) => `${n} of ${all} documents are images without text: retrievers that read text cannot find them.`,
      ),
      ...of(
        'documents.picture-missing',
        'warning',
        this.#missing,
        (n) => `${n} of ${all} documents name a picture that is not there.`,
      ),
      ...of(
        'documents.duplicate-text',
        'warning',
        this.#twins,
        (n) =>
          `${n} of ${all} documents have the same ${this.#pictures.count > 0 ? 'content' : 'title and text'} as another: no ranking can tell them apart.`,
      ),
      ...of(
        'documents.very-long',
        'info',
        this.#long,
        (n) => `${n} of ${all} documents are longer than ${VERY_LONG_CHARACTERS.toLocaleString('en')} characters.`,
      ),
      ...of(
        'documents.id-white-space',
        'warning',
        this.#spaced,
        (n) => `${n} of ${all} document ids hold white space, which TREC run files cannot hold.`,
      ),
      ...this.#shared(removeSelf),
    ]
  }

  #absent(): Finding[] {
    const count = this.#judged.size
    if (count === 0) return []
    return [
      {
        code: 'qrels.absent-documents',
        level: 'warning',
        count,
        of: this.#judgedCount,
        message: `${count} of ${this.#judgedCount} judged documents are not in the corpus; no retriever can find them.`,
        examples: [...this.#judged].slice(0, EXAMPLES),
      },
    ]
  }

  #shared(removeSelf: boolean): Finding[] {
    const { count, examples } = this.#sharedIds
    if (count === 0) return []
    const themselves = this.#sharedTexts
    const said = `${count} of ${this.#queries.size} queries have the id of a document; ${themselves} of these documents hold the query's text.`
    return [
      {
        code: 'queries.document-ids',
        level: !removeSelf && themselves * 2 > count ? 'warning' : 'info',
        count,
        of: this.#queries.size,
        message: removeSelf
          ? `${said} The document with the query's own id is dropped from its ranking (removeSelf).`
          : `${said} They stay in the rankings; set \`removeSelf\` if they are the queries themselves.`,
        examples,
      },
    ]
  }
}

async function refuseDuplicates(collection: Collection, suspects: ReadonlySet<string>): Promise<void> {
  const first = new Map<string, number>()
  const twice: string[] = []
  let number = 0
  for await (const { id } of collection.documents()) {
    number++
    if (!suspects.has(id)) continue
    const before = first.get(id)
    if (before === undefined) first.set(id, number)
    else if (twice.push(`"${id}" (records ${before} and ${number})`) >= EXAMPLES) break
  }
  if (twice.length === 0) return
  throw new FieldtrialError(
    'DATA_INVALID',
    `Document ids stand in the corpus of ${collection.source} more than once: ${twice.join(', ')}${twice.length >= EXAMPLES ? ' …' : ''}.`,
    { hint: 'Every document needs an id of its own; remove the repeated records.' },
  )
}
