import type { MergeSource, MergeSpec } from '../../fusion/weights/index.ts'
import { localPath, type ResolveContext } from '../resolve-context.ts'

/** A merge with its paths relative to the study's folder made absolute. */
export function resolveMerge(given: MergeSpec, { folder }: Pick<ResolveContext, 'folder'>): MergeSpec {
  const place = (name: string) => localPath(name, folder) ?? name
  const source = <S extends MergeSource>(one: S): S => ({
    ...one,
    model: place(one.model),
    ...(one.adapter === undefined ? {} : { adapter: place(one.adapter) }),
  })
  return {
    ...given,
    ...(given.base === undefined ? {} : { base: place(given.base) }),
    ...(given.models === undefined ? {} : { models: given.models.map(source) }),
    ...(given.slices === undefined
      ? {}
      : { slices: given.slices.map((slice) => ({ ...slice, sources: slice.sources.map(source) })) }),
  }
}
