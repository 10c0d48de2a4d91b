import { basename, isAbsolute } from 'node:path'
import type { Json } from '../../core/fingerprint.ts'
import { type MergeSource, type MergeSpec, sourcesOf } from '../../fusion/weights/index.ts'

/** One line for people, e.g. `ties merge of qwen2.5-coder-7b (0.5) and qwen2.5-math-7b`. */
export function describeMerge(spec: MergeSpec): string {
  const told = [...new Set(sourcesOf(spec).map(describeSource))]
  return `${spec.method} merge of ${told.join(' and ')}`
}

/** A name of letters, digits and `. _ + @ -` only. */
export function mergeName(spec: MergeSpec): string {
  const names = [...new Set(sourcesOf(spec).map((source) => shortName(source.adapter ?? source.model)))]
  return `${spec.method}-${names.join('+')}`.replaceAll(/[^\p{L}\p{N}._+@-]+/gu, '-')
}

/** A merge for results: of folders on this machine the last part only. */
export function shownMerge(spec: MergeSpec): Json {
  return JSON.parse(
    JSON.stringify(spec, (key, value) =>
      typeof value === 'string' && ['model', 'adapter', 'base'].includes(key) && isAbsolute(value)
        ? basename(value)
        : value,
    ),
  ) as Json
}

function describeSource({ model, adapter, weight }: MergeSource): string {
  const name = adapter === undefined ? shortName(model) : shortName(adapter)
  return typeof weight === 'number' ? `${name} (${weight})` : name
}

function shortName(name: string): string {
  return basename(name.replace(/@[^/@]*$/, ''))
}
