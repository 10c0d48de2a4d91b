import { FieldtrialError } from '../core/errors.ts'
import { didYouMean } from '../core/suggest.ts'
import { tableFormat } from './table.ts'

/** Which files hold which part of a collection. */
export interface Layout {
  readonly documents: readonly string[]
  readonly queries: readonly string[]
  /** Split → files. */
  readonly qrels: ReadonlyMap<string, readonly string[]>
}

type Role = 'documents' | 'queries' | 'qrels'

interface Part {
  readonly path: string
  readonly role: Role
  readonly split: string
  /** Which of several collections in one place it belongs to; empty for the only one. */
  readonly subset: string
  /** How sure the role is: judgments may be told only by a split's name. 0 is sure. */
  readonly doubt: 0 | 1 | 2
}

const ROLES: Readonly<Record<string, Role>> = {
  corpus: 'documents',
  documents: 'documents',
  queries: 'queries',
  // As M-BEIR and MTEB's image sets call it.
  query: 'queries',
  qrels: 'qrels',
}
const ROLE_SUFFIX = /^(.+)[-_](corpus|queries|qrels)$/
/** Folders that the hub's tools put around data and that say nothing about it. */
const NEUTRAL = new Set(['data', 'default'])
const SPLITS = new Set(['test', 'train', 'dev', 'valid', 'validation', 'val'])
const SHARD = /-\d{5}-of-\d{5}(-[0-9a-f]+)?$/

/**
 * Finds corpus, queries and judgments among file names. It knows BEIR (`corpus.jsonl`, `queries.jsonl`,
 * `qrels/SPLIT.tsv`), the hub's parquet forms of it (`corpus/…parquet`, `data/corpus-00000-of-00001.parquet`,
 * `default/SPLIT/0000.parquet`), CoIR and MTEB data sets (configs `corpus`, `queries`, `default` or `NAME-corpus` …), M-BEIR
 * and ViDoRe (`query-00000-of-00001.parquet`, `corpus/test-…parquet`), and folders or archives with one such collection in each subfolder (CQADupStack).
 *
 * @param paths Relative paths with `/`.
 * @param subset Which collection, where there are several.
 * @throws FieldtrialError `DATA_MISSING` when `subset` is unknown, or needed and not given.
 */
export function findLayout(paths: readonly string[], subset: string | undefined, source: string): Layout {
  const parts = paths.map(classify).filter((part) => part !== undefined)
  const chosen = chooseSubset(parts, subset, source)
  const mine = parts.filter((part) => part.subset === chosen || part.subset === '')
  const of = (role: Role) => {
    const all = mine.filter((part) => part.role === role)
    const own = all.filter((part) => part.subset === chosen)
    return own.length > 0 ? own : all
  }
  const judgments = of('qrels')
  const sure = Math.min(...judgments.map((part) => part.doubt))
  const qrels = new Map<string, string[]>()
  for (const part of judgments.filter(({ doubt }) => doubt === sure))
    qrels.set(part.split, [...(qrels.get(part.split) ?? []), part.path])
  for (const [split, files] of qrels) qrels.set(split, oneFormat(files))
  return {
    documents: oneFormat(of('documents').map(({ path }) => path)),
    queries: oneFormat(of('queries').map(({ path }) => path)),
    qrels,
  }
}

function classify(path: string): Part | undefined {
  if (tableFormat(path) === undefined) return undefined
  const folders = path.split('/')
  const stem = folders
    .pop()!
    .replace(/\.gz$/i, '')
    .replace(/\.[^.]+$/, '')
    .replace(SHARD, '')
  const names = [...folders, stem]
  const named = names.findIndex((name) => ROLES[name] !== undefined)
  const at = named >= 0 ? named : names.findIndex((name) => ROLE_SUFFIX.test(name))
  const telling = (list: readonly string[]) => list.filter((name) => !NEUTRAL.has(name))
  const afterwards = (list: readonly string[]) => list.filter((name) => !/^\d+$/.test(name))
  if (at >= 0) {
    const suffixed = named >= 0 ? undefined : ROLE_SUFFIX.exec(names[at]!)!
    const role = ROLES[suffixed?.[2] ?? names[at]!]!
    const before = [
      // `go-corpus/corpus-00000-of-00001.parquet` belongs to the subset `go`.
      ...telling(names.slice(0, at)).map((name) => ROLE_SUFFIX.exec(name)?.[1] ?? name),
      ...(suffixed ? [suffixed[1]!] : []),
    ]
    return {
      path,
      role,
      split: role === 'qrels' ? (afterwards(names.slice(at + 1)).at(-1) ?? 'test') : '',
      subset: before.join('/'),
      doubt: 0,
    }
  }
  const rest = afterwards(telling(names))
  const split = rest.pop()
  if (split === undefined) return undefined
  const doubt = names.some((name) => NEUTRAL.has(name)) ? 1 : 2
  if (doubt === 2 && !SPLITS.has(split)) return undefined
  return { path, role: 'qrels', split, subset: rest.join('/'), doubt }
}

function chooseSubset(parts: readonly Part[], wanted: string | undefined, source: string): string {
  const documents = parts.filter(({ role }) => role === 'documents')
  // Judgments may lie in a place of their own, with or without the subset's name.
  if (documents.length === 0) return parts.find(({ subset }) => subset === wanted)?.subset ?? parts[0]?.subset ?? ''
  const subsets = [...new Set(documents.map(({ subset }) => subset))].sort()
  // Archives carry one folder around everything: the name that people use is what tells the collections apart.
  const common = commonFolder(subsets)
  const short = (subset: string) => subset.slice(common.length)
  if (wanted !== undefined) {
    const found = subsets.find((subset) => subset === wanted || short(subset) === wanted)
    if (found !== undefined) return found
    throw new FieldtrialError('DATA_MISSING', `${source} has no subset "${wanted}".`, {
      hint:
        subsets.length === 1 && subsets[0] === ''
          ? 'It holds one collection; leave the subset out.'
          : didYouMean(wanted, subsets.map(short)),
    })
  }
  if (subsets.includes('')) return ''
  if (subsets.length === 1) return subsets[0]!
  throw new FieldtrialError('DATA_MISSING', `${source} holds ${subsets.length} collections; say which one.`, {
    hint: `Give one as the subset (\`hf:owner/name#SUBSET\` or \`subset:\` in the study file): ${subsets.map(short).slice(0, 20).join(', ')}.`,
  })
}

function commonFolder(subsets: readonly string[]): string {
  if (subsets.length < 2) return ''
  const first = subsets[0]!.split('/')[0]!
  return subsets.every((subset) => subset.startsWith(`${first}/`)) ? `${first}/` : ''
}

const PREFERENCE = [
  '.jsonl',
  '.jsonl.gz',
  '.ndjson',
  '.ndjson.gz',
  '.json',
  '.json.gz',
  '.tsv',
  '.tsv.gz',
  '.csv',
  '.csv.gz',
  '.parquet',
]

/** Where the same part lies there in several formats, one of them: reading all would double every record. */
function oneFormat(files: readonly string[]): string[] {
  const ending = (file: string) => PREFERENCE.find((known) => file.toLowerCase().endsWith(known)) ?? '.parquet'
  const best = PREFERENCE.find((known) => files.some((file) => ending(file) === known))
  return files.filter((file) => ending(file) === best).sort()
}
