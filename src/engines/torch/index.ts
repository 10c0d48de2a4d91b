export type { TorchDtype } from './plan.ts'
export { type PlannedTorch, planTorch, prepareTorch, type TorchOptions } from './prepare.ts'
export { type SetupOptions, setupTorch } from './setup.ts'
export { configFile } from './user-config.ts'
