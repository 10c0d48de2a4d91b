import type { Node } from '@vscode/tree-sitter-wasm'

/** What a C declarator declares: the name under pointers, references and parameters, and whether it is a function. */
function declared(node: Node): { name: Node | undefined; isFunction: boolean } {
  let isFunction = false
  let at = node.childForFieldName('declarator')
  while (at !== null) {
    if (at.type === 'parenthesized_declarator') return { name: undefined, isFunction: false }
    if (at.type === 'function_declarator') isFunction = true
    // References have no field for what they refer to.
    const inner = at.childForFieldName('declarator') ?? (at.type === 'reference_declarator' ? at.lastNamedChild : null)
    if (inner === null) return { name: at, isFunction }
    at = inner
  }
  return { name: undefined, isFunction }
}

/** Whether a node of C declares or defines a function, and not a variable or a pointer to a function. */
export function declaresFunction(node: Node): boolean {
  return declared(node).isFunction
}

/** The name in a definition's own fields; undefined for anonymous ones. */
export function ownName(node: Node): string | undefined {
  const name = node.childForFieldName('name') ?? declared(node).name
  return name === undefined ? undefined : tidy(name.text)
}

/** The name that a wrapper gives: `f` of `const f = …` and `a.b.f = …`, the key of a pair. */
export function wrapperName(node: Node): string | undefined {
  for (const field of ['name', 'left', 'key', 'property']) {
    const named = node.childForFieldName(field)
    if (named !== null) return tidy(named.text)
  }
  if (node.type === 'export_statement' && node.children.some((child) => child?.type === 'default')) return 'default'
  return node.type === 'type_definition' ? declaredType(node) : undefined
}

function declaredType(node: Node): string | undefined {
  const name = node.childForFieldName('declarator')
  return name === null ? undefined : tidy(name.text)
}

/** The type that a method of Go belongs to. */
export function receiverType(node: Node): string | undefined {
  const receiver = node.childForFieldName('receiver')
  return receiver === null ? undefined : /([\w]+)(?:\[[^\]]*\])?\s*\)$/.exec(receiver.text)?.[1]
}

/** A name as an id can hold it, or undefined where the grammar took something else for one, such as `namespace std` behind a macro. */
function tidy(name: string): string | undefined {
  const text = name
    .replace(/^(?:module\.)?exports\.(?=.)/, '')
    .replace(/^['"`]|['"`]$/g, '')
    .trim()
  if (text === '' || text.length > 200) return undefined
  return /\s/.test(text) && !/\boperator\b|^~|[:<,[]/.test(text) ? undefined : text.replace(/\s+/g, '')
}
