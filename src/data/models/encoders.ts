import { entry, shape } from './build.ts'
import { type EncoderEmbeddings, encoderParameters } from './parameters.ts'
import type { ModelEntry, ModelField, ModelShape, SpecialToken } from './types.ts'

const small = (layers: number) => shape(layers, 384, 12, 12, 1536, 30_522, 'none')
const base = (vocabulary = 30_522) => shape(12, 768, 12, 12, 3072, vocabulary, 'none')
const large = (vocabulary = 30_522) => shape(24, 1024, 16, 16, 4096, vocabulary, 'none')

interface Tokens {
  readonly eos: SpecialToken
  readonly pad: SpecialToken
  readonly bos: SpecialToken
}

/** Encoders begin and end a text with a token each; these stand where decoders have `bos` and `eos`. */
const BERT_TOKENS: Tokens = {
  eos: { text: '[SEP]', id: 102 },
  pad: { text: '[PAD]', id: 0 },
  bos: { text: '[CLS]', id: 101 },
}
const XLM_TOKENS: Tokens = {
  eos: { text: '</s>', id: 2 },
  pad: { text: '<pad>', id: 1 },
  bos: { text: '<s>', id: 0 },
}

const BERT: EncoderEmbeddings = { positions: 512, tokenTypes: 2, relativeBuckets: 0 }
const XLM: EncoderEmbeddings = { positions: 514, tokenTypes: 1, relativeBuckets: 0 }

interface Kind {
  readonly architecture: string
  readonly tokens: Tokens
  readonly embeddings: EncoderEmbeddings
}

const bert: Kind = { architecture: 'bert', tokens: BERT_TOKENS, embeddings: BERT }
const xlm: Kind = { architecture: 'xlm-roberta', tokens: XLM_TOKENS, embeddings: XLM }
const mpnet: Kind = {
  architecture: 'mpnet',
  tokens: XLM_TOKENS,
  embeddings: { positions: 514, tokenTypes: 0, relativeBuckets: 32 },
}

interface Row {
  readonly kind: Kind
  readonly hub: string
  readonly revision: string | null
  readonly shape: ModelShape
  readonly context: number
  readonly licence: string
  readonly note?: string
  readonly embeddings?: EncoderEmbeddings
  readonly unverified?: readonly ModelField[]
}

const PICKLED =
  'Its main branch has pickled weights only, which are not read: look for a revision with safetensors (@refs/pr/N on the hub).'

