import { decoder } from './build.ts'
import {
  END_OF_TEXT,
  headUnseen,
  QWEN25_SHAPES,
  type Qwen25Size,
  qwenLicence,
  SYSTEM_PLAIN,
  SYSTEM_QWEN,
  TURN_END,
} from './qwen-common.ts'
import type { ModelEntry } from './types.ts'

const SIZES: readonly [size: Qwen25Size, base: string | null, instruct: string][] = [
  ['0.5b', '8123ea2e9354afb7ffcc6c8641d1b2f5ecf18301', 'ea3f2471cf1b1f0db85067f1ef93848e38e88c25'],
  ['1.5b', 'df3ce67c0e24480f20468b6ef2894622d69eb73b', '2e1fd397ee46e1388853d2af2c993145b0f1098a'],
  ['3b', '09d9bc5d376b0cfa0100a0694ea7de7232525803', '488639f1ff808d1d3d0ba301aef8c11461451ec5'],
  ['7b', '0396a76181e127dfc13e5c5ec48a8cee09938b02', 'c03e6d358207e414f1eca0bb1891e29f1db0e242'],
  ['14b', null, 'aedcc2d42b622764e023cf882b6652e646b95671'],
  ['32b', null, '381fc969f78efac66bc87ff7ddeadb7e73c218a7'],
]

/** Qwen2.5-Coder (Hui et al. 2024, arXiv:2409.12186): Qwen2.5 trained on with code. */
export const QWEN25_CODER: readonly ModelEntry[] = SIZES.flatMap(([size, base, instruct]) => {
  const common = {
    family: 'qwen2.5-coder',
    kind: 'llm',
    specialisation: 'code',
    architecture: 'qwen2',
    shape: QWEN25_SHAPES[size],
    context: 32_768,
    pad: END_OF_TEXT,
    chat: true,
    licence: qwenLicence(size),
    recipe: { recipe: 'promptreps' },
  } as const
  return [
    decoder({
      ...common,
      name: `qwen2.5-coder-${size}`,
      hub: `Qwen/Qwen2.5-Coder-${size.toUpperCase()}`,
      revision: base,
      eos: END_OF_TEXT,
      systemTurn: SYSTEM_PLAIN,
      descendsFrom: { name: `qwen2.5-${size}`, how: 'further training on code' },
      unverified: [...headUnseen(size), 'systemTurn', 'descendsFrom', 'licence'],
    }),
    decoder({
      ...common,
      name: `qwen2.5-coder-${size}-instruct`,
      hub: `Qwen/Qwen2.5-Coder-${size.toUpperCase()}-Instruct`,
      revision: instruct,
      eos: TURN_END,
      systemTurn: SYSTEM_QWEN,
      descendsFrom: { name: `qwen2.5-coder-${size}`, how: 'instruction tuning' },
      unverified: [...headUnseen(size), 'licence'],
    }),
  ]
})
