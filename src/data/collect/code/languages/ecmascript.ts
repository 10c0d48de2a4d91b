import type { Language } from '../language.ts'

const COMMON = {
  functions: [
    'function_declaration',
    'generator_function_declaration',
    'function_expression',
    'generator_function',
    'arrow_function',
    'method_definition',
  ],
  wrappers: [
    'export_statement',
    'ambient_declaration',
    'lexical_declaration',
    'variable_declaration',
    'variable_declarator',
    'expression_statement',
    'assignment_expression',
    'pair',
    'field_definition',
    'public_field_definition',
  ],
  transparent: [],
  attributes: ['decorator'],
  comments: ['comment'],
  docComment: /^\/\*\*(?!\*)/,
  plainComments: false,
  docstrings: false,
  needsBody: [],
  overloads: /(?!)/,
  elided: '{ … }',
} as const

export const JAVASCRIPT: Language = {
  ...COMMON,
  name: 'javascript',
  grammar: 'javascript',
  extensions: ['js', 'mjs', 'cjs', 'jsx'],
  types: ['class_declaration', 'class'],
  declarations: [],
  containers: {},
}

const TYPED = {
  ...COMMON,
  types: [
    'class_declaration',
    'abstract_class_declaration',
    'class',
    'interface_declaration',
    'type_alias_declaration',
    'enum_declaration',
  ],
  declarations: ['function_signature', 'method_signature', 'abstract_method_signature'],
  containers: { internal_module: 'name', module: 'name' },
} as const

export const TYPESCRIPT: Language = {
  ...TYPED,
  name: 'typescript',
  grammar: 'typescript',
  extensions: ['ts', 'mts', 'cts'],
}

/** Angle brackets are elements here and type assertions in plain TypeScript, hence two grammars. */
export const TSX: Language = { ...TYPED, name: 'typescript', grammar: 'tsx', extensions: ['tsx'] }
