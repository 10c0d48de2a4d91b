import type { Language } from '../language.ts'

/** Doxygen's comments, and, as GNU code has it, any comment right above a definition. C is read with the grammar of C++. */
const FAMILY = {
  grammar: 'cpp',
  functions: ['function_definition', 'inline_method_definition'],
  types: ['class_specifier', 'struct_specifier', 'union_specifier', 'enum_specifier', 'concept_definition'],
  declarations: ['declaration', 'field_declaration'],
  wrappers: ['template_declaration', 'declaration', 'field_declaration', 'type_definition'],
  transparent: [],
  attributes: ['attribute_declaration', 'preproc_call'],
  containers: { namespace_definition: 'name' },
  comments: ['comment'],
  docComment: /^(\/\*\*(?!\*)|\/\*!|\/\/\/(?!\/)|\/\/!)(?!<)/,
  plainComments: true,
  docstrings: false,
  needsBody: ['class_specifier', 'struct_specifier', 'union_specifier', 'enum_specifier'],
  overloads: undefined,
  elided: '{ … }',
} as const

export const C: Language = { ...FAMILY, name: 'c', extensions: ['c', 'h'] }
export const CPP: Language = {
  ...FAMILY,
  name: 'c++',
  extensions: ['cc', 'cpp', 'cxx', 'c++', 'hh', 'hpp', 'hxx', 'h++', 'inl', 'ipp', 'tpp', 'cu', 'cuh'],
}

/** What only C++ writes; headers of both end in `.h`. */
const ONLY_CPP =
  /^\s*(?:namespace\b|template\s*<|(?:public|private|protected)\s*:|class\s+\w|using\s|#include\s*<[a-z_]+>)|\bstd::|\bconstexpr\b/m

/** Whether a source that is taken for C is C++. */
export function isCpp(source: string): boolean {
  return ONLY_CPP.test(source)
}
