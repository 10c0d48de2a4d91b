/** A comment as it stands in the code, or several line comments in a row, without its marks; lines are kept. */
export function commentBody(raw: string): string {
  const text = raw.trim()
  if (text.startsWith('/*')) return withoutStars(text)
  if (text.startsWith('=begin')) return text.replace(/^=begin[^\n]*\n/, '').replace(/\n=end[^\n]*$/, '')
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*(?:\/\/[/!]*|#+!?)[ \t]?/, ''))
    .join('\n')
}

/** The text of a Python string as written: prefix and quotes off, indentation as PEP 257 takes it off. Escapes stay. */
export function docstringBody(raw: string): string {
  const inner = /^[a-zA-Z]*("""|'''|"|')([\s\S]*)\1$/.exec(raw.trim())?.[2] ?? ''
  const lines = inner.replace(/\\\n/g, '').replaceAll('\t', '        ').split('\n')
  const indents = lines.slice(1).flatMap((line) => (line.trim() === '' ? [] : [/^ */.exec(line)![0].length]))
  const indent = indents.length === 0 ? 0 : Math.min(...indents)
  return [lines[0]!.trim(), ...lines.slice(1).map((line) => line.slice(indent).trimEnd())].join('\n')
}

function withoutStars(text: string): string {
  // Several block comments in a row, as `/* a */ /* b */`, are read as one.
  return text
    .split('\n')
    .map((line) => {
      const closed = line.replace(/\*+\/\s*$/, '')
      const opened = closed.replace(/^\s*\/\*[*!]*<?/, '')
      return opened === closed ? closed.replace(/^\s*\*+(?=\s|$|[^\s*/])[ \t]?/, '') : opened
    })
    .join('\n')
}
