export { fuse } from './fuse.ts'
export { type FusionOptions, fusionOptions } from './options.ts'
export { FUSION_METHODS, type FusionMethod, NORMALISATIONS, type Normalisation } from './registry.ts'
