/** One of MTEB's retrieval tasks, or one subset of it, that is a collection of the registry. */
export interface MtebTask {
  /** MTEB's name: `SciFact`, `COIRCodeSearchNetRetrieval`. */
  readonly task: string
  /** Registry id; a pattern where the task is a mean over several collections. */
  readonly collection: string
  readonly subset: string
  /** The split of its figures. */
  readonly split: string
  /** MTEB's codes of what it is written in. */
  readonly languages: readonly string[]
  /** The commit of the data that MTEB pins. */
  readonly revision: string
  /** `other`: the task goes under a collection's name but holds another, smaller one. `mean`: it is made from other tasks' results. */
  readonly kind: 'same' | 'other' | 'mean'
}

type Entry = readonly [task: string, collection: string, revision: string]

const ENGLISH = ['eng-Latn'] as const

/** Names, commits, splits and languages as in mteb 2.26 (github.com/embeddings-benchmark/mteb, mteb/tasks/retrieval). */
const BEIR: readonly Entry[] = [
  ['ArguAna', 'arguana', 'c22ab2a51041ffd869aaddef7af8d8215647e41a'],
  ['ClimateFEVER', 'climate-fever', '47f2ac6acb640fc46020b02a5b59fdda04d39380'],
  ['CQADupstackAndroidRetrieval', 'cqadupstack-android', '9be4c0e46342e8e3aff577a89b9a1ec9bc6b4af3'],
  ['CQADupstackEnglishRetrieval', 'cqadupstack-english', 'ad9991cb51e31e31e430383c75ffb2885547b5f0'],
  ['CQADupstackGamingRetrieval', 'cqadupstack-gaming', '4885aa143210c98657558c04aaf3dc47cfb54340'],
  ['CQADupstackGisRetrieval', 'cqadupstack-gis', '5003b3064772da1887988e05400cf3806fe491f2'],
  ['CQADupstackMathematicaRetrieval', 'cqadupstack-mathematica', '90fceea13679c63fe563ded68f3b6f06e50061de'],
  ['CQADupstackPhysicsRetrieval', 'cqadupstack-physics', '79531abbd1fb92d06c6d6315a0cbbbf5bb247ea4'],
  ['CQADupstackProgrammersRetrieval', 'cqadupstack-programmers', '6184bc1440d2dbc7612be22b50686b8826d22b32'],
  ['CQADupstackStatsRetrieval', 'cqadupstack-stats', '65ac3a16b8e91f9cee4c9828cc7c335575432a2a'],
  ['CQADupstackTexRetrieval', 'cqadupstack-tex', '46989137a86843e03a6195de44b09deda022eec7'],
  ['CQADupstackUnixRetrieval', 'cqadupstack-unix', '6c6430d3a6d36f8d2a829195bc5dc94d7e063e53'],
  ['CQADupstackWebmastersRetrieval', 'cqadupstack-webmasters', '160c094312a0e1facb97e55eeddb698c0abe3571'],
  ['CQADupstackWordpressRetrieval', 'cqadupstack-wordpress', '4ffe81d471b1924886b33c7567bfb200e9eec5c4'],
  ['DBPedia', 'dbpedia-entity', 'c0f706b76e590d620bd6618b3ca8efdd34e2d659'],
  ['FEVER', 'fever', 'bea83ef9e8fb933d90a2f1d5515737465d613e12'],
  ['FiQA2018', 'fiqa', '27a168819829fe9bcd655c2df245fb19452e8e06'],
  ['HotpotQA', 'hotpotqa', 'ab518f4d6fcca38d87c25209f94beba119d02014'],
  ['NFCorpus', 'nfcorpus', 'ec0fa4fe99da2ff19ca1214b7966684033a58814'],
  ['NQ', 'nq', 'b774495ed302d8c44a3a7ea25c90dbce03968f31'],
  ['QuoraRetrieval', 'quora', 'e4e08e0b7dbe3c8700f0daef558ff32256715259'],
  ['SCIDOCS', 'scidocs', 'f8c2fcf00f625baaa80f62ec5bd9e1fff3b8ae88'],
  ['SciFact', 'scifact', 'd56462d0e63a25450459c4f213e49ffdb866f7f9'],
  ['Touche2020', 'webis-touche2020', 'a34f9a33db75fa0cbb21bb5cfc3dae8dc8bec93f'],
  ['TRECCOVID', 'trec-covid', 'bb9466bac8153a0349341eb1b22e06409e78ef4e'],
]

