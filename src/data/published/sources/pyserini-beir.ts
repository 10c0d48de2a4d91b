import { figuresOf, type TableFacts, type TableRow } from '../build.ts'
import type { PublishedFigure, PublishedProtocol } from '../types.ts'

const SOURCE = {
  id: 'pyserini-beir',
  title: 'Pyserini’s reproductions on BEIR v1.0.0 (BM25 as in Anserini’s regressions)',
  url: 'https://github.com/castorini/pyserini/blob/02c4e7fa7ae9c555001512194167b039521eb713/pyserini/2cr/beir.yaml',
} as const

/** In the order of the source, with the forums of CQADupStack one by one. */
const COLUMNS = [
  'trec-covid',
  'bioasq',
  'nfcorpus',
  'nq',
  'hotpotqa',
  'fiqa',
  'signal1m',
  'trec-news',
  'robust04',
  'arguana',
  'webis-touche2020',
  'cqadupstack-android',
  'cqadupstack-english',
  'cqadupstack-gaming',
  'cqadupstack-gis',
  'cqadupstack-mathematica',
  'cqadupstack-physics',
  'cqadupstack-programmers',
  'cqadupstack-stats',
  'cqadupstack-tex',
  'cqadupstack-unix',
  'cqadupstack-webmasters',
  'cqadupstack-wordpress',
  'quora',
  'dbpedia-entity',
  'scidocs',
  'fever',
  'climate-fever',
  'scifact',
].map((name) => `beir/${name}`)

const PROTOCOL: PublishedProtocol = { titles: 'keep', corpus: 'full', prompts: 'none', removeSelf: true }

const FLAT: Omit<TableRow, 'values'> = {
  system: 'BM25 flat (Anserini)',
  kind: 'bm25',
  protocol: { bm25: { variant: 'lucene', k1: 0.9, b: 0.4, analyzer: 'lucene-english', multifield: false } },
}
const MULTIFIELD: Omit<TableRow, 'values'> = {
  system: 'BM25 multifield (Anserini)',
  kind: 'bm25',
  protocol: { bm25: { variant: 'lucene', k1: 0.9, b: 0.4, analyzer: 'lucene-english', multifield: true } },
}
const SPLADE: Omit<TableRow, 'values'> = { system: 'SPLADE++ EnsembleDistil', kind: 'sparse' }
const CONTRIEVER: Omit<TableRow, 'values'> = { system: 'Contriever', kind: 'dense' }
const CONTRIEVER_MSMARCO: Omit<TableRow, 'values'> = { system: 'Contriever-MSMARCO', kind: 'dense' }
const BGE: Omit<TableRow, 'values'> = {
  system: 'BGE-base-en-v1.5 (Pyserini)',
  kind: 'dense',
  protocol: { prompts: 'known' },
}

// biome-ignore format: a row of the table on as few lines as it takes
const NDCG: readonly TableRow[] = [
  { ...FLAT, values: [0.5947, 0.5225, 0.3218, 0.3055, 0.633, 0.2361, 0.3304, 0.3952, 0.407, 0.397, 0.4422, 0.3801, 0.3453, 0.4822, 0.2901, 0.2015, 0.3214, 0.2802, 0.2711, 0.2244, 0.2749, 0.3059, 0.2483, 0.7886, 0.318, 0.149, 0.6513, 0.1651, 0.6789] },
  { ...MULTIFIELD, values: [0.6559, 0.4646, 0.3254, 0.3285, 0.6027, 0.2361, 0.3304, 0.3977, 0.407, 0.4142, 0.3673, 0.3709, 0.3321, 0.4418, 0.2904, 0.2046, 0.3248, 0.2963, 0.279, 0.2086, 0.2788, 0.3008, 0.2562, 0.7886, 0.3128, 0.1581, 0.753, 0.2129, 0.6647] },
  { ...SPLADE, values: [0.7274, 0.498, 0.347, 0.5378, 0.6868, 0.3475, 0.3008, 0.4152, 0.4679, 0.5203, 0.2468, 0.3904, 0.4079, 0.4957, 0.315, 0.2377, 0.3599, 0.3401, 0.299, 0.253, 0.3167, 0.3167, 0.2733, 0.8343, 0.4366, 0.1591, 0.7882, 0.2297, 0.7041] },
  { ...CONTRIEVER, values: [0.2732, 0.3016, 0.3173, 0.2536, 0.4807, 0.2449, 0.2338, 0.3484, 0.3155, 0.3791, 0.1668, 0.3771, 0.3571, 0.4597, 0.2411, 0.1841, 0.343, 0.3029, 0.2483, 0.154, 0.2636, 0.2878, 0.1914, 0.8349, 0.2916, 0.1491, 0.6821, 0.155, 0.6493] },
  { ...CONTRIEVER_MSMARCO, values: [0.5964, 0.3829, 0.3281, 0.4977, 0.6376, 0.3293, 0.2783, 0.4283, 0.4729, 0.4461, 0.204, 0.4255, 0.4326, 0.5276, 0.3022, 0.2355, 0.4159, 0.3574, 0.3095, 0.2209, 0.3257, 0.3392, 0.2532, 0.8648, 0.4128, 0.1652, 0.7583, 0.2371, 0.6768] },
  { ...BGE, values: [0.7815, 0.4148, 0.3735, 0.5414, 0.7259, 0.4065, 0.2886, 0.4424, 0.4435, 0.6362, 0.2571, 0.5076, 0.4857, 0.5967, 0.4127, 0.3163, 0.4724, 0.4238, 0.3732, 0.3115, 0.422, 0.4072, 0.3547, 0.889, 0.4073, 0.2172, 0.8629, 0.3122, 0.7408] },
]

