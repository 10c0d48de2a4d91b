import type { Node, Tree, TreeCursor } from '@vscode/tree-sitter-wasm'
import { commentBody, docstringBody } from '../comments/body.ts'
import { type Comment, documentingComments } from './comment-run.ts'
import { type Cut, cutText } from './cut-text.ts'
import { docstringOf } from './docstring.ts'
import type { Language } from './language.ts'
import { declaresFunction, ownName, receiverType, wrapperName } from './names.ts'

/** A definition of a source file. */
export interface Unit {
  readonly kind: 'function' | 'type' | 'declaration'
  /** With the names that it stands in: `Shape.area`. */
  readonly symbol: string
  /** Its own name. */
  readonly name: string
  /** Line of the definition, counted from 1. */
  readonly line: number
  /** Code without its documentation; inner definitions that are units too are there without their bodies. */
  readonly text: string
  /** The documentation without its marks; undefined where there is none. */
  readonly documentation: string | undefined
}

interface Open {
  readonly kind: Unit['kind']
  readonly symbol: string
  readonly name: string
  readonly line: number
  readonly start: number
  end: number
  documentation: string | undefined
  readonly cuts: Cut[]
}

/** One level of the tree on the way down. */
interface Level {
  pending: Comment[]
  /** Where attributes before a definition begin. */
  attributes: { start: number; row: number } | undefined
  /** The wrapper that a definition on this level belongs to; undefined where there is none, or it has its definition. */
  lead: Lead | undefined
  readonly unit: Open | undefined
  readonly scope: readonly string[]
}

/** The outermost of the wrappers around a definition, and the name that the innermost gives. */
interface Lead {
  readonly start: number
  readonly end: number
  readonly row: number
  readonly name: string | undefined
  /** Shared by nested wrappers: a second definition in one (`const f = …, g = …`) has its own text only. */
  readonly used: { value: boolean }
}

/**
 * The functions, methods and types of a syntax tree, in their order. Functions within functions are units only if they are documented: others
 * are details of the outer one. Parts that do not parse are passed over.
 */
export function unitsOf(tree: Tree, source: string, language: Language): Unit[] {
  const walk = new Walk(source, language)
  const cursor = tree.walk()
  walk.run(cursor)
  cursor.delete()
  return walk.units()
}

class Walk {
  readonly #source: string
  readonly #language: Language
  readonly #found: Open[] = []
  readonly #is: Readonly<
    Record<
      'function' | 'type' | 'declaration' | 'wrapper' | 'transparent' | 'attribute' | 'comment' | 'body',
      Set<string>
    >
  >