const COIR: readonly (readonly [...Entry, languages: readonly string[]])[] = [
  ['AppsRetrieval', 'apps', 'f22508f96b7a36c2415181ed8bb76f76e04ae2d5', ['eng-Latn', 'python-Code']],
  ['CodeFeedbackMT', 'codefeedback-mt', 'b0f12fa0c0dd67f59c95a5c33d02aeeb4c398c5f', ENGLISH],
  ['CodeFeedbackST', 'codefeedback-st', 'd213819e87aab9010628da8b73ab4eb337c89340', ENGLISH],
  [
    'CodeTransOceanContest',
    'codetrans-contest',
    '20da4eb20a4b17300c0986ee148c90867a7f2a4d',
    ['python-Code', 'c++-Code'],
  ],
  ['CodeTransOceanDL', 'codetrans-dl', '281562cb8a1265ab5c0824bfa6ddcd9b0a15618f', ['python-Code']],
  ['CosQA', 'cosqa', 'bc5efb7e9d437246ce393ed19d772e08e4a79535', ['eng-Latn', 'python-Code']],
  ['StackOverflowQA', 'stackoverflow-qa', '7b46f5ebd2365278c1bb025986dda2fee893bbf5', ENGLISH],
  ['SyntheticText2SQL', 'synthetic-text2sql', '686b87296c3a0191b5d9415a00526c62db9fce09', ['eng-Latn', 'sql-Code']],
]

const LANGUAGES = ['python', 'javascript', 'go', 'ruby', 'java', 'php'] as const

/** Tasks with a subset per programming language. MTEB's own `CodeSearchNetRetrieval` has 1,000 documents and queries of each. */
const BY_LANGUAGE: readonly (readonly [...Entry, kind: 'same' | 'other'])[] = [
  ['COIRCodeSearchNetRetrieval', 'codesearchnet', '4adc7bc41202b5c13543c9c886a25f340634dab3', 'same'],
  ['CodeSearchNetCCRetrieval', 'codesearchnet-ccr', '6e1effa2c03723c5fde48ee912b5ee08d4f211e8', 'same'],
  ['CodeSearchNetRetrieval', 'codesearchnet', '68e8f0731a656fa4bd5b7c81936d95ad48a39bfe', 'other'],
]

const test = { subset: 'default', split: 'test', languages: ENGLISH, kind: 'same' } as const

export const MTEB_TASKS: readonly MtebTask[] = [
  ...BEIR.map(([task, name, revision]): MtebTask => ({ ...test, task, collection: `beir/${name}`, revision })),
  {
    ...test,
    task: 'MSMARCO',
    collection: 'beir/msmarco',
    split: 'dev',
    revision: 'c5a29a104738b98a9e76336939199e264163d4a0',
  },
  {
    ...test,
    task: 'CQADupstackRetrieval',
    collection: 'beir/cqadupstack-*',
    revision: '1',
    kind: 'mean',
  },
  {
    ...test,
    task: 'TRECDL2019',
    collection: 'msmarco/dl19',
    revision: 'cbb055c2528c544edf84db8ec6aef1885ec8cfda',
  },
  {
    ...test,
    task: 'TRECDL2020',
    collection: 'msmarco/dl20',
    revision: '83d7d3532f3fa653f132da188bbaa852d959d6f9',
  },
  ...COIR.map(
    ([task, name, revision, languages]): MtebTask => ({
      ...test,
      task,
      collection: `coir/${name}`,
      revision,
      languages,
    }),
  ),
  ...BY_LANGUAGE.flatMap(([task, name, revision, kind]) =>
    LANGUAGES.map(
      (language): MtebTask => ({
        ...test,
        task,
        collection: `coir/${name}-${language}`,
        subset: language,
        revision,
        languages: [`${language}-Code`],
        kind,
      }),
    ),
  ),
]
