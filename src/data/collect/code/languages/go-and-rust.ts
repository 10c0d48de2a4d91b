import type { Language } from '../language.ts'

/** Any comment right above a definition documents it (go.dev/doc/comment). */
export const GO: Language = {
  name: 'go',
  grammar: 'go',
  extensions: ['go'],
  functions: ['function_declaration', 'method_declaration'],
  types: ['type_spec', 'type_alias'],
  declarations: [],
  wrappers: ['type_declaration'],
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

/** Outer doc comments; inner ones (`//!`) document what they stand in, mostly the file. */
export const RUST: Language = {
  name: 'rust',
  grammar: 'rust',
  extensions: ['rs'],
  functions: ['function_item'],
  types: ['struct_item', 'enum_item', 'union_item', 'trait_item', 'type_item', 'macro_definition'],
  declarations: ['function_signature_item'],
  wrappers: [],
  transparent: [],
  attributes: ['attribute_item'],
  containers: { impl_item: 'type', mod_item: 'name' },
  comments: ['line_comment', 'block_comment'],
  docComment: /^(\/\/\/(?!\/)|\/\*\*(?!\*))/,
  plainComments: false,
  docstrings: false,
  needsBody: [],
  overloads: undefined,
  elided: '{ … }',
}
