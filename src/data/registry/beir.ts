import type { DatasetInfo, HubSource, SplitCounts } from './types.ts'

/** Split → queries and judgments. */
type Counts = readonly (readonly [split: string, queries: number, judgments: number | null])[]

type Rest = Partial<Pick<DatasetInfo, 'hub' | 'split' | 'removeSelf' | 'bytes' | 'hashes' | 'note' | 'unverified'>> & {
  /** Commit of MTEB's copy, where it has one. */
  readonly mteb?: readonly [repo: string, revision: string]
  readonly licence: string
}

type Entry = readonly [name: string, title: string, documents: number, counts: Counts, rest: Rest]

/** BEIR's own repositories: documents and queries in one, judgments in another. */
const own = (name: string, revision: string | null, qrels: string | null): HubSource => ({
  repo: `BeIR/${name}`,
  revision,
  qrels: { repo: `BeIR/${name}-qrels`, revision: qrels },
})

const copy = (repo: string, revision: string): HubSource => ({ repo: `mteb/${repo}`, revision })

/**
 * BEIR (Thakur et al. 2021, arXiv:2104.08663) with its training collection MS MARCO. Counts of documents, queries and judgments
 * as ir_datasets states them (ir_datasets/etc/metadata.json); the four sets that are not given away, as in the paper's table 1.
 * Commits of BeIR/* are those that public code pins, of mteb/* those that MTEB's tasks pin. Where no commit of BEIR's own
 * repository could be found, the name stands for MTEB's pinned copy. Licences are those of the data sets themselves, not the
 * blanket CC BY-SA 4.0 of the BeIR repositories. Content hashes are those of BEIR's own archives.
 */
