import type { Json } from '../../core/fingerprint.ts'
import type { ModelFacts } from '../../recipes/types.ts'
import { decoderIdentity } from '../image/decode.ts'
import type { ModelFolder } from '../text/files.ts'
import type { ImageReading } from '../types.ts'
import type { DualPlan } from './items.ts'
import { type DualShape, imageTokens } from './shape.ts'

/** What recipes need to know of a dual encoder. */
export function dualFacts(files: ModelFolder, shape: DualShape, name: string): ModelFacts {
  const { chatTemplate, ...tokens } = files.specialTokens
  const { positions } = shape.text
  return {
    name,
    architecture: shape.family,
    decoder: false,
    layers: null,
    context: positions,
    chatTemplate,
    tokens,
    files: { ...files, maxPositions: positions, positionLimit: positions },
  }
}

/** How a dual encoder reads images. */
export function dualReading({ settings, shape }: DualPlan): ImageReading {
  const identity: Json = {
    ...(settings as unknown as { readonly [key: string]: Json }),
    decoder: { ...decoderIdentity() },
  }
  return { identity, tokens: () => imageTokens(shape) }
}
