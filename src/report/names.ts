/** A name of at most `limit` characters: of a longer one the middle goes, since variants of one thing differ at the end. */
export function shortName(name: string, limit: number): string {
  const characters = [...name]
  if (characters.length <= limit) return name
  const head = Math.floor((limit - 1) / 3)
  return `${characters.slice(0, head).join('')}…${characters.slice(head + 1 - limit).join('')}`
}

/**
 * The names, each of at most `limit` characters or so. Those that are longer are told apart by what is left without the beginning and the end
 * that all of them share, `…layer_0.93…`; where that is still too long, the middle goes.
 */
export function shortNames(names: readonly string[], limit: number): string[] {
  const long = names.filter((name) => [...name].length > limit)
  if (long.length < 2) return names.map((name) => shortName(name, limit))
  const prefix = whole(commonStart(long), /^.*[-+/@: ]/su)
  const suffix = whole(reverse(commonStart(long.map(reverse))), /[-+/@: ].*$/su)
  return names.map((name) => {
    if (!long.includes(name)) return name
    const rest = name.slice(prefix.length, name.length - suffix.length)
    const [before, after] = [prefix, suffix].map((part) => (part === '' ? '' : '…'))
    const left = prefix.length + suffix.length < name.length ? `${before}${rest}${after}` : name
    return shortName(left, limit)
  })
}

/** Of what is shared, as much as ends with, or begins at, a seam: neither `layer_0.9` of 0.93 and 0.94 nor `layer_` is a part of a name. */
const whole = (shared: string, seam: RegExp) => seam.exec(shared)?.[0] ?? ''

const reverse = (text: string) => [...text].reverse().join('')

function commonStart(texts: readonly string[]): string {
  const [first = '', ...others] = texts
  let length = 0
  for (const character of first) {
    if (!others.every((text) => text.startsWith(character, length))) break
    length += character.length
  }
  return first.slice(0, length)
}
