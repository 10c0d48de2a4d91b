import type { ReasonCode } from './compare.ts'
import { listPublished, type PublishedFigure } from './index.ts'

/** The page of published figures, `docs/published.md`: what is there, where it was read, and how marks are decided. */
export function publishedReference(): string {
  const bySource = Map.groupBy(listPublished(), ({ source }) => source.url)
  const rows = [...bySource.values()].map((figures) => {
    const { title, url } = figures[0]!.source
    return [
      `[${title}](${url})`,
      String(figures.length),
      several(
        figures.map(({ system }) => system),
        4,
      ),
      several(
        figures.map(({ collection }) => collection),
        3,
      ),
      distinct(figures.map(({ measure }) => measure)).join(', '),
      rules(figures),
      figures.every(({ verified }) => verified) ? 'yes' : 'no',
    ]
  })
  const marks = Object.entries(MARKS).map(([code, when]) => [`\`${code}\``, when])
  return `${[
    INTRO,
    table(['source', 'figures', 'systems', 'collections', 'measures', 'protocol', 'read at the source'], rows),
    NOTES,
    '## How marks are decided',
    RULE,
    table(['reason', 'a figure does not compare when'], marks),
    KNOWN,
    MTEB,
  ].join('\n\n')}\n`
}

const INTRO = `# Published figures

Made from the program; \`node scripts/references.mjs\` writes it anew.

Numbers that others have published on [known collections](datasets.md), as data with their sources (\`src/data/published/sources\`, a file per
source, laid out as the source prints its table). \`fieldtrial published beir/scifact\` lists them, \`--json\` with everything that is known about
how they were measured. In a report they stand beside the study's own numbers, each marked as comparable or not, with the reasons. They never
take part in the ranking, in averages or in tests.`

const NOTES = `Averages that a source prints are added up again by \`src/data/published/published.test.ts\`. Figures that nobody here read at their
source are marked as such, and so never count as comparable. Where two snapshots of a board disagree, the address names the one that was read.
PromptReps' table over all of BEIR is left out: no copy of it could be read.`

const RULE = `\`src/data/published/compare.ts\` holds the facts of a run against the protocol of a figure. Several reasons can hold at once, and all are told.
What is not known counts as a difference: a wrong comparison costs more than a missing one.`

/** Each reason in a sentence; the type makes sure that none is forgotten. */
const MARKS: Readonly<Record<ReasonCode, string>> = {
  documents:
    'the collection holds another number of documents than the official package: a cut, pooled or repacked corpus',
  queries: 'the split holds another number of queries',
  content: 'counts agree, but the hash of the texts or judgments is not the official one (where one is pinned)',
  'counts-unknown': 'no official counts are known to check against',
  limit: 'the run is a smoke run (`--limit`)',
  sample: 'the collection was made by `fieldtrial sample`',
  split: 'it is of another split',
  titles: 'titles were joined there and not here, or the other way round, or its source does not say',
  corpus:
    'it was itself measured on a pool or a sample, as MTEB’s own CodeSearchNet of 1,000 documents a language, or may have been, as the authors’ logs of partial runs',
  prompts: 'its prompts are not known: the board does not record them, and the authors’ words were not found',
  self: 'queries are documents (ArguAna, Quora), and the query’s own document was dropped on one side only',
  bm25: 'it is a BM25, and no BM25 of the study has the same variant, k1, b, analyzer and fields, or its parameters are not stated',
  measure: 'it is by a measure that the study does not have',
  revision: 'an MTEB file names another commit of the data than MTEB uses now',
  unverified: 'it was quoted from memory or from a copy',
}

