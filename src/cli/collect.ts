import { relative } from 'node:path'
import { type Command, Option } from 'commander'
import { FieldtrialError } from '../core/errors.ts'
import type { LongWork } from '../core/progress.ts'
import type { CollectionCard } from '../data/collect/index.ts'
import {
  type CommonFlags,
  commonOf,
  commonOptions,
  type FolderFlags,
  folderOf,
  folderOptions,
  given,
  outputOf,
  vagueOption,
} from './collect-options.ts'
import { describeCard } from './collect-text.ts'
import { interruptible } from './interrupt.ts'
import { collect, positiveInteger } from './options.ts'
import { ProgressLine } from './progress.ts'
import { createTerminal } from './terminal.ts'

interface CodeFlags extends FolderFlags {
  languages?: string
  minWords?: number
  query?: 'sentence' | 'paragraph'
  types: boolean
  declarations?: 'documented' | 'keep' | 'drop'
  titles?: 'none' | 'path'
}

interface DocsFlags extends FolderFlags {
  minWords?: number
  minSectionWords?: number
  maxSectionWords?: number
}

interface ImagesFlags extends FolderFlags {
  minWords?: number
}

interface TableFlags extends CommonFlags {
  query?: string
  text?: string[]
  title?: string
  id?: string
  splitBy?: string
  minWords?: number
}

interface PairsFlags extends CommonFlags {
  query?: string
  text?: string
  grade?: string
  minWords?: number
}

const MIN_WORDS = '--min-words <n>'

export function registerCollect(program: Command): void {
  const collecting = program
    .command('collect')
    .summary('make a collection out of your own code, documentation, tables or images')
    .description(
      'Makes a collection in BEIR layout out of what you have: corpus.jsonl, queries.jsonl, qrels/{train,dev,test}.tsv, and collection.json, which tells what was read and what was left out. Splits are by file, so that nothing of a file is in two of them, and depend on nothing but its path and the seed.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  fieldtrial collect code . -o collections/code\n  fieldtrial collect docs docs\n  fieldtrial collect table faq.csv --query question --text answer\n  fieldtrial collect images photos\n  fieldtrial collect pairs train.jsonl --query anchor --text positive',
    )
  registerCode(collecting)
  registerDocs(collecting)
  registerTable(collecting)
  registerImages(collecting)
  registerPairs(collecting)
}

function registerCode(parent: Command): void {
  const command = parent
    .command('code')
    .summary('functions and types, found by their documentation comments')
    .description(
      'Each function, method and type is a document without its documentation; the first sentence of the documentation is the query for it. Those without one are documents too. TypeScript, JavaScript, Python, Java, Go, Rust, C, C++, C#, Ruby, PHP, shell.',
    )
    .argument('<dir>', 'folder of the code')
    .option('--languages <names>', 'only these, with commas between: typescript,python')
    .option(MIN_WORDS, 'fewest words of a query (default: 4)', positiveInteger)
    .addOption(
      new Option('--query <extent>', 'what of a comment is the query (default: sentence)').choices([
        'sentence',
        'paragraph',
      ]),
    )
    .option('--no-types', 'functions and methods only, no classes, structs, interfaces …')
    .addOption(
      new Option('--declarations <which>', 'prototypes, abstract methods and the like (default: documented)').choices([
        'documented',
        'keep',
        'drop',
      ]),
    )
    .addOption(new Option('--titles <what>', "documents' titles (default: none)").choices(['none', 'path']))
  vagueOption(folderOptions(command)).action((dir: string, flags: CodeFlags) =>
    run(dir, flags, async (output, work) => {
      const { collectCode } = await import('../data/collect/index.ts')
      const { minWords, query, types, declarations, titles } = flags
      const languages = flags.languages?.split(',').filter((name) => name.trim() !== '')
      const options = { ...folderOf(flags), ...given({ languages, minWords, query, declarations, titles }), types }
      return collectCode(dir, output, options, work)
    }),
  )
}

