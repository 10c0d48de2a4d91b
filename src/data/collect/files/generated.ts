/** Names that tools give to what they write. */
const GENERATED_NAME =
  /\.(?:min|bundle|generated|gen|pb|designer|g)\.\w+$|[._](?:pb2|pb2_grpc|generated)\.\w+$|\.pb\.(?:cc|h|go)$|^(?:moc_|ui_|qrc_)\w+\.\w+$/i
const GENERATED_MARK =
  /@generated\b|\bdo not (?:edit|modify)\b|\b(?:auto-?|automatically |machine[- ])generated\b|\bcode generated\b|\b(?:this|the) file (?:is|was|has been) (?:auto|generated|created automatically)|\bgenerated (?:by|from|with|using) [\w./-]+/i
/** How far from the top a file says that it was generated. */
const TOP = 1500
/** Lines of people are shorter. */
const LONG_LINE = 2000
const MEAN_LINE = 300

/** Why a source file is not a person's work: `generated`, `minified`; undefined for others. */
export function notWritten(name: string, text: string): 'generated' | 'minified' | undefined {
  if (/\.min\.\w+$/i.test(name)) return 'minified'
  if (GENERATED_NAME.test(name) || commentsAtTop(text).some((line) => GENERATED_MARK.test(line))) return 'generated'
  return isMinified(text) ? 'minified' : undefined
}

/** Only comments count: code may well speak of generated files. */
function commentsAtTop(text: string): string[] {
  return text
    .slice(0, TOP)
    .split('\n')
    .filter((line) => /^\s*(?:\/\/|\/\*|\*|#|--|;|<!--)/.test(line))
}

function isMinified(text: string): boolean {
  if (text.length < LONG_LINE) return false
  let lines = 1
  let longest = 0
  let start = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', start)) {
    longest = Math.max(longest, at - start)
    start = at + 1
    lines++
  }
  longest = Math.max(longest, text.length - start)
  return longest > LONG_LINE && text.length / lines > MEAN_LINE
}
