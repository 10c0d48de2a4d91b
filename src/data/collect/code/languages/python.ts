import type { Language } from '../language.ts'

/** Docstrings as PEP 257 has them; comments before a definition are remarks and do not document. */
export const PYTHON: Language = {
  name: 'python',
  grammar: 'python',
  extensions: ['py', 'pyi', 'pyx'],
  functions: ['function_definition'],
  types: ['class_definition'],
  declarations: [],
  wrappers: ['decorated_definition'],
  transparent: [],
  attributes: [],
  containers: {},
  comments: ['comment'],
  docComment: /(?!)/,
  plainComments: false,
  docstrings: true,
  needsBody: [],
  overloads: /@(?:\w+\.)?overload\b/,
  elided: '...',
}
