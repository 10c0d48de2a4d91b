import { whyNotOpened } from './expand.ts'
import { DATASET_GROUPS } from './groups.ts'
import { listDatasets } from './list.ts'
import type { DatasetFamily, DatasetInfo } from './types.ts'

const introduction = () => `# Known collections

<!-- Made by \`node scripts/references.mjs\` from src/data/registry; change the records there instead. -->

These names may stand wherever a collection is named, in study files and on the command line. Any other one is named by its folder, its .zip, or
as \`hf:owner/name\` ([getting started](getting-started.md)).

\`\`\`sh
fieldtrial datasets --family beir --size 100k --available   # list, by family, modality, language, group, size
fieldtrial datasets show beir/scifact                       # all that is known of one, and which of it is unverified
fieldtrial datasets verify beir/scifact                     # fetch it and check every count and hash
\`\`\`

## In a study

\`\`\`yaml
collections:
  - beir/scifact                                  # one
  - beir-13                                       # a group
  - coir/codetrans-*                              # a pattern over names: * for any letters, ? for one
  - { source: codesearchnet, titles: keep }       # titles, task and removeSelf may be set for a whole group
  - { source: beir/arguana, removeSelf: false }   # what is named by itself is left out of the groups
\`\`\`

Before anything is opened, \`run\` says what each group became and what was left out, with the reason. Groups are taken apart
before anything runs, so each member is a row of its own in the report.

${groupTable()}

## What a name stands for

- **A commit.** Each name stands for repositories on the Hugging Face hub at a pinned commit, so that a figure of today can be had again. The
  hub's files are checked against their hashes while they arrive. Where no commit could be found in public material the column says \`main\`;
  then a notice says which commit it came to. \`revision:\` in a study goes first. Another copy of the same set is one more address:
  \`hf:mteb/scifact\`.
- **The split of the official figures** and **the measures they are in**, the leading one first. MS MARCO is by MRR cut at 10 and R@1000;
  \`beir/msmarco\` is the same data as BEIR reports it, by nDCG@10.
- **The title rule.** BEIR's and MTEB's figures are over title and text, joined by a space; CoIR's over the text alone. A collection named
  here follows its own rule, which is said; \`titles: keep\` or \`omit\` says otherwise, and the figure is then another one.
- **The query's own document.** ArguAna's and Quora's queries are documents themselves; for these two the document with the query's id is
  dropped from its ranking, as in BEIR's evaluation. \`removeSelf\` says otherwise.
- **The task instruction** for recipes that take one ([recipes](recipes.md#task-instructions)).

## MS MARCO from its own files

The files of MS MARCO and of TREC, as they are, in one folder are a collection too:

\`\`\`yaml
collections:
  - name: msmarco-dl20
    source: ./msmarco                             # collection.tsv of MS MARCO, topics and qrels of TREC
    files: { documents: collection.tsv, queries: msmarco-test2020-queries.tsv, qrels: 2020qrels-pass.txt }
    columns: { id: "1", text: "2" }               # tab-separated, without a header
\`\`\`

Topics without judgments are left out, so the 54 judged ones of 200 remain.

## Images

A document or query may be an image: a path in the field \`image\` of a BEIR folder, relative to that folder, or a struct of bytes and path in
the hub's parquet files. The hash of the picture's bytes belongs to the identity of the corpus, its name does not. \`datasets show\` counts
texts, images and images with text. Retrievers that read text refuse a collection in which no document, or no query, has any, and warn where
some have none.

## Verify

\`\`\`sh
fieldtrial datasets verify data --all                       # every folder, by the MANIFEST.md in it and by the registry
fieldtrial datasets verify data/mine --pin > mine.json      # what is there, to be compared with later
fieldtrial datasets verify data/mine --expect mine.json
\`\`\`

Documents, queries and judgments of every split are counted, and the content is hashed; a field that differs is named with what was expected,
what was found and who says so, and the command exits with 3, as it does when nothing is known to compare with. Content hashes (SHA-256 over
the records in order, independent of the file format) are pinned for SciFact and NFCorpus, whose archives were at hand; for the others the
command prints what it found.

## Training sets

\`msmarco/train\` and \`msmarco/train-aug\` are examples to train on, in Tevatron's layout: \`query_id\`, \`query\`, \`positive_passages\`,
\`negative_passages\`, each passage with \`docid\`, \`title\` and \`text\`. From code:

\`\`\`ts
import { openTraining } from 'fieldtrial/data'

const set = await openTraining({ source: 'msmarco/train' }, { cacheDir: '.fieldtrial/cache' })
for await (const { query, positives, negatives } of set.examples()) …
\`\`\`

A folder or file in the same layout, and \`hf:owner/name\`, work as well; only the files of the split are fetched.

## What is unverified

Counts come from ir_datasets (BEIR, MS MARCO), MTEB's descriptive statistics and dataset cards (CoIR, images, ViDoRe, M-BEIR) and the papers;
commits from MTEB's tasks and from public code that pins them; licences from the data sets' own pages where one was seen. None of it was
checked against the hub itself. The size of what would be fetched is known for
${listDatasets().filter(({ bytes }) => bytes !== null).length} of ${listDatasets().length} (\`datasets show\`). The column *unverified* lists the fields that were written from memory or
from sources that contradict each other. \`datasets verify\` checks the counts on your machine.
`