const KNOWN = `## Which collection it is

A collection is taken for a known one by its registry name, its repository on the hub, the hash of its documents, the numbers of its documents,
queries and judgments (and what they are, texts or images), or, last, its folder's name; the report says which. The study file has the last word:

\`\`\`yaml
collections:
  - source: data/my-scifact
    published: beir/scifact # or false, for none
\`\`\`

\`fieldtrial run --collection ../shared/data/scifact --collection ../shared/data/nfcorpus --retriever bm25\` finds both by their content and
reproduces Anserini's figures, 0.6789 and 0.3218, which come out as comparable. A CosQA of 6,267 documents mapped to \`coir/cosqa\` compares with
nothing, since CoIR's has 20,604, nor does a slice of SciFact mapped to \`beir/scifact\`: \`test/published.test.ts\`.

Figures that are means over several collections (CQADupStack's forums, CodeSearchNet's languages) are listed, but not shown beside one of them.`

const MTEB = `## MTEB

**Export.** \`fieldtrial report RESULTS --format mteb\`, or \`mteb\` among the study's \`output.formats\`, writes
\`mteb/results/OWNER__NAME/REVISION/TASK.json\` and a \`model_meta.json\` beside it, as MTEB's results repository has them. A model used as its own
files say goes under its name; every other recipe, dtype or post-processing goes under \`experiments/\` of it; BM25 and fusions go under
\`fieldtrial__…\`. Only what MTEB measures too is written: the official corpus, queries and split, titles joined, and the query's own document
dropped where MTEB drops it. CoIR's rule is the text alone, so its collections need \`titles: keep\`. The command says what is left out, and why.
All of MTEB's measures at 1, 3, 5, 10, 20, 100 and 1000 are made from the run files (format \`trec\`); without these, only those that the study has.
\`mteb_version\` is null, for the numbers are not mteb's own; \`nauc\` figures and emissions are not there; \`dataset_revision\` is the commit that
MTEB pins for data of the same counts.

**Checked with mteb 2.26.24**: its \`TaskResult.from_disk\`, \`ModelMeta\` and \`ResultCache\` read the files, and its own code gives the same 42
numbers for the runs of SciFact and NFCorpus to 0.00001
(\`FIELDTRIAL_MTEB_PYTHON=… npx vitest run test/published.test.ts\`, with a Python that has mteb). One difference is by choice: mteb averages over
the queries that a run holds. BM25 finds nothing for 15 of NFCorpus' 323 queries; they count 0 here, as with \`trec_eval -c\`, where mteb's
average would be 0.3375 in place of 0.3218.

**Import.** Result files of MTEB, of its present format and of that before version 1.11, can stand beside the results as published figures do:

\`\`\`yaml
mteb:
  - downloads/results/sentence-transformers__all-MiniLM-L6-v2 # files, or folders of them
\`\`\`

\`fieldtrial report RESULTS --mteb PATH\` adds them later, and \`fieldtrial published --mteb PATH\` lists what they hold. Of a folder only the files of
retrieval tasks on known collections are opened. MTEB does not record prompts: a model whose card says that it uses none can be compared,
any other has unknown ones.`

function rules(figures: readonly PublishedFigure[]): string {
  const titles = distinct(figures.map(({ protocol }) => TITLES[protocol.titles]))
  const prompts = distinct(figures.map(({ protocol }) => protocol.prompts))
  const cut = distinct(
    figures.flatMap(({ protocol: { maxLength } }) => (maxLength ? [`${maxLength.query}/${maxLength.document}`] : [])),
  )
  const corpus = distinct(figures.map(({ protocol }) => protocol.corpus)).filter((one) => one !== 'full')
  return [
    titles.join(' or '),
    `prompts: ${prompts.join(', ')}`,
    ...corpus.map((one) => (one === 'unknown' ? 'on an unknown share of the corpus' : `partly on a ${one} corpus`)),
    ...(cut.length > 0 ? [`cut at ${cut.join(', ')} tokens`] : []),
  ].join('; ')
}

const TITLES = { keep: 'title + text', omit: 'text alone', unknown: 'title rule unknown' } as const

const distinct = (values: readonly string[]) => [...new Set(values)]

function several(values: readonly string[], shown: number): string {
  const all = distinct(values)
  return all.length <= shown ? all.join('; ') : `${all.slice(0, shown).join('; ')} and ${all.length - shown} more`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
