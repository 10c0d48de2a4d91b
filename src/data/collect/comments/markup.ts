const lastName = (path: string) => /[\w$]+(?=\W*$)/.exec(path.replace(/\([^)]*\)\s*$/, ''))?.[0] ?? path

/** C#'s XML documentation: the summary, references as the names that they are to. Other comments come back as they are. */
export function xmlDocumentation(body: string): string {
  const summary = /<summary>([\s\S]*?)(?:<\/summary>|$)/i.exec(body)?.[1]
  const named = (summary ?? body)
    .replace(/<(?:see|seealso)\s+(?:cref|langword|href)\s*=\s*"([^"]*)"\s*\/>/gi, (_, target: string) =>
      lastName(target),
    )
    .replace(/<(?:paramref|typeparamref)\s+name\s*=\s*"([^"]*)"\s*\/>/gi, '$1')
  if (summary !== undefined) return named.replace(/<\/?para>/gi, '\n\n')
  // No summary, but the tags of one that describes nothing: parameters and the like alone.
  return /^\s*<(?:param|returns|inheritdoc|exception|typeparam|value|include)\b/i.test(body) ? '' : named
}

/**
 * Inline marks that Markdown does not know, as plain text or as Markdown: Javadoc's and JSDoc's `{@link A#b text}`, Doxygen's `\c x`, Sphinx's
 * `:func:`name``, RDoc's `+x+`, Rust's [`x`]. Paragraph marks of HTML become empty lines.
 */
export function inlineMarkup(body: string): string {
  return (
    body
      .replace(
        /\{@(?:link|linkplain|linkcode|see|value)\s+([^\s}|(]+(?:\([^)]*\))?)(?:[\s|]+([^}]*))?\}/g,
        (_, target: string, text?: string) => (text?.trim() ? text.trim() : lastName(target)),
      )
      .replace(
        /\{@(?:code|literal|snippet)\s+([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g,
        (_, code: string) => `\`${code.replace(/\s+/g, ' ').trim()}\``,
      )
      // Java's short form for a comment that says nothing but what is returned.
      .replace(/\{@return\s+([^{}]*)\}/g, (_, text: string) => `Returns ${text.trim().replace(/\.$/, '')}. `)
      .replace(/\{@\w+[^}]*\}/g, ' ')
      .replace(/(^|[\s(])[@\\](?:c|p|a|b|e|em|ref|code\{[^}]*\}|f\$)\s+(?=\S)/gm, '$1')
      .replace(/[@\\]f[$[{]([\s\S]*?)[@\\]f[$\]}]/g, '$1')
      .replace(/(?::[a-z]+)?:[a-z]+:`~?([^`<]+?)(?:\s*<[^>]+>)?`/g, (_, name: string) =>
        /^[\w.]+(?:\(\))?$/.test(name) ? lastName(name) : name,
      )
      .replace(/\[(`[^`\]]+`)\](?![([])/g, '$1')
      .replace(/(^|\s)\+([\w:.#?!]+)\+(?=[\s.,;:)]|$)/gm, '$1$2')
      .replace(
        /(?<=\w)<(?=[A-Z?][\w\s,.?<>[\]]*>)([\w\s,.?<>[\]]*)>/g,
        (_, inner: string) => `\\<${inner.replace(/[<>]/g, '\\$&')}\\>`,
      )
      .replace(/<(?:p|br)\s*\/?>/gi, '\n\n')
  )
}
