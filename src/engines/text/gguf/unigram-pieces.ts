import type { Parts } from './tokenizer.ts'
import type { Vocabulary } from './vocabulary.ts'

const MARK = '▁'

/** SentencePiece's unigram model (`t5`), that of XLM-RoBERTa and its kin, with the character map that the file holds. */
export function unigramPieces({ read, tokens, special }: Vocabulary): Parts {
  const scores = read.required('tokenizer.ggml.scores', read.numbers('tokenizer.ggml.scores'))
  const map = read.numbers('tokenizer.ggml.precompiled_charsmap')
  const squeeze = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }
  return {
    model: {
      type: 'Unigram',
      vocab: tokens.map((token, id) => [token, scores[id] ?? 0]),
      unk_id: special.unk === null ? null : tokens.indexOf(special.unk),
    },
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(map === null
          ? []
          : [{ type: 'Precompiled', precompiled_charsmap: Buffer.from(Uint8Array.from(map)).toString('base64') }]),
        squeeze,
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'WhitespaceSplit' },
        { type: 'Metaspace', replacement: MARK, prepend_scheme: 'always', split: true },
      ],
    },
    decoder: { type: 'Metaspace', replacement: MARK, prepend_scheme: 'always', split: true },
    defaults: { bos: false, eos: true, sep: false },
  }
}