function registerDocs(parent: Command): void {
  const command = parent
    .command('docs')
    .summary('sections of documentation, found by their headings')
    .description(
      'Each section of Markdown, HTML, plain text, reStructuredText and PDF files is a document; its heading is the query for it, and the headings above it are the title.',
    )
    .argument('<dir>', 'folder of the files')
    .option(MIN_WORDS, 'fewest words that carry meaning in a heading that is a query (default: 2)', positiveInteger)
    .option('--min-section-words <n>', 'leave out shorter sections (default: 20)', positiveInteger)
    .option('--max-section-words <n>', 'cut longer sections at paragraphs (default: 400)', positiveInteger)
  vagueOption(folderOptions(command)).action((dir: string, flags: DocsFlags) =>
    run(dir, flags, async (output, work) => {
      const { collectDocs } = await import('../data/collect/index.ts')
      const { minWords, minSectionWords, maxSectionWords } = flags
      return collectDocs(
        dir,
        output,
        { ...folderOf(flags), ...given({ minWords, minSectionWords, maxSectionWords }) },
        work,
      )
    }),
  )
}

function registerTable(parent: Command): void {
  const command = parent
    .command('table')
    .summary('rows of a table, found by one of their columns')
    .description(
      'Each row of a CSV, TSV, JSONL or parquet file is a document; one of its columns is the query for it: questions and answers, titles and descriptions. Columns with usual names are found out.',
    )
    .argument('<file>', 'the table; .gz is read too')
    .option('--query <column>', 'column of the query')
    .option('--text <column>', "column of the document's text; repeat it to join several", collect)
    .option('--title <column>', "column of the document's title")
    .option('--id <column>', 'column of the id')
    .option('--split-by <column>', 'rows with the same value go to one split (default: the text)')
    .option(MIN_WORDS, 'fewest words of a query (default: 1)', positiveInteger)
  vagueOption(commonOptions(command)).action((file: string, flags: TableFlags) =>
    run(file, flags, async (output, work) => {
      const { collectTable } = await import('../data/collect/index.ts')
      const { query, text, title, id, splitBy, minWords } = flags
      return collectTable(
        file,
        output,
        { ...commonOf(flags), ...given({ query, text, title, id, splitBy, minWords }) },
        work,
      )
    }),
  )
}

function registerImages(parent: Command): void {
  const command = parent
    .command('images')
    .summary('images, found by their captions or alternative texts')
    .description(
      'Each image is a document; the queries are its captions, from cat.txt or cat.json beside cat.jpg, from tables with a column of file names, and from the alternative texts in Markdown and HTML files of the folder. Images are copied.',
    )
    .argument('<dir>', 'folder of the images')
    .option(MIN_WORDS, 'fewest words of a caption that is a query (default: 2)', positiveInteger)
  vagueOption(folderOptions(command)).action((dir: string, flags: ImagesFlags) =>
    run(dir, flags, async (output, work) => {
      const { collectImages } = await import('../data/collect/index.ts')
      return collectImages(dir, output, { ...folderOf(flags), ...given({ minWords: flags.minWords }) }, work)
    }),
  )
}

function registerPairs(parent: Command): void {
  const command = parent
    .command('pairs')
    .summary('pairs of a query and a document')
    .description(
      'Each row of a CSV, TSV, JSONL or parquet file holds a query and a document (or a list of them) that answers it, and perhaps a grade. Equal documents are one. Splits are by query.',
    )
    .argument('<file>', 'the table; .gz is read too')
    .option('--query <column>', 'column of the query')
    .option('--text <column>', 'column of the document')
    .option('--grade <column>', 'column of the grade, a whole number; 0 is not relevant')
    .option(MIN_WORDS, 'fewest words of a query (default: 1)', positiveInteger)
  commonOptions(command).action((file: string, flags: PairsFlags) =>
    run(file, flags, async (output, work) => {
      const { collectPairs } = await import('../data/collect/index.ts')
      const { query, text, grade, minWords } = flags
      return collectPairs(file, output, { ...commonOf(flags), ...given({ query, text, grade, minWords }) }, work)
    }),
  )
}

async function run(
  source: string,
  flags: CommonFlags,
  work: (output: string, work: LongWork) => Promise<CollectionCard>,
): Promise<void> {
  if (source === '')
    throw new FieldtrialError('USAGE', 'The name of what to collect from is empty.', {
      hint: 'Name a folder or file; the folder that you are in is `.`.',
    })
  const terminal = createTerminal({ quiet: flags.quiet ?? false })
  const output = outputOf(flags.output, source)
  const progress = new ProgressLine(terminal)
  const card = await interruptible(terminal, (signal) => work(output, { signal, onProgress: progress.update }))
  progress.clear()
  if (flags.json) terminal.out.write(`${JSON.stringify({ folder: output, ...card })}\n`)
  else terminal.out.write(describeCard(card, relative(process.cwd(), output) || '.'))
}
