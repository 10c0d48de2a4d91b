import type { Parts } from './tokenizer.ts'
import { idsByText, TOKEN_TYPE, type Vocabulary } from './vocabulary.ts'

const MARK = '▁'

/**
 * SentencePiece's byte pairs (`llama`): the file has tokens with scores and no merges. Of all neighbours those are merged first whose whole has
 * the highest score, so that every way of making a token of two others is a merge of its score's rank.
 */
export function sentencePieces(vocabulary: Vocabulary): Parts {
  const { read, special } = vocabulary
  const prefix = read.flag('tokenizer.ggml.add_space_prefix') ?? true
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: MARK }
  return {
    model: {
      type: 'BPE',
      vocab: idsByText(vocabulary),
      merges: mergesOf(vocabulary),
      unk_token: special.unk,
      fuse_unk: true,
      byte_fallback: true,
    },
    normalizer: {
      type: 'Sequence',
      normalizers: [...(prefix ? [{ type: 'Prepend', prepend: MARK }] : []), replace],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: MARK }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    defaults: { bos: true, eos: false, sep: false },
  }
}

function mergesOf({ read, tokens, types }: Vocabulary): [string, string][] {
  const scores = read.required('tokenizer.ggml.scores', read.numbers('tokenizer.ggml.scores'))
  const mergeable = new Map<string, number>()
  for (const [id, token] of tokens.entries())
    if (types[id] === TOKEN_TYPE.normal || types[id] === TOKEN_TYPE.userDefined) mergeable.set(token, id)
  const merges: { pair: [string, string]; score: number; left: number; right: number }[] = []
  for (const [token, id] of mergeable) {
    let at = 0
    for (const character of token) {
      at += character.length
      const pair: [string, string] = [token.slice(0, at), token.slice(at)]
      const left = mergeable.get(pair[0])
      const right = mergeable.get(pair[1])
      if (left !== undefined && right !== undefined) merges.push({ pair, score: scores[id] ?? 0, left, right })
    }
  }
  merges.sort((a, b) => b.score - a.score || a.left - b.left || a.right - b.right)
  return merges.map(({ pair }) => pair)
}
