/**
 * How a language writes definitions and their documentation: node types of its tree-sitter grammar, and which comments document. Pure data,
 * one file per family of languages; `units.ts` reads it.
 */
export interface Language {
  /** As `--languages` names it. */
  readonly name: string
  /** The grammar's file, without `tree-sitter-` and `.wasm`. */
  readonly grammar: string
  /** Endings of file names, without the dot, lower case. */
  readonly extensions: readonly string[]
  /** Functions and methods. Those without a name of their own or of a wrapper are no units. */
  readonly functions: readonly string[]
  /** Classes, structs, interfaces, traits, enums. */
  readonly types: readonly string[]
  /** Node types that may declare a function without a body; they count if what they declare is a function. */
  readonly declarations: readonly string[]
  /** Nodes around a definition that belong to it: `export`, `const f =`, decorators, `template<…>`. A comment before them documents it. */
  readonly wrappers: readonly string[]
  /** Nodes whose first child is documented by a comment before the node. */
  readonly transparent: readonly string[]
  /** Siblings that may stand between a comment and its definition, and belong to the definition: Rust's attributes. */
  readonly attributes: readonly string[]
  /** Nodes that give their name to what is inside, and are no units: namespaces, `impl`. Type → field with the name. */
  readonly containers: Readonly<Record<string, string>>
  readonly comments: readonly string[]
  /** A comment that documents what follows, also over one blank line. */
  readonly docComment: RegExp
  /** Whether any other comment right above a definition documents it, as Go, Ruby, shell and C have it. */
  readonly plainComments: boolean
  /** Whether the first string of a body documents it, as in Python. */
  readonly docstrings: boolean
  /** Types of nodes that are types or functions only with a body: `struct S s;` is no definition of S. */
  readonly needsBody: readonly string[]
  /**
   * Given where overload signatures of one name and the implementation below them make one definition: what stands before those signatures
   * that have a body (Python's `@overload`).
   */
  readonly overloads: RegExp | undefined
  /** What stands for the body of an inner definition that is a document of its own. */
  readonly elided: string
}
