/** Characters of a text that are looked at: enough to tell, whatever the length. */
const HEAD = 4000

/** Constructs that prose hardly has, one vote each. */
const SIGNS: readonly RegExp[] = [
  /^\s*(?:async\s+)?def\s+\w+\s*\(.*$/m,
  /^\s*(?:export\s+)?(?:abstract\s+)?(?:class|interface|struct|enum|trait|impl)\s+\w+[^.]*[:{]\s*$/m,
  /^\s*(?:#include\s*[<"]|import\s+[\w.{*]+|from\s+[\w.]+\s+import\s|using\s+[\w.]+;|package\s+[\w.]+;?\s*$)/m,
  /\b(?:public|private|protected|internal|static|final|override|virtual|const)\s+[\w<>[\],.?* ]+[\s*&]\w+\s*[(=;{]/,
  /\b(?:function|func|fn|fun|sub)\b\s*[\w$]*\s*[(<]/,
  /\b(?:let|const|var|auto)\s+[\w$]+\s*(?::\s*\w+\s*)?=/,
  /[;{}]\s*$/m,
  /(?:=>|->|::|&&|\|\||[!=]==?|\+=|-=|:=|<<|>>)/,
  /\b(?:self|this)(?:\.|->)\w+/,
  /\w+(?:\.\w+)+\(/,
  /\b(?:if|for|while|elif|switch|catch)\b\s*(?:\(.*\)\s*\{?|[^.]*:)\s*$/m,
  /^\s*return\b[^.!?]*;?\s*$/m,
  /\b[a-z]+(?:_[a-z0-9]+)+\s*[(=[.]/,
  /\b(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+TABLE)\b[\s\S]*\b(?:FROM|VALUES|SET|WHERE|INT|VARCHAR|TEXT)\b/,
  /^\s*\w+\s*=\s*[\w'"[{(].*$/m,
]

/** Heads of definitions: one is enough. */
const HEADS: readonly RegExp[] = [
  /(?:^|\s)def\s+\w+\s*\([^)]*\)\s*(?:->[^:]+)?:/,
  /\b(?:public|private|protected|internal|static)\s+(?:[\w<>[\],.?]+\s+){0,4}[\w<>]+\s*\([^)]*\)\s*(?:throws\s+[\w., ]+|:\s*(?:base|this)\s*\([^)]*\))?\s*[{;]/,
  /\b(?:function|func|fn)\s*[\w$]+\s*(?:<[^>]*>)?\([^)]*\)[^.{;]{0,60}\{/,
]

/** Statements in SQL's capitals, which have few brackets. */
const SQL = /^\s*(?:SELECT\s[\s\S]+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+TABLE\s)/

const SYMBOLS = /[{}()[\];=<>_]/g

/**
 * Whether a text is source code. A heuristic: the head of a definition, or several constructs that prose lacks and as many brackets, `=`, `;`
 * and `_` as code has (4 % of the characters that are not blank; prose has 1 to 2 %). docs/lint.md says how often it errs.
 */
export function isCode(text: string): boolean {
  const head = text.slice(0, HEAD)
  const solid = head.replace(/\s+/g, '').length
  if (solid < 8) return false
  const symbols = head.match(SYMBOLS)?.length ?? 0
  const share = symbols / solid
  if (SQL.test(head)) return true
  if (share >= 0.02 && HEADS.some((sign) => sign.test(head))) return true
  if (share < 0.04) return false
  let signs = 0
  for (const sign of SIGNS) if (sign.test(head)) signs++
  return signs >= 3 || (signs === 2 && share >= 0.07)
}

/** Marks of programming languages; the most marks win, the earlier language on a tie. */
const LANGUAGES: readonly (readonly [string, readonly RegExp[]])[] = [
  [
    'Python',
    [
      /^\s*(?:async\s+)?def\s+\w+\s*\(/m,
      /\bself\b/,
      /^\s*(?:elif|except|with|for|if|while)\b.*:\s*$/m,
      /\bNone\b/,
      /"""|'''/,
    ],
  ],
  [
    'C#',
    [
      /\b(?:virtual|override|internal|sealed)\b/,
      /\bstring\b|\bvar\s+\w+\s*=/,
      /\busing\s+[\w.]+;/,
      /\bnamespace\s+[\w.]+/,
      /\bpublic\s+(?:\w+\s+)*[\w<>[\]]+\s+[A-Z]\w*\s*\(/,
    ],
  ],
  [
    'Java',
    [
      /\bpublic\s+(?:static\s+|final\s+)*[\w<>[\]]+\s+[a-z]\w*\s*\(/,
      /\bString\b|\bboolean\b/,
      /\bfinal\b|\bthrows\b/,
      /\bimport\s+[\w.]+;/,
      /@Override/,
    ],
  ],
  [
    'TypeScript',
    [
      /\b(?:const|let)\s+\w+\s*:/,
      /\binterface\s+\w+\s*\{/,
      /\)\s*:\s*\w+(?:<[^>]*>)?\s*(?:=>|\{)/,
      /\bexport\s+(?:type|const|function|class|interface)\b/,
      /\b(?:readonly|string|number|unknown)\b\s*[;,)]/,
    ],
  ],
  [
    'JavaScript',
    [
      /\bfunction\b\s*[\w$]*\s*\(/,
      /\b(?:const|let|var)\s+[\w$]+\s*=/,
      /=>/,
      /===|!==/,
      /\bmodule\.exports\b|\brequire\(/,
    ],
  ],
  ['Go', [/^\s*func\s+(?:\(\w+\s+\*?\w+\)\s*)?\w+\s*\(/m, /:=/, /\berr\s*!=\s*nil\b/, /^\s*package\s+\w+\s*$/m]],
  ['Rust', [/\bfn\s+\w+\s*[(<]/, /\blet\s+mut\b/, /\bimpl\b|\bpub\b/, /->\s*(?:Result|Option|Self|&)/, /\w+!\(/]],
  [
    'C/C++',
    [
      /^\s*#\s*(?:include|define|ifdef)\b/m,
      /\b(?:std::|size_t|uint\d+_t|void\s*\*)/,
      /\w+->\w+/,
      /\b(?:int|char|double|float|void)\s+\*?\w+\s*\(/,
      /\btemplate\s*</,
    ],
  ],
  ['PHP', [/<\?php/, /\$\w+\s*(?:=|->)/, /\bfunction\s+\w+\s*\([^)]*\$/]],
  ['Ruby', [/^\s*def\s+\w+[?!]?(?:\s*\(.*\))?\s*$/m, /^\s*end\s*$/m, /\bdo\s*\|/, /@\w+\s*=/]],
  ['SQL', [/\bSELECT\b[\s\S]*\bFROM\b/i, /\b(?:INSERT\s+INTO|CREATE\s+TABLE|GROUP\s+BY|ORDER\s+BY|INNER\s+JOIN)\b/i]],
  [
    'shell',
    [/^#!.*\b(?:ba|z)?sh\b/m, /\bfi\b[\s\S]*$|\besac\b/m, /\$\{\w+\}|\$\(\w+/, /^\s*(?:echo|export|sudo|cd)\s/m],
  ],
]

/** The programming language that code is probably written in; `other` without a mark. */
export function programmingLanguage(code: string): string {
  const head = code.slice(0, HEAD)
  let best = 'other'
  let most = 0
  for (const [name, marks] of LANGUAGES) {
    const found = marks.filter((mark) => mark.test(head)).length
    if (found > most) {
      most = found
      best = name
    }
  }
  return best
}
