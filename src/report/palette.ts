/** Colours of a terminal; `picocolors` fits. */
export interface Palette {
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  red(text: string): string
  yellow(text: string): string
}

const plain = (text: string) => text

/** No colour: for files, pipes and `NO_COLOR`. */
export const PLAIN: Palette = { bold: plain, dim: plain, green: plain, red: plain, yellow: plain }