  constructor(source: string, language: Language) {
    this.#source = source
    this.#language = language
    this.#is = {
      function: new Set(language.functions),
      type: new Set(language.types),
      declaration: new Set(language.declarations),
      wrapper: new Set(language.wrappers),
      transparent: new Set(language.transparent),
      attribute: new Set(language.attributes),
      comment: new Set(language.comments),
      body: new Set(language.needsBody),
    }
  }

  units(): Unit[] {
    const found = this.#language.overloads === undefined ? this.#found : mergeOverloads(this.#found)
    return found.map((open) => ({
      kind: open.kind,
      symbol: open.symbol.replaceAll('\0', '.'),
      name: open.name,
      line: open.line,
      text: cutText(this.#source, open.start, open.end, open.cuts),
      documentation: open.documentation,
    }))
  }

  /** Goes through the tree without recursion: sources nest deeper than the stack allows. */
  run(cursor: TreeCursor): void {
    const levels: Level[] = []
    let level: Level = { ...fresh(), unit: undefined, scope: [] }
    for (;;) {
      const inner = this.#enter(cursor, level)
      if (inner !== undefined && cursor.gotoFirstChild()) {
        levels.push(level)
        level = inner
        continue
      }
      while (!cursor.gotoNextSibling()) {
        const outer = levels.pop()
        if (outer === undefined || !cursor.gotoParent()) return
        level = outer
      }
    }
  }

  /** Deals with a node and says what its children are to know; undefined when they do not matter. */
  #enter(cursor: TreeCursor, level: Level): Level | undefined {
    const type = cursor.nodeType
    if (this.#is.comment.has(type)) {
      this.#comment(cursor, level)
      return undefined
    }
    const { row } = cursor.startPosition
    if (this.#is.attribute.has(type)) {
      level.attributes ??= { start: cursor.startIndex, row }
      return undefined
    }
    // Key words are nodes too, some called like definitions (`class`).
    const named = cursor.nodeIsNamed
    const kind = named ? this.#kindOf(type) : undefined
    const open = kind === undefined ? undefined : this.#open(cursor.currentNode, kind, level)
    if (open !== undefined) return { ...fresh(), unit: open, scope: open.symbol.split('\0') }
    if (named && this.#is.wrapper.has(type)) return this.#wrap(cursor, level)
    if (this.#is.transparent.has(type))
      return { ...fresh(), pending: take(level), unit: level.unit, scope: level.scope }
    // Go's `type ( … )` holds definitions that have comments of their own.
    if (type === '(') level.lead = undefined
    // Names, types and key words within a wrapper leave its comments alone; anything else stands between comment and definition.
    const lead = level.lead?.used.value === false ? level.lead : undefined
    if (lead === undefined) take(level)
    if (!named) return undefined
    const field = this.#language.containers[type]
    const name =
      field === undefined ? lead?.name : cursor.currentNode.childForFieldName(field)?.text.replace(/[\s"'`]+/g, '')
    const tells = name !== undefined && name !== '' && !ANONYMOUS.has(name)
    return { ...fresh(), unit: level.unit, scope: tells ? [...level.scope, name] : level.scope }
  }

  #kindOf(type: string): Unit['kind'] | undefined {
    if (this.#is.function.has(type)) return 'function'
    if (this.#is.type.has(type)) return 'type'
    return this.#is.declaration.has(type) ? 'declaration' : undefined
  }

  #comment(cursor: TreeCursor, level: Level): void {
    const text = cursor.nodeText
    const { row } = cursor.startPosition
    const end = cursor.endPosition
    level.pending.push({
      text: text.trimEnd(),
      start: cursor.startIndex,
      end: cursor.endIndex,
      row,
      endRow: end.column === 0 && end.row > row ? end.row - 1 : end.row,
      trailing: !/^[\s{(]*$/.test(this.#lineBefore(cursor.startIndex)),
    })
  }

  #lineBefore(index: number): string {
    return this.#source.slice(this.#source.lastIndexOf('\n', index - 1) + 1, index)
  }

  #wrap(cursor: TreeCursor, level: Level): Level {
    const outer = level.lead?.used.value === false ? level.lead : undefined
    const lead: Lead = {
      start: outer?.start ?? level.attributes?.start ?? cursor.startIndex,
      row: outer?.row ?? level.attributes?.row ?? cursor.startPosition.row,
      end: outer?.end ?? cursor.endIndex,
      name: wrapperName(cursor.currentNode) ?? outer?.name,
      used: outer?.used ?? { value: false },
    }
    return { ...fresh(), pending: take(level), lead, unit: level.unit, scope: level.scope }
  }

  #open(node: Node, kind: Unit['kind'], level: Level): Open | undefined {
    if (kind === 'declaration' && node.childForFieldName('declarator') !== null && !declaresFunction(node))
      return undefined
    const body = node.childForFieldName('body')
    if (this.#is.body.has(node.type) && body === null) return undefined
    const lead = level.lead?.used.value === false ? level.lead : undefined
    const name = ownName(node) ?? lead?.name
    if (name === undefined) return undefined
    const start = lead?.start ?? level.attributes?.start ?? node.startIndex
    const row = lead?.row ?? level.attributes?.row ?? node.startPosition.row
    const comments = documentingComments(level.pending, row, this.#language)
    const docstring = this.#language.docstrings ? docstringOf(node) : undefined
    const documentation =
      docstring === undefined
        ? comments.length === 0
          ? undefined
          : commentBody(comments.map(({ text }) => text).join('\n'))
        : docstringBody(docstring.text)
    // A detail of the function around it.
    if (level.unit?.kind === 'function' && (documentation === undefined || documentation.trim() === ''))
      return undefined
    const receiver = receiverType(node)
    const open: Open = {
      kind: kind === 'function' && this.#onlyDeclares(node, start, body, docstring) ? 'declaration' : kind,
      symbol: [...level.scope, ...(receiver === undefined ? [] : [receiver]), name].join('\0'),
      name,
      line: node.startPosition.row + 1,
      start,
      end: lead?.end ?? node.endIndex,
      documentation,
      cuts: [],
    }
    for (const { start: from, end: to } of [...comments, ...(docstring ? [docstring] : [])])
      open.cuts.push({ start: from, end: to })
    if (level.unit !== undefined) {
      level.unit.cuts.push(...open.cuts)
      if (body !== null)
        level.unit.cuts.push({ start: body.startIndex, end: body.endIndex, instead: this.#language.elided })
    }
    this.#found.push(open)
    take(level)
    if (lead !== undefined) lead.used.value = true
    return open
  }

  /** Abstract methods, prototypes, overload signatures, and bodies that hold nothing but their documentation. */
  #onlyDeclares(
    node: Node,
    start: number,
    body: Node | null,
    docstring: { readonly alone: boolean } | undefined,
  ): boolean {
    if (docstring?.alone === true) return true
    // Ruby's methods lack the field where they are empty.
    if (body === null) return !/\bend\s*$/.test(node.text)
    return this.#language.overloads?.test(this.#source.slice(start, node.startIndex)) === true
  }
}

/** Names that say nothing about where a definition stands. */
const ANONYMOUS = new Set(['default', 'module.exports', 'exports'])

function fresh(): Pick<Level, 'pending' | 'attributes' | 'lead'> {
  return { pending: [], attributes: undefined, lead: undefined }
}

/** Empties a level of what waits for a definition. */
function take(level: Level): Comment[] {
  const pending = level.pending
  level.pending = []
  level.attributes = undefined
  return pending
}

/** Overload signatures and the implementation below them are one definition, documented by the first comment among them. */
function mergeOverloads(found: readonly Open[]): Open[] {
  const merged: Open[] = []
  for (const open of found) {
    const before = merged.at(-1)
    if (before?.kind === 'declaration' && open.symbol === before.symbol && open.start >= before.end) {
      merged[merged.length - 1] = {
        ...open,
        line: before.line,
        start: before.start,
        documentation: before.documentation ?? open.documentation,
        cuts: [...before.cuts, ...open.cuts],
      }
    } else merged.push(open)
  }
  return merged
}
