import type { DatasetInfo } from './types.ts'

type Entry = [name: string, title: string, documents: number, queries: number, rest?: Partial<DatasetInfo>]

const licensed = (note: string): Partial<DatasetInfo> => ({ hub: null, note })

/** BEIR (Thakur et al. 2021, arXiv:2104.08663), table 1; counts as in the project's own list. */
const DATASETS: readonly Entry[] = [
  ['msmarco', 'MS MARCO passages', 8_841_823, 6_980, { split: 'dev' }],
  ['trec-covid', 'TREC-COVID', 171_332, 50],
  ['nfcorpus', 'NFCorpus', 3_633, 323],
  ['bioasq', 'BioASQ', 14_914_602, 500, licensed('BioASQ asks for a registration')],
  ['nq', 'Natural Questions', 2_681_468, 3_452],
  ['hotpotqa', 'HotpotQA', 5_233_329, 7_405],
  ['fiqa', 'FiQA-2018', 57_638, 648],
  ['signal1m', 'Signal-1M (RT)', 2_866_316, 97, licensed('Signal-1M is given out on request only')],
  ['trec-news', 'TREC-NEWS', 594_977, 57, licensed('TREC-NEWS needs an agreement with NIST')],
  ['robust04', 'Robust04', 528_155, 249, licensed('Robust04 needs an agreement with NIST')],
  ['arguana', 'ArguAna', 8_674, 1_406, { removeSelf: true }],
  ['webis-touche2020', 'Touché-2020', 382_545, 49],
  ['quora', 'Quora', 522_931, 10_000, { removeSelf: true }],
  ['dbpedia-entity', 'DBPedia-Entity', 4_635_922, 400],
  ['scidocs', 'SCIDOCS', 25_657, 1_000],
  ['fever', 'FEVER', 5_416_568, 6_666],
  ['climate-fever', 'Climate-FEVER', 5_416_593, 1_535],
  ['scifact', 'SciFact', 5_183, 300],
]

/** The twelve forums of CQADupStack; its official figure is the mean over them. */
const FORUMS: readonly [forum: string, documents: number, queries: number][] = [
  ['android', 22_998, 699],
  ['english', 40_221, 1_570],
  ['gaming', 45_301, 1_595],
  ['gis', 37_637, 885],
  ['mathematica', 16_705, 804],
  ['physics', 38_316, 1_039],
  ['programmers', 32_176, 876],
  ['stats', 42_269, 652],
  ['tex', 68_184, 2_906],
  ['unix', 47_382, 1_072],
  ['webmasters', 17_405, 506],
  ['wordpress', 48_605, 541],
]

function dataset(
  name: string,
  title: string,
  documents: number,
  queries: number,
  rest: Partial<DatasetInfo>,
): DatasetInfo {
  return {
    id: `beir/${name}`,
    family: 'beir',
    name,
    title,
    hub: `BeIR/${name}`,
    split: 'test',
    documents,
    queries,
    modality: 'text',
    removeSelf: false,
    titles: 'keep',
    measure: 'nDCG@10',
    ...rest,
  }
}

export const BEIR: readonly DatasetInfo[] = [
  ...DATASETS.map(([name, title, documents, queries, rest]) => dataset(name, title, documents, queries, rest ?? {})),
  ...FORUMS.map(([forum, documents, queries]) =>
    dataset(`cqadupstack-${forum}`, `CQADupStack ${forum}`, documents, queries, { hub: `mteb/cqadupstack-${forum}` }),
  ),
]
