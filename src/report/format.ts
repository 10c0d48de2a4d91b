/** The field's minus sign: as wide as a plus in tabular figures, and never broken from its number. */
const MINUS = '−'

/** What stands where there is no number. */
export const NO_VALUE = '–'

/** A score as the field prints it, e.g. `0.6789`. */
export function formatScore(value: number | null, digits = 4): string {
  if (value === null) return NO_VALUE
  return withMinus(value.toFixed(digits))
}

/** A difference with its sign, e.g. `+0.0223` or `−0.0338`; exactly zero has none. */
export function formatDifference(value: number | null, digits = 4): string {
  if (value === null) return NO_VALUE
  const text = value.toFixed(digits)
  if (Number(text) === 0) return value === 0 ? (0).toFixed(digits) : `${value > 0 ? '+' : MINUS}${(0).toFixed(digits)}`
  return value > 0 ? `+${text}` : withMinus(text)
}

function withMinus(text: string): string {
  if (!text.startsWith('-')) return text
  return Number(text) === 0 ? text.slice(1) : `${MINUS}${text.slice(1)}`
}

/** A p-value with four digits; small ones as a bound, because resampling tests have a floor. */
export function formatP(p: number): string {
  return p < 0.0001 ? '<0.0001' : p.toFixed(4)
}

/** `p = 0.0123` or `p < 0.0001`, for running text. */
export function formatPEquation(p: number): string {
  return p < 0.0001 ? 'p < 0.0001' : `p = ${p.toFixed(4)}`
}

/** Whole numbers with thousands separators, independent of the reader's locale. */
export function formatCount(value: number): string {
  const digits = Math.abs(Math.round(value)).toString()
  return (value < 0 ? MINUS : '') + digits.replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Three significant digits without an exponent, for quantities that span magnitudes. */
function significant(exact: number): string {
  if (exact === 0) return '0'
  const value = Number(exact.toPrecision(3))
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value >= 1000 ? formatCount(exact) : value.toFixed(digits)
}

/** Seconds as `0.42 s`, `3 min 05 s` or `2 h 07 min`. */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null) return NO_VALUE
  if (seconds < 60) return `${significant(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** Milliseconds per query, e.g. `0.84 ms`. */
export function formatMs(ms: number | null): string {
  return ms === null ? NO_VALUE : `${significant(ms)} ms`
}

/** Bytes in powers of 1000, as disks are sold and tools report: `8.02 MB`. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return NO_VALUE
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? formatCount(value) : significant(value)} ${units[unit]}`
}

/** A share 0–1 in per cent; a small one is never shown as 0, nor an incomplete one as 100. */
export function formatShare(share: number | null): string {
  if (share === null) return NO_VALUE
  const percent = share * 100
  if (percent > 0 && percent < 0.1) return '<0.1 %'
  if (percent < 100 && percent > 99.9) return '>99.9 %'
  return `${percent === 0 || percent === 100 ? percent : percent.toFixed(1)} %`
}

/** Tokens per second and the like: three significant digits, thousands separated. */
export function formatRate(perSecond: number | null): string {
  return perSecond === null ? NO_VALUE : significant(perSecond)
}

/** `1 query`, `300 queries`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** `2026-11-24 19:53 UTC`, or the text itself if it is no date. */
export function formatTime(iso: string): string {
  const time = new Date(iso)
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