/** Commits, dimensions, lengths and licences as MTEB records them; parameters counted from the shape, which gives MTEB's exact numbers where it has them. */
const ROWS: readonly Row[] = [
  {
    kind: bert,
    hub: 'sentence-transformers/all-MiniLM-L6-v2',
    revision: '8b3219a92973c328a8e22fadcfa821b5dc75636a',
    shape: small(6),
    context: 256,
    licence: 'apache-2.0',
  },
  {
    kind: bert,
    hub: 'sentence-transformers/all-MiniLM-L12-v2',
    revision: '364dd28d28dcd3359b537f3cf1f5348ba679da62',
    shape: small(12),
    context: 128,
    licence: 'apache-2.0',
    unverified: ['context'],
  },
  {
    kind: bert,
    hub: 'sentence-transformers/multi-qa-MiniLM-L6-cos-v1',
    revision: 'b207367332321f8e44f96e224ef15bc607f4dbf0',
    shape: small(6),
    context: 512,
    licence: 'apache-2.0',
    unverified: ['licence'],
  },
  {
    kind: mpnet,
    hub: 'sentence-transformers/all-mpnet-base-v2',
    revision: '9a3225965996d404b775526de6dbfe85d3368642',
    shape: base(30_527),
    context: 384,
    licence: 'apache-2.0',
  },
  {
    kind: bert,
    hub: 'intfloat/e5-small-v2',
    revision: 'dca8b1a9dae0d4575df2bf423a5edb485a431236',
    shape: small(12),
    context: 512,
    licence: 'mit',
  },
  {
    kind: bert,
    hub: 'intfloat/e5-base-v2',
    revision: '1c644c92ad3ba1efdad3f1451a637716616a20e8',
    shape: base(),
    context: 512,
    licence: 'mit',
  },
  {
    kind: bert,
    hub: 'intfloat/e5-large-v2',
    revision: 'b322e09026e4ea05f42beadf4d661fb4e101d311',
    shape: large(),
    context: 512,
    licence: 'mit',
  },
  {
    kind: xlm,
    hub: 'intfloat/multilingual-e5-base',
    revision: 'd13f1b27baf31030b7fd040960d60d909913633f',
    shape: base(250_002),
    context: 512,
    licence: 'mit',
  },
  {
    kind: xlm,
    hub: 'intfloat/multilingual-e5-large',
    revision: 'ab10c1a7f42e74530fe7ae5be82e6d4f11a719eb',
    shape: large(250_002),
    context: 512,
    licence: 'mit',
  },
  {
    kind: bert,
    hub: 'BAAI/bge-small-en-v1.5',
    revision: null,
    shape: small(12),
    context: 512,
    licence: 'mit',
    unverified: ['licence'],
  },
  {
    kind: bert,
    hub: 'BAAI/bge-base-en-v1.5',
    revision: 'a5beb1e3e68b9ab74eb54cfd186867f64f240e1a',
    shape: base(),
    context: 512,
    licence: 'mit',
  },
  {
    kind: bert,
    hub: 'BAAI/bge-large-en-v1.5',
    revision: 'd4aa6901d3a41ba39fb536a557fa166f842b0e09',
    shape: large(),
    context: 512,
    licence: 'mit',
  },
  {
    kind: xlm,
    hub: 'BAAI/bge-m3',
    revision: '5617a9f61b028005a4858fdac845db406aefb181',
    shape: large(250_002),
    context: 8192,
    licence: 'mit',
    embeddings: { ...XLM, positions: 8194 },
    note: `${PICKLED} Its dense vectors only: the sparse and multi-vector parts are not run.`,
  },
  {
    kind: bert,
    hub: 'thenlper/gte-base',
    revision: null,
    shape: base(),
    context: 512,
    licence: 'mit',
    unverified: ['licence'],
  },
  {
    kind: bert,
    hub: 'facebook/contriever',
    revision: null,
    shape: base(),
    context: 512,
    licence: 'not stated',
    note: `${PICKLED} Vectors are compared by dot product, not by cosine.`,
    unverified: ['licence'],
  },
  {
    kind: bert,
    hub: 'facebook/contriever-msmarco',
    revision: 'abe8c1493371369031bcb1e02acb754cf4e162fa',
    shape: base(),
    context: 512,
    licence: 'not stated',
    note: `${PICKLED} Vectors are compared by dot product, not by cosine.`,
  },
]

const ENCODER = {
  family: 'encoders',
  kind: 'encoder',
  specialisation: 'retrieval',
  recipe: { recipe: 'sentence-transformers' },
} as const

/** The usual small encoders, to stand beside decoders. Their prompts and pooling come from their own files. */
export const ENCODERS: readonly ModelEntry[] = [
  ...ROWS.map(({ kind, hub, embeddings, note, unverified, ...row }) =>
    entry({
      ...ENCODER,
      ...kind.tokens,
      ...row,
      name: hub.slice(hub.indexOf('/') + 1).toLowerCase(),
      hub,
      architecture: kind.architecture,
      parameters: encoderParameters(row.shape, embeddings ?? kind.embeddings),
      note: note ?? null,
      unverified: ['tokens', ...(unverified ?? [])],
    }),
  ),
  entry({
    ...ENCODER,
    name: 'gte-modernbert-base',
    hub: 'Alibaba-NLP/gte-modernbert-base',
    revision: '7ca8b4ca700621b67618669f5378fe5f5820b8e4',
    architecture: 'modernbert',
    parameters: 149_014_272,
    shape: shape(22, 768, 12, 12, 1152, 50_368, 'none'),
    context: 8192,
    eos: { text: '[SEP]', id: 50_282 },
    pad: { text: '[PAD]', id: 50_283 },
    bos: { text: '[CLS]', id: 50_281 },
    licence: 'apache-2.0',
    unverified: ['shape', 'tokens'],
  }),
  entry({
    ...ENCODER,
    name: 'embeddinggemma-300m',
    hub: 'google/embeddinggemma-300m',
    revision: '57c266a740f537b4dc058e1b0cda161fd15afa75',
    architecture: 'gemma3_text',
    parameters: 307_581_696,
    shape: shape(24, 768, 3, 1, 1152, 262_144, 'none', 256),
    context: 2048,
    eos: { text: '<eos>', id: 1 },
    pad: { text: '<pad>', id: 0 },
    bos: { text: '<bos>', id: 2 },
    licence: 'gemma',
    note: 'A Gemma 3 turned into an encoder: attention in both directions, mean pooling, two dense layers. The hub asks for an agreement before it gives the files: set HF_TOKEN.',
    unverified: ['shape', 'tokens'],
  }),
]
