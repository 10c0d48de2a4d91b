import { tableFormat } from '../table.ts'

const SHARD = /-\d{5}-of-\d{5}(-[0-9a-f]+)?$/
/** Names that say nothing of the split: what the hub's tools put around data. */
const NEUTRAL = new Set(['data', 'default'])

/**
 * Files of a training set by their split, as Tevatron lays them out: `train.jsonl.gz`, `dev.jsonl.gz` … at the top, or the hub's
 * parquet forms (`data/train-00000-of-00003.parquet`, `default/train/0000.parquet`, `default/NAME-train-00000-of-00010.parquet`).
 *
 * @param paths Relative paths with `/`.
 * @param name Last part of the repository's name, which older conversions put before the split.
 */
export function trainingSplits(paths: readonly string[], name: string): Map<string, string[]> {
  const splits = new Map<string, string[]>()
  for (const path of [...paths].sort()) {
    if (tableFormat(path) === undefined) continue
    const split = splitOf(path, name)
    if (split !== undefined) splits.set(split, [...(splits.get(split) ?? []), path])
  }
  return splits
}

function splitOf(path: string, name: string): string | undefined {
  const parts = path.split('/')
  const stem = parts
    .pop()!
    .replace(/\.gz$/i, '')
    .replace(/\.[^.]+$/, '')
    .replace(SHARD, '')
  const own = stem.startsWith(`${name}-`) ? stem.slice(name.length + 1) : stem
  return [...parts, own].filter((part) => !NEUTRAL.has(part) && !/^\d+$/.test(part)).at(-1)
}
