export { fitSpace } from './fit.ts'
export type { FittedSpace } from './fitted.ts'
export { loadSpace, saveSpace } from './fitted-file.ts'
export type { MemberSpace } from './members.ts'
export {
  fusedDimension,
  SPACE_CUTS,
  SPACE_METHODS,
  type SpaceMethod,
  type SpaceOptions,
  spaceOptions,
} from './options.ts'
export { fuseStores } from './space-store.ts'
