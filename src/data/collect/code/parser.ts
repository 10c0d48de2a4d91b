import { createRequire } from 'node:module'
import type { Language as Grammar, Parser, Tree } from '@vscode/tree-sitter-wasm'
import type { Language } from './language.ts'

const require = createRequire(import.meta.url)

/** Reads source text into syntax trees; grammars are WebAssembly and are loaded when first needed. */
export class SourceParser {
  readonly #library: typeof import('@vscode/tree-sitter-wasm')
  readonly #grammars = new Map<string, Promise<Grammar>>()
  #parser: Parser

  private constructor(library: typeof import('@vscode/tree-sitter-wasm')) {
    this.#library = library
    this.#parser = new library.Parser()
  }

  static async create(): Promise<SourceParser> {
    // The package is of CommonJS kind, whose names Node does not all see from outside.
    const library = require('@vscode/tree-sitter-wasm') as typeof import('@vscode/tree-sitter-wasm')
    await library.Parser.init()
    return new SourceParser(library)
  }

  /**
   * The tree of a source text, also where parts of it do not parse. The caller deletes it.
   *
   * @throws Error when the grammar's code fails; the parser can be used again.
   */
  async parse(source: string, language: Language): Promise<Tree> {
    let grammar = this.#grammars.get(language.grammar)
    if (grammar === undefined) {
      const file = require.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${language.grammar}.wasm`)
      grammar = this.#library.Language.load(file)
      this.#grammars.set(language.grammar, grammar)
    }
    this.#parser.setLanguage(await grammar)
    try {
      const tree = this.#parser.parse(source)
      if (tree !== null) return tree
      throw new Error('the grammar gave no tree')
    } catch (error) {
      this.#parser = new this.#library.Parser()
      throw error
    }
  }

  close(): void {
    this.#parser.delete()
  }
}