const DATASETS: readonly Entry[] = [
  [
    'msmarco',
    'MS MARCO passages',
    8_841_823,
    [
      ['dev', 6_980, 7_437],
      ['train', 502_939, 532_751],
      ['test', 43, 9_260],
    ],
    {
      licence: 'MS MARCO terms: non-commercial research',
      split: 'dev',
      hub: own('msmarco', 'a918e0d11a77ed33f42f29d98340b655593b96ad', '253fbf8a3f8d4a0932b63882b5162bedc84779f5'),
      mteb: ['msmarco', 'c5a29a104738b98a9e76336939199e264163d4a0'],
      bytes: 1_648_146_597,
      note: 'the split test is TREC DL 2019; MS MARCO’s own measures are under msmarco/dev',
    },
  ],
  [
    'trec-covid',
    'TREC-COVID',
    171_332,
    [['test', 50, 66_336]],
    {
      licence: 'CORD-19 dataset license',
      hub: own('trec-covid', '7e16fde3016c639c7f856e803f4bab92645562c4', '532ac68ee6756ac22c9346eebf65bd3c6a042e10'),
      bytes: 111_595_209,
    },
  ],
  [
    'nfcorpus',
    'NFCorpus',
    3_633,
    [
      ['test', 323, 12_334],
      ['train', 2_590, 110_575],
      ['dev', 324, 11_385],
    ],
    {
      licence: 'academic use only',
      hub: own('nfcorpus', 'b5026a0e96e8a7ac4f95f482a596389289d46269', 'a451b3b26d3ae1358f259c1a3a4dd61fcea35a65'),
      hashes: {
        corpus: '6e9b8cfdd0d13a0776eaccba2ed04f8e5b573162de824787dfb5f0c8abaa9b35',
        splits: {
          dev: {
            queries: 'bbdb116c22f2a6b967ef17ccc2b5fa7ba9567337587411d733d022288b4dcbcb',
            qrels: 'e01d2913d6c3b2735f017b2e590d65d5843a9cefb188ef92e0545114783fa667',
          },
          test: {
            queries: '3f9aca94852bc6582b0881593e90e9f0c849517e8146e432bd0826c7633fc97b',
            qrels: '6a84a7583c3288dd72edb4b1f787668af2c42bba060aa10664e34599f6fcd29a',
          },
          train: {
            queries: 'cb08480086d6a4d5d96233777b4df7f45629474d913c3ab2dc3d23c6824c6069',
            qrels: 'cf8ce7e350dd32c6b8f636b4e00b57c282f5e35f978e744a7d471b9c9c093b27',
          },
        },
      },
      mteb: ['nfcorpus', 'ec0fa4fe99da2ff19ca1214b7966684033a58814'],
    },
  ],
  [
    'bioasq',
    'BioASQ',
    14_914_602,
    [['test', 500, null]],
    { licence: 'CC-BY-2.5', hub: null, note: 'BioASQ asks for a registration', unverified: ['counts'] },
  ],
  [
    'nq',
    'Natural Questions',
    2_681_468,
    [['test', 3_452, 4_201]],
    {
      licence: 'CC-BY-SA-3.0',
      hub: own('nq', 'b7253e6c379163d024ddb1d6948152a91a2e3b46', '519acd4e48bb3e5da22b2b888ce36c614f4f2bc9'),
      bytes: 764_417_421,
    },
  ],
  [
    'hotpotqa',
    'HotpotQA',
    5_233_329,
    [
      ['test', 7_405, 14_810],
      ['train', 85_000, 170_000],
      ['dev', 5_447, 10_894],
    ],
    {
      licence: 'CC-BY-SA-4.0',
      unverified: ['licence'],
      hub: own('hotpotqa', 'a7e8bab212f5a89f9be1bc9b654aa6dfa317f32b', 'b15429e9244c8ec966985d7778427c3b1543b314'),
    },
  ],
  [
    'fiqa',
    'FiQA-2018',
    57_638,
    [
      ['test', 648, 1_706],
      ['train', 5_500, 14_166],
      ['dev', 500, 1_238],
    ],
    {
      licence: 'not stated',
      hub: own('fiqa', '979c07a7cb5ccc6ca009792241fa1250b98055dd', '252958f2d646e22cab6d0c72dd3f0d5de6d0655a'),
      mteb: ['fiqa', '27a168819829fe9bcd655c2df245fb19452e8e06'],
    },
  ],
  [
    'signal1m',
    'Signal-1M (RT)',
    2_866_316,
    [['test', 97, null]],
    { licence: 'on request', hub: null, note: 'Signal-1M is given out on request only', unverified: ['counts'] },
  ],
  [
    'trec-news',
    'TREC-NEWS',
    594_977,
    [['test', 57, null]],
    {
      licence: 'agreement with NIST',
      hub: null,
      note: 'TREC-NEWS needs an agreement with NIST',
      unverified: ['counts'],
    },
  ],
  [
    'robust04',
    'Robust04',
    528_155,
    [['test', 249, null]],
    {
      licence: 'agreement with NIST',
      hub: null,
      note: 'Robust04 needs an agreement with NIST',
      unverified: ['counts'],
    },
  ],
  [
    'arguana',
    'ArguAna',
    8_674,
    [['test', 1_406, 1_406]],
    {
      licence: 'CC-BY-4.0',
      removeSelf: true,
      hub: own('arguana', '900330faa8ca2828a468dfe795f9d3c3887c8cfc', 'ae5468c6f1c198109a8af5f0d4dc58bd18b6fea7'),
      mteb: ['arguana', 'c22ab2a51041ffd869aaddef7af8d8215647e41a'],
      note: 'five of the judged documents are not in the corpus',
    },
  ],
  [
    'webis-touche2020',
    'Touché-2020',
    382_545,
    [['test', 49, 2_214]],
    {
      licence: 'CC-BY-4.0',
      unverified: ['licence'],
      hub: copy('touche2020', 'a34f9a33db75fa0cbb21bb5cfc3dae8dc8bec93f'),
      note: 'the second edition of its judgments, which published figures since 2021 are over',
    },
  ],
  [
    'quora',
    'Quora',
    522_931,
    [
      ['test', 10_000, 15_675],
      ['dev', 5_000, 7_626],
    ],
    {
      licence: 'not stated',
      unverified: ['licence'],
      removeSelf: true,
      hub: copy('quora', 'e4e08e0b7dbe3c8700f0daef558ff32256715259'),
    },
  ],
  [
    'dbpedia-entity',
    'DBPedia-Entity',
    4_635_922,
    [
      ['test', 400, 43_515],
      ['dev', 67, 5_673],
    ],
    {
      licence: 'CC-BY-SA-3.0',
      unverified: ['licence'],
      hub: copy('dbpedia', 'c0f706b76e590d620bd6618b3ca8efdd34e2d659'),
    },
  ],
  [
    'scidocs',
    'SCIDOCS',
    25_657,
    [['test', 1_000, 29_928]],
    {
      licence: 'CC-BY-4.0',
      unverified: ['licence'],
      hub: own('scidocs', '7abe49caf46c871ac644ffa3d3ba362d01290afb', '735ea1048e37b1ebce14c6dc3d33a5edaf66d3dc'),
      mteb: ['scidocs', 'f8c2fcf00f625baaa80f62ec5bd9e1fff3b8ae88'],
    },
  ],
  [
    'fever',
    'FEVER',
    5_416_568,
    [
      ['test', 6_666, 7_937],
      ['train', 109_810, 140_085],
      ['dev', 6_666, 8_079],
    ],
    {
      licence: 'CC-BY-SA-3.0',
      unverified: ['licence'],
      hub: copy('fever', 'bea83ef9e8fb933d90a2f1d5515737465d613e12'),
    },
  ],
  [
    'climate-fever',
    'Climate-FEVER',
    5_416_593,
    [['test', 1_535, 4_681]],
    {
      licence: 'not stated',
      hub: own('climate-fever', null, null),
      unverified: ['licence', 'revision'],
      note: 'MTEB says that its own copy differs in corpus and judgments, so the name stands for BEIR’s repository',
    },
  ],
  [
    'scifact',
    'SciFact',
    5_183,
    [
      ['test', 300, 339],
      ['train', 809, 919],
    ],
    {
      licence: 'CC-BY-4.0 (claims), ODC-By-1.0 (abstracts)',
      hub: own('scifact', 'b3b5335604bf5ee3c4447671af975ea25143d4f5', '2938d17dc3b09882fdb8c12bbbe2e2dc0e75a029'),
      hashes: {
        corpus: '7a4f0e6cec063c1988279953448070cb7386061b450a4559fd2cee2ae191f7c3',
        splits: {
          test: {
            queries: 'bd764ab74e53831e017d948abd79e81ef6f517cf8e4a613602fad38141c23d2e',
            qrels: 'c25ca90c95240feb14c3d1931d60066871f81f8f77bc67c72b981964f8b8736a',
          },
          train: {
            queries: '0844acc8e01617fb1cc21c18442895bf7a335c52947f9ecfc8f0a05132c0d0c4',
            qrels: 'b574f14e15aad2ff19b18acc16dd07a8d8f473f24e23fa3e432d883fa42ec639',
          },
        },
      },
      mteb: ['scifact', 'd56462d0e63a25450459c4f213e49ffdb866f7f9'],
      bytes: 4_554_789,
    },
  ],
]

