import { createHash } from 'node:crypto'

/** What JSON can hold; the only values that may enter a fingerprint. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * JSON with keys in code-unit order and no white space, so that equal content gives equal bytes.
 * `undefined` members are left out; NaN and infinities are refused because JSON would silently turn them into null.
 *
 * @throws TypeError on a number that JSON cannot hold.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} cannot enter a fingerprint`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const record = value as { readonly [key: string]: Json | undefined }
  const members = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key]!)}`)
  return `{${members.join(',')}}`
}

/** SHA-256 of the canonical JSON of all that determines an artifact: 64 hexadecimal digits. */
export function fingerprint(identity: Json): string {
  return createHash('sha256').update(canonicalJson(identity)).digest('hex')
}

/** The paths of the members in which two identities differ, e.g. `recipe.query.prefix`; for messages that name the field. */
export function differingFields(a: Json | undefined, b: Json | undefined, path = ''): string[] {
  if (a === undefined || b === undefined) return a === b ? [] : [path]
  const isRecord = (v: Json): v is { readonly [key: string]: Json | undefined } =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
  if (!isRecord(a) || !isRecord(b)) return canonicalJson(a) === canonicalJson(b) ? [] : [path]
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return keys.flatMap((key) => differingFields(a[key], b[key], path === '' ? key : `${path}.${key}`))
}
