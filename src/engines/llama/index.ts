export type { LlamaDevice } from './devices.ts'
export type { LlamaDtype } from './dtypes.ts'
export { type LlamaOptions, prepareLlama } from './prepare.ts'