/** The twelve forums of CQADupStack; its official figure is the mean over them. */
const FORUMS: readonly (readonly [
  forum: string,
  documents: number,
  queries: number,
  judgments: number,
  revision: string,
])[] = [
  ['android', 22_998, 699, 1_696, 'f46a197baaae43b4f621051089b82a364682dfeb'],
  ['english', 40_221, 1_570, 3_765, 'ad9991cb51e31e31e430383c75ffb2885547b5f0'],
  ['gaming', 45_301, 1_595, 2_263, '4885aa143210c98657558c04aaf3dc47cfb54340'],
  ['gis', 37_637, 885, 1_114, '5003b3064772da1887988e05400cf3806fe491f2'],
  ['mathematica', 16_705, 804, 1_358, '90fceea13679c63fe563ded68f3b6f06e50061de'],
  ['physics', 38_316, 1_039, 1_933, '79531abbd1fb92d06c6d6315a0cbbbf5bb247ea4'],
  ['programmers', 32_176, 876, 1_675, '6184bc1440d2dbc7612be22b50686b8826d22b32'],
  ['stats', 42_269, 652, 913, '65ac3a16b8e91f9cee4c9828cc7c335575432a2a'],
  ['tex', 68_184, 2_906, 5_154, '46989137a86843e03a6195de44b09deda022eec7'],
  ['unix', 47_382, 1_072, 1_693, '6c6430d3a6d36f8d2a829195bc5dc94d7e063e53'],
  ['webmasters', 17_405, 506, 1_395, '160c094312a0e1facb97e55eeddb698c0abe3571'],
  ['wordpress', 48_605, 541, 744, '4ffe81d471b1924886b33c7567bfb200e9eec5c4'],
]

function dataset([name, title, documents, counts, rest]: Entry): DatasetInfo {
  const { mteb, ...fields } = rest
  const splits: Record<string, SplitCounts> = Object.fromEntries(
    counts.map(([split, queries, judgments]) => [split, { queries, judgments }]),
  )
  const split = rest.split ?? 'test'
  return {
    id: `beir/${name}`,
    family: 'beir',
    name,
    title,
    kind: 'retrieval',
    hub: null,
    mirrors: mteb ? [copy(...mteb)] : [],
    split,
    splits,
    documents,
    queries: splits[split]!.queries,
    queryModality: 'text',
    modality: 'text',
    languages: ['en'],
    programmingLanguages: [],
    removeSelf: false,
    titles: 'keep',
    measures: ['nDCG@10'],
    bytes: null,
    unverified: [],
    ...fields,
  }
}

export const BEIR: readonly DatasetInfo[] = [
  ...DATASETS.map(dataset),
  ...FORUMS.map(([forum, documents, queries, judgments, revision]) =>
    dataset([
      `cqadupstack-${forum}`,
      `CQADupStack ${forum}`,
      documents,
      [['test', queries, judgments]],
      { licence: 'Apache-2.0', hub: copy(`cqadupstack-${forum}`, revision) },
    ]),
  ),
]
