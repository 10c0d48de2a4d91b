/** What goes to one split as a whole: a file, all files of a folder, or all below a folder of the top. */
export const GROUP_BY = ['file', 'folder', 'top-folder'] as const
export type GroupBy = (typeof GROUP_BY)[number]

/** Endings that go: a header and its source, JavaScript and its declarations say the same things, and so belong together. */
const ENDING = /(?:\.d)?\.[^./]+$/

/** The group of a path; files at the top, which have no folder, are groups of their own. */
export function groupOf(path: string, by: GroupBy): string {
  const folders = path.split('/').slice(0, -1)
  if (by === 'file' || folders.length === 0) return path.replace(ENDING, '')
  return by === 'folder' ? folders.join('/') : folders[0]!
}
