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
import type { ModelEntry, ModelField } from './types.ts'

/** Size, commits of the base and of the instruct model, context of each. */
const SIZES: readonly [size: Qwen25Size, base: string, instruct: string, baseContext: number, context: number][] = [
  ['0.5b', '060db6499f32faf8b98477b0a26969ef7d8b9987', '7ae557604adf67be50417f59c2c2f167def9a775', 32_768, 32_768],
  ['1.5b', '8faed761d45a263340a0528343f099c05c9a4323', '989aa7980e4cf806f80c7fef2b1adb7bc71aa306', 131_072, 32_768],
  ['3b', '3aab1f1954e9cc14eb9509a215f9e5ca08227a9b', 'aa8e72537993ba99e69dfaafa59ed015b17504d1', 32_768, 32_768],
  ['7b', 'd149729398750b98c0af14eb82c78cfe92750796', 'a09a35458c702b33eeacc393d103063234e8bc28', 131_072, 32_768],
  ['14b', '97e1e76335b7017d8f67c08a19d103c0504298c9', 'cf98f3b3bbb457ad9e2bb7baf9a0125b6b88caa8', 131_072, 32_768],
  ['32b', '1818d35814b8319459f4bd55ed1ac8709630f003', '5ede1c97bbab6ce5cda5812749b4c0bdf79b18dd', 131_072, 32_768],
  ['72b', '587cc4061cf6a7cc0d429d05c109447e5cf063af', '495f39366efef23836d0cfae4fbe635880d2be31', 131_072, 32_768],
]

/** Sizes whose instruct context was seen: the 7B one in an issue of its makers, the others share the base model's. */
const SEEN = new Set(['0.5b', '3b', '7b'])

/** Qwen2.5 (Qwen team 2024, arXiv:2412.15115): the root of the family that the study compares. */
export const QWEN25: readonly ModelEntry[] = SIZES.flatMap(([size, base, instruct, baseContext, context]) => {
  const common = {
    family: 'qwen2.5',
    kind: 'llm',
    architecture: 'qwen2',
    shape: QWEN25_SHAPES[size],
    pad: END_OF_TEXT,
    chat: true,
    licence: qwenLicence(size),
    recipe: { recipe: 'promptreps' },
  } as const
  const unverified: ModelField[] = [...headUnseen(size), ...(SEEN.has(size) ? [] : ['context' as const]), 'licence']
  return [
    decoder({
      ...common,
      name: `qwen2.5-${size}`,
      hub: `Qwen/Qwen2.5-${size.toUpperCase()}`,
      revision: base,
      specialisation: 'base',
      context: baseContext,
      eos: END_OF_TEXT,
      systemTurn: SYSTEM_PLAIN,
      unverified: [...headUnseen(size), 'systemTurn', 'licence'],
    }),
    decoder({
      ...common,
      name: `qwen2.5-${size}-instruct`,
      hub: `Qwen/Qwen2.5-${size.toUpperCase()}-Instruct`,
      revision: instruct,
      specialisation: 'instruct',
      context,
      eos: TURN_END,
      systemTurn: SYSTEM_QWEN,
      descendsFrom: { name: `qwen2.5-${size}`, how: 'instruction tuning' },
      unverified,
    }),
  ]
})
