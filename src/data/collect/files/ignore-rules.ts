import { readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'

/** The rules of one `.gitignore`, which hold for paths below its folder. */
interface Rules {
  readonly folder: string
  readonly matcher: Ignore
}

/** What `.gitignore` files say, those nearest to a path last; immutable, so that each folder of a walk can hold its own. */
export class IgnoreRules {
  readonly #rules: readonly Rules[]

  private constructor(rules: readonly Rules[]) {
    this.#rules = rules
  }

  /** No rules at all. */
  static readonly NONE = new IgnoreRules([])

  /**
   * The rules that hold for a folder because of the folders above it, up to the one with `.git`, and of `.git/info/exclude`. None if they
   * leave out the folder itself: who names an ignored folder, such as one of `node_modules`, wants what is in it.
   */
  static async above(folder: string): Promise<IgnoreRules> {
    if (await exists(join(folder, '.git')))
      return IgnoreRules.NONE.with(folder, join(folder, '.git', 'info', 'exclude'))
    const chain: string[] = []
    for (let at = dirname(folder); ; at = dirname(at)) {
      chain.unshift(at)
      if (await exists(join(at, '.git'))) break
      if (at === dirname(at)) return IgnoreRules.NONE
    }
    let rules = await IgnoreRules.NONE.with(chain[0]!, join(chain[0]!, '.git', 'info', 'exclude'))
    for (const at of chain) {
      rules = await rules.enter(at)
      const next = chain[chain.indexOf(at) + 1] ?? folder
      if (rules.ignores(next, true)) return IgnoreRules.NONE
    }
    return rules
  }

  /** These rules and those of the folder's own `.gitignore`. */
  enter(folder: string): Promise<IgnoreRules> {
    return this.with(folder, join(folder, '.gitignore'))
  }

  private async with(folder: string, file: string): Promise<IgnoreRules> {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined || text.trim() === '') return this
    return new IgnoreRules([...this.#rules, { folder, matcher: ignore({ allowRelativePaths: false }).add(text) }])
  }

  /** Whether the nearest file that speaks of a path leaves it out. */
  ignores(path: string, isFolder: boolean): boolean {
    for (let i = this.#rules.length - 1; i >= 0; i--) {
      const { folder, matcher } = this.#rules[i]!
      const below = relative(folder, path).split(sep).join('/')
      if (below === '' || below.startsWith('..')) continue
      const { ignored, unignored } = matcher.test(isFolder ? `${below}/` : below)
      if (ignored || unignored) return ignored
    }
    return false
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
