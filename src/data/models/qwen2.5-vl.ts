import { decoder } from './build.ts'
import { qwenVisionParameters } from './parameters.ts'
import { END_OF_TEXT, QWEN25_SHAPES, type Qwen25Size, qwenLicence, SYSTEM_PLAIN, TURN_END } from './qwen-common.ts'
import type { ModelEntry, ModelField } from './types.ts'

/** Size, commit, width of the vision tower's feed-forward part. */
const SIZES: readonly [size: Qwen25Size, revision: string, visionWidth: number][] = [
  ['3b', '66285546d2b821cf421d4f5eb2576359d3770cd3', 3420],
  ['7b', 'cc594898137f460bfe9f0759e9844b3ce807cfb5', 3420],
  ['32b', '7cfb30d71a1f4f49a57592323337a4a4727301da', 3456],
  ['72b', '89c86200743eec961a297729e7990e8f2ddbc4c5', 3456],
]

/** Qwen2.5-VL (Bai et al. 2025, arXiv:2502.13923): Qwen2.5 with a vision tower. There is no base model of it. */
export const QWEN25_VL: readonly ModelEntry[] = SIZES.map(([size, revision, visionWidth]) => {
  const shape = QWEN25_SHAPES[size]
  const unverified: ModelField[] = ['head', 'descendsFrom', 'licence']
  if (size !== '7b') unverified.unshift('parameters')
  return decoder({
    name: `qwen2.5-vl-${size}-instruct`,
    family: 'qwen2.5-vl',
    hub: `Qwen/Qwen2.5-VL-${size.toUpperCase()}-Instruct`,
    revision,
    kind: 'vision-llm',
    specialisation: 'vision',
    architecture: 'qwen2_5_vl',
    visionParameters: qwenVisionParameters(visionWidth, shape.hidden),
    shape,
    context: 128_000,
    eos: TURN_END,
    pad: END_OF_TEXT,
    chat: true,
    systemTurn: SYSTEM_PLAIN,
    descendsFrom: { name: `qwen2.5-${size}`, how: 'training on images and text, then instruction tuning' },
    licence: qwenLicence(size),
    recipe: { recipe: 'promptreps' },
    note: 'Some versions of transformers give its last hidden states before the final norm, unlike the text models: set `finalNorm` and compare like with like.',
    unverified,
  })
})
