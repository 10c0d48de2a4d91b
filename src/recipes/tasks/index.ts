import { findDataset } from '../../data/registry/index.ts'
import { BEIR_SOURCE, BEIR_TASKS } from './beir.ts'
import { COIR_SOURCE, COIR_TASKS } from './coir.ts'
import { IMAGE_SOURCE, IMAGE_TASKS } from './images.ts'

/** What a model is told to search for, where its recipe has a place for it. */
export interface TaskInstruction {
  readonly instruction: string
  /** Who worded it. */
  readonly source: string
}

/** For collections without a wording of their own: that of web search, which is also the default of Qwen3-Embedding’s own code. */
export const GENERIC_TASK: TaskInstruction = {
  instruction: BEIR_TASKS.msmarco!,
  source: `generic: the wording for MS MARCO of ${BEIR_SOURCE}`,
}

const FAMILIES: readonly { prefix: string; tasks: Readonly<Record<string, string>>; source: string }[] = [
  { prefix: 'beir/', tasks: BEIR_TASKS, source: BEIR_SOURCE },
  { prefix: 'coir/', tasks: COIR_TASKS, source: COIR_SOURCE },
  { prefix: 'msmarco/', tasks: { msmarco: BEIR_TASKS.msmarco! }, source: BEIR_SOURCE },
  ...['image/', 'vidore/', 'mbeir/', 'mmeb/'].map((prefix) => ({ prefix, tasks: IMAGE_TASKS, source: IMAGE_SOURCE })),
]

/** Names under which collections are met elsewhere: MTEB's and the paper's own spellings. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['climatefever', 'climate-fever'],
  ['dbpedia', 'dbpedia-entity'],
  ['fiqa2018', 'fiqa'],
  ['quoraretrieval', 'quora'],
  ['touche2020', 'webis-touche2020'],
  ['treccovid', 'trec-covid'],
])

/**
 * The published task instruction of a collection.
 *
 * @param name A registry id (`beir/scifact`), a repository on the hub (`BeIR/scifact`), or the bare name, in whatever case; forums of
 *   CQADupStack, languages of CodeSearchNet and splits of MS MARCO have the instruction of their set.
 * @returns Null for collections that nobody has worded one for.
 */
export function taskInstruction(name: string): TaskInstruction | null {
  const id = name.toLowerCase()
  const bare = findDataset(id)?.name ?? id.replace(/#.*$/, '').replace(/^.*\//, '')
  const key = setOf(ALIASES.get(bare) ?? bare)
  const family = FAMILIES.find(
    ({ prefix, tasks }) => (id.startsWith(prefix) || !isRegistryId(id)) && Object.hasOwn(tasks, key),
  )
  return family === undefined ? null : { instruction: family.tasks[key]!, source: family.source }
}

function isRegistryId(id: string): boolean {
  return FAMILIES.some(({ prefix }) => id.startsWith(prefix))
}

function setOf(name: string): string {
  return name
    .replace(/^(cqadupstack|vidore)[-/].*$/, '$1')
    .replace(/^(msmarco)-(dev|dl19|dl20|train|train-aug)$/, '$1')
    .replace(/^(codesearchnet(?:-ccr)?)-(?!ccr$)[a-z]+$/, '$1')
}
