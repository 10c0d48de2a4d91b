import { BEIR } from './beir.ts'
import { listDatasets } from './list.ts'
import type { DatasetInfo } from './types.ts'

/** Several data sets by one name. */
export interface DatasetGroup {
  readonly name: string
  readonly title: string
  readonly members: readonly DatasetInfo[]
}

const beir = (...names: string[]) => names.map((name) => BEIR.find((dataset) => dataset.name === name)!)
const matching = (pattern: RegExp) => listDatasets().filter(({ id }) => pattern.test(id))

/** The sets of BEIR that anybody may fetch, CQADupStack and the training collection aside: what most papers average over. */
const BEIR_13 = beir(
  'trec-covid',
  'nfcorpus',
  'nq',
  'hotpotqa',
  'fiqa',
  'arguana',
  'webis-touche2020',
  'quora',
  'dbpedia-entity',
  'scidocs',
  'fever',
  'climate-fever',
  'scifact',
)
const CQADUPSTACK = matching(/^beir\/cqadupstack-/)
const LICENSED = beir('bioasq', 'signal1m', 'trec-news', 'robust04')

/** Groups with a name of the field's own; `FAMILY/*` and other patterns work besides. */
export const DATASET_GROUPS: readonly DatasetGroup[] = [
  { name: 'beir-13', title: 'BEIR’s 13 public zero-shot sets without CQADupStack', members: BEIR_13 },
  { name: 'beir-14', title: 'the same with CQADupStack’s twelve forums', members: [...BEIR_13, ...CQADUPSTACK] },
  {
    name: 'beir-15',
    title: 'the same with MS MARCO: the retrieval tasks of MTEB’s first English board',
    members: [...BEIR_13, ...CQADUPSTACK, ...beir('msmarco')],
  },
  {
    name: 'beir-18',
    title: 'all 18 zero-shot sets of BEIR’s paper; four of them cannot be fetched',
    members: [...BEIR_13, ...CQADUPSTACK, ...LICENSED],
  },
  { name: 'cqadupstack', title: 'CQADupStack’s twelve forums', members: CQADUPSTACK },
  { name: 'coir-10', title: 'CoIR’s ten tasks, 20 sets with their languages', members: matching(/^coir\//) },
  {
    name: 'codesearchnet',
    title: 'CoIR’s CodeSearchNet, six languages',
    members: matching(/^coir\/codesearchnet-(?!ccr-)/),
  },
  {
    name: 'codesearchnet-ccr',
    title: 'CoIR’s code completion, six languages',
    members: matching(/^coir\/codesearchnet-ccr-/),
  },
  { name: 'vidore-10', title: 'ViDoRe’s first edition', members: matching(/^vidore\//) },
]
