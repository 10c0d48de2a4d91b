import { addsSeparator, namedPreTokenizer } from './pre-tokenizers.ts'
import type { Parts } from './tokenizer.ts'
import { idsByText, type Vocabulary } from './vocabulary.ts'

/** Byte-level byte pairs (`gpt2`): tokens in the byte alphabet, merges in order of rank, words cut by a named pattern. */
export function bytePairs(vocabulary: Vocabulary): Parts {
  const { read } = vocabulary
  const merges = read.required('tokenizer.ggml.merges', read.texts('tokenizer.ggml.merges'))
  const name = read.required('tokenizer.ggml.pre', read.text('tokenizer.ggml.pre'))
  const found = namedPreTokenizer(name)
  if (found === null)
    throw read.invalid(
      'tokenizer.ggml.pre',
      `is ${JSON.stringify(name)}, a way of cutting words that is not known here`,
    )
  const { stages, ignoreMerges, addBos, tokenizerClass } = found
  return {
    model: { type: 'BPE', vocab: idsByText(vocabulary), merges, ignore_merges: ignoreMerges },
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: stages },
    decoder: { type: 'ByteLevel' },
    defaults: { bos: addBos, eos: false, sep: addsSeparator(name) },
    tokenizerClass,
  }
}
