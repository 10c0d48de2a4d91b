export type { LlamaDevice } from './devices.ts'
export { type LlamaOptions, prepareLlama } from './prepare.ts'
