import type { Language } from '../language.ts'

/** RDoc and YARD: comments right above. */
export const RUBY: Language = {
  name: 'ruby',
  grammar: 'ruby',
  extensions: ['rb', 'rake'],
  functions: ['method', 'singleton_method'],
  types: ['class', 'module'],
  declarations: [],
  wrappers: [],
  // The comment above the first definition of a body stands outside of the body in this grammar.
  transparent: ['body_statement'],
  attributes: [],
  containers: {},
  comments: ['comment'],
  docComment: /^=begin/,
  plainComments: true,
  docstrings: false,
  needsBody: [],
  overloads: undefined,
  elided: '…',
}

/** PHPDoc. */
export const PHP: Language = {
  name: 'php',
  grammar: 'php',
  extensions: ['php', 'php5', 'php7', 'phtml'],
  functions: ['function_definition', 'method_declaration'],
  types: ['class_declaration', 'interface_declaration', 'trait_declaration', 'enum_declaration'],
  declarations: [],
  wrappers: [],
  transparent: [],
  attributes: [],
  containers: {},
  comments: ['comment'],
  docComment: /^\/\*\*(?!\*)/,
  plainComments: false,
  docstrings: false,
  needsBody: [],
  overloads: undefined,
  elided: '{ … }',
}

export const SHELL: Language = {
  name: 'shell',
  grammar: 'bash',
  extensions: ['sh', 'bash'],
  functions: ['function_definition'],
  types: [],
  declarations: [],
  wrappers: [],
  transparent: [],
  attributes: [],
  containers: {},
  comments: ['comment'],
  docComment: /(?!)/,
  plainComments: true,
  docstrings: false,
  needsBody: [],
  overloads: undefined,
  elided: '{ … }',
}
