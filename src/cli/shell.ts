/** A word as a shell takes it for one, for commands that are printed to be copied; as it is where nothing needs quotes. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
