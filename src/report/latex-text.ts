/** Characters that mean something to TeX, and common ones that its classic fonts set by command. */
const COMMANDS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  // At the start of a row these would be read as an argument of the line break before it.
  '[': '{[}',
  ']': '{]}',
  '*': '{*}',
  '|': '\\textbar{}',
  '"': "''",
  '–': '--',
  '—': '---',
  '−': '$-$',
  '×': '$\\times$',
  '·': '$\\cdot$',
  '±': '$\\pm$',
  '≤': '$\\leq$',
  '≥': '$\\geq$',
  '→': '$\\rightarrow$',
  α: '$\\alpha$',
  β: '$\\beta$',
  γ: '$\\gamma$',
  δ: '$\\delta$',
  λ: '$\\lambda$',
  μ: '$\\mu$',
  '…': '\\ldots{}',
}

/** Makes a text mean itself in LaTeX. White space and control characters become single spaces: a blank line would end a caption. */
export function escapeLatex(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').replace(/[\\{}[\]*$&#%_^~<>|"–—−×·±≤≥→αβγδλμ…]/gu, (c) => COMMANDS[c] ?? c)
}

/** Whether a text holds what pdfLaTeX's default fonts cannot set: anything beyond Latin letters and common punctuation. */
export function needsUnicodeEngine(text: string): boolean {
  return /[^\s\u0020-\u017f\u2018-\u201e\u2020-\u2022]/u.test(text)
}
