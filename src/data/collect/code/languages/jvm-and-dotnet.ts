import type { Language } from '../language.ts'

/** Javadoc. */
export const JAVA: Language = {
  name: 'java',
  grammar: 'java',
  extensions: ['java'],
  functions: ['method_declaration', 'constructor_declaration', 'compact_constructor_declaration'],
  types: [
    'class_declaration',
    'interface_declaration',
    'enum_declaration',
    'record_declaration',
    'annotation_type_declaration',
  ],
  declarations: [],
  wrappers: [],
  transparent: [],
  attributes: [],
  containers: {},
  comments: ['block_comment', 'line_comment'],
  docComment: /^\/\*\*(?!\*)/,
  plainComments: false,
  docstrings: false,
  needsBody: [],
  overloads: undefined,
  elided: '{ … }',
}

/** XML documentation comments. */
export const C_SHARP: Language = {
  name: 'c#',
  grammar: 'c-sharp',
  extensions: ['cs'],
  functions: ['method_declaration', 'constructor_declaration', 'local_function_statement', 'operator_declaration'],
  types: [
    'class_declaration',
    'interface_declaration',
    'struct_declaration',
    'enum_declaration',
    'record_declaration',
    'delegate_declaration',
  ],
  declarations: [],
  wrappers: [],
  transparent: [],
  attributes: ['preproc_region', 'preproc_nullable'],
  containers: { namespace_declaration: 'name' },
  comments: ['comment'],
  docComment: /^(\/\/\/(?!\/)|\/\*\*(?!\*))/,
  plainComments: false,
  docstrings: false,
  needsBody: [],
  overloads: undefined,
  elided: '{ … }',
}
