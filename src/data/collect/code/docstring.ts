import type { Node } from '@vscode/tree-sitter-wasm'

export interface Docstring {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Whether the body holds nothing else. */
  readonly alone: boolean
}

/** The docstring of a Python definition (PEP 257): the first statement of its body, if it is a string and no f-string or bytes. */
export function docstringOf(definition: Node): Docstring | undefined {
  const body = definition.childForFieldName('body')
  const statements = body?.namedChildren.filter((child) => child !== null && child.type !== 'comment') ?? []
  const first = statements[0]
  const string = first?.type === 'expression_statement' ? first.firstNamedChild : first
  if (first == null || string?.type !== 'string' || /^[a-z]*[fb]/i.test(string.text)) return undefined
  return { text: string.text, start: first.startIndex, end: first.endIndex, alone: statements.length === 1 }
}