const TITLES: Readonly<Record<DatasetFamily, string>> = {
  beir: 'BEIR',
  msmarco: 'MS MARCO and TREC Deep Learning',
  coir: 'CoIR',
  image: 'Images and captions',
  vidore: 'ViDoRe',
  mbeir: 'M-BEIR, both ways',
  mmeb: 'MMEB',
}

/** The page of known collections in Markdown, straight from the records. */
export function datasetsReference(): string {
  const families = Object.keys(TITLES) as DatasetFamily[]
  return [introduction(), ...families.flatMap(section)].join('\n')
}

function groupTable(): string {
  return table(
    ['group', 'collections', 'what it is'],
    DATASET_GROUPS.map(({ name, title, members }) => [
      code(name),
      String(members.filter((member) => whyNotOpened(member) === undefined).length),
      title,
    ]),
  )
}

function section(family: DatasetFamily): string[] {
  const datasets = listDatasets().filter((dataset) => dataset.family === family)
  const notes = datasets.flatMap(({ id, note }) => (note === undefined ? [] : [`- ${code(id)}: ${note}`]))
  return [
    `## ${TITLES[family]}\n`,
    table(
      [
        'name',
        'hub',
        'commit',
        'documents',
        'queries',
        'judgments',
        'splits',
        'what',
        'languages',
        'measures',
        'licence',
        'unverified',
      ],
      datasets.map(row),
    ),
    '',
    ...notes,
    ...(notes.length > 0 ? [''] : []),
  ]
}

function row(dataset: DatasetInfo): string[] {
  const { hub, splits, split } = dataset
  const others = Object.entries(splits).filter(([name]) => name !== split)
  return [
    code(dataset.id),
    hub === null ? 'cannot be fetched' : `[${hub.repo}](https://huggingface.co/datasets/${hub.repo})`,
    hub === null ? '' : commit(hub.revision),
    number(dataset.documents),
    number(dataset.queries),
    number(splits[split]!.judgments),
    [split, ...others.map(([name, { queries }]) => `${name} ${number(queries)}`)].join(', '),
    dataset.queryModality === dataset.modality ? dataset.modality : `${dataset.queryModality} to ${dataset.modality}`,
    [...dataset.languages, ...dataset.programmingLanguages].join(', '),
    dataset.measures.join(', '),
    dataset.licence,
    dataset.unverified.join(', '),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

const code = (text: string) => `\`${text}\``
const commit = (revision: string | null) => (revision === null ? '`main`' : code(revision.slice(0, 8)))
const number = (n: number | null) => (n === null ? '?' : n.toLocaleString('en'))
