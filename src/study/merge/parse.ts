import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { FieldtrialError, systemCode } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'
import { checkMerge, MERGE_PLACES, MergeSchema, type MergeSpec } from '../../fusion/weights/index.ts'
import { describeIssue, leafIssues } from '../issues.ts'
import { invalidStudy, type Path, StudySource } from '../source.ts'
import { resolveMerge } from './resolve.ts'

const PAGE = 'docs/merging.md'

/**
 * Reads and checks a file that describes a merge (YAML or JSON). Relative paths in it are relative to its folder.
 *
 * @throws FieldtrialError `USAGE` where there is no file; `STUDY_INVALID` with every problem, each with line and column.
 */
export async function readMerge(file: string): Promise<MergeSpec> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const absent = systemCode(cause) === 'ENOENT'
    throw new FieldtrialError('USAGE', absent ? `There is no file ${file}.` : `${file} cannot be read.`, {
      hint: 'Name a file that describes a merge, or give --method and --model.',
      cause,
    })
  }
  return parseMerge(text, file)
}

/** @param file Its name, for messages and for what relative paths are relative to. */
function parseMerge(text: string, file: string): MergeSpec {
  const source = new StudySource(text, file, PAGE)
  const checked = MergeSchema.safeParse(source.value)
  const problem = (message: string, hint: string, path: Path, of: 'key' | 'value' = 'value') =>
    new FieldtrialError('STUDY_INVALID', message, { hint, where: source.where(path, of) })
  if (!checked.success)
    throw invalidStudy(
      file,
      leafIssues(checked.error.issues).flatMap((issue) => {
        const path = issue.path as Path
        return issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) =>
              problem(`Unknown field ${JSON.stringify(key)}.`, didYouMean(key, fieldsAt(path)), [...path, key], 'key'),
            )
          : [problem(describeIssue(issue, '`method:` and `models:`'), `See ${PAGE}.`, path)]
      }),
      PAGE,
    )
  const spec = resolveMerge(checked.data as MergeSpec, { folder: dirname(resolve(file)) })
  try {
    checkMerge(spec)
  } catch (error) {
    if (!(error instanceof FieldtrialError)) throw error
    const all = error.problems.length > 0 ? error.problems : [error]
    throw invalidStudy(
      file,
      all.map((one) => problem(one.message, one.hint ?? '', one.where?.field === undefined ? [] : [one.where.field])),
      PAGE,
    )
  }
  return spec
}

function fieldsAt(path: Path): string[] {
  const place = path.filter((part) => typeof part === 'string').join('.')
  const object = MERGE_PLACES[place as keyof typeof MERGE_PLACES]
  return object === undefined ? [] : Object.keys(object.shape)
}
