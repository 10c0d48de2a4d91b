/** Lower case character by character, as Rust's `char::to_lowercase` has it: a capital sigma is never a final one. */
export function lowerCase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase()
}
