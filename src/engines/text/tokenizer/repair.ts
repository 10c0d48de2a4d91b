import { type BertNormalizerConfig, bertNormalizer } from './bert-normalizer.ts'
import type { LibraryNormalizer } from './library.ts'
import { lowerCase } from './lower-case.ts'
import { precompiledNormalizer } from './precompiled.ts'

/**
 * Makes the JavaScript library's normalisers give what the Rust one's give where they are known to differ: BERT's, SentencePiece's character
 * map, lower case.
 */
export function repairNormalizer(part: LibraryNormalizer | null): void {
  if (part === null) return
  for (const member of part.normalizers ?? []) repairNormalizer(member)
  const { type } = part.config ?? {}
  if (type === 'BertNormalizer') part.normalize = bertNormalizer(part.config as BertNormalizerConfig)
  if (type === 'Lowercase') part.normalize = lowerCase
  if (type === 'Precompiled') {
    const map = part.config?.precompiled_charsmap
    if (typeof map === 'string' && map !== '') part.normalize = precompiledNormalizer(map)
    else part.normalize = (text) => text
  }
}