// biome-ignore format: as above
const R100: readonly TableRow[] = [
  { ...FLAT, values: [0.1091, 0.7687, 0.2457, 0.7513, 0.7957, 0.5395, 0.3703, 0.4469, 0.3746, 0.9324, 0.5822, 0.6829, 0.5757, 0.7651, 0.6119, 0.4877, 0.6326, 0.5588, 0.5338, 0.4686, 0.5417, 0.582, 0.5152, 0.9733, 0.4682, 0.3477, 0.9185, 0.4249, 0.9253] },
  { ...MULTIFIELD, values: [0.1141, 0.7145, 0.25, 0.7597, 0.74, 0.5395, 0.3703, 0.4216, 0.3746, 0.9431, 0.5376, 0.6889, 0.5842, 0.7571, 0.6458, 0.5215, 0.6486, 0.6194, 0.5719, 0.4954, 0.5721, 0.61, 0.5526, 0.9733, 0.3981, 0.3561, 0.9309, 0.4357, 0.9076] },
  { ...SPLADE, values: [0.1282, 0.7385, 0.2844, 0.9296, 0.8177, 0.6314, 0.3398, 0.4414, 0.385, 0.9744, 0.4715, 0.7404, 0.6946, 0.8131, 0.632, 0.5797, 0.7196, 0.6585, 0.5894, 0.5161, 0.6214, 0.636, 0.5945, 0.9863, 0.5624, 0.373, 0.9459, 0.5211, 0.9353] },
  { ...CONTRIEVER, values: [0.0368, 0.5412, 0.2943, 0.7712, 0.7046, 0.5619, 0.2568, 0.4234, 0.2757, 0.9011, 0.3736, 0.7436, 0.6442, 0.8092, 0.5792, 0.5127, 0.7013, 0.6402, 0.5269, 0.4333, 0.5879, 0.6485, 0.5364, 0.9871, 0.4529, 0.3601, 0.9356, 0.4422, 0.926] },
  { ...CONTRIEVER_MSMARCO, values: [0.0907, 0.6072, 0.3008, 0.9252, 0.7772, 0.6558, 0.322, 0.4924, 0.3917, 0.9765, 0.442, 0.7503, 0.6935, 0.8481, 0.6272, 0.5726, 0.7619, 0.7191, 0.586, 0.4985, 0.6161, 0.7032, 0.5769, 0.9935, 0.5414, 0.3783, 0.9494, 0.5746, 0.947] },
  { ...BGE, values: [0.1406, 0.6316, 0.3368, 0.9415, 0.8726, 0.7415, 0.3112, 0.4992, 0.351, 0.9915, 0.4867, 0.8454, 0.7586, 0.9036, 0.7682, 0.6922, 0.8078, 0.7856, 0.6727, 0.6489, 0.7797, 0.7774, 0.7047, 0.9968, 0.5298, 0.4959, 0.9719, 0.6362, 0.9667] },
]

// biome-ignore format: as above
const R1000: readonly TableRow[] = [
  { ...FLAT, values: [0.3955, 0.903, 0.3704, 0.8958, 0.882, 0.7393, 0.5642, 0.7051, 0.6345, 0.9872, 0.8621, 0.8632, 0.7323, 0.8945, 0.8174, 0.7221, 0.834, 0.7734, 0.731, 0.6907, 0.7616, 0.8066, 0.7552, 0.995, 0.676, 0.5638, 0.9589, 0.6324, 0.9767] },
  { ...MULTIFIELD, values: [0.3891, 0.8428, 0.3718, 0.9019, 0.8405, 0.7393, 0.5642, 0.6993, 0.6345, 0.9893, 0.8668, 0.8712, 0.7574, 0.8882, 0.8248, 0.7559, 0.8506, 0.8096, 0.7619, 0.7222, 0.7783, 0.8226, 0.7848, 0.995, 0.5848, 0.5599, 0.9599, 0.6099, 0.98] },
]

const TABLE: Omit<TableFacts, 'measure'> = {
  source: SOURCE,
  columns: COLUMNS,
  scale: 1,
  decimals: 4,
  protocol: PROTOCOL,
  verified: true,
}

export const PYSERINI_BEIR: readonly PublishedFigure[] = [
  ...figuresOf({ ...TABLE, measure: 'nDCG@10' }, NDCG),
  ...figuresOf({ ...TABLE, measure: 'R@100' }, R100),
  ...figuresOf({ ...TABLE, measure: 'R@1000' }, R1000),
]
