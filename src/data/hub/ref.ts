import { FieldtrialError } from '../../core/errors.ts'

/** A repository on the hub, at a revision. */
export interface RepoRef {
  readonly type: 'model' | 'dataset'
  /** `owner/name`, or `name` alone for the hub's oldest models. */
  readonly id: string
  /** Commit, branch or tag. */
  readonly revision: string
}

const ID = /^[\w.-]+(\/[\w.-]+)?$/

/**
 * Reads `owner/name`, `owner/name@revision` and, for data sets, `owner/name@revision#subset`.
 *
 * @throws FieldtrialError `USAGE`
 */
export function parseRef(type: RepoRef['type'], text: string): RepoRef & { readonly subset: string | undefined } {
  const [, id, revision, subset] = /^([^@#]*)(?:@([^#]+))?(?:#(.+))?$/.exec(text) ?? []
  if (id === undefined || !ID.test(id) || id.includes('..'))
    throw new FieldtrialError('USAGE', `"${text}" is no name on the hub.`, {
      hint: 'Names look like owner/name, with @REVISION behind if need be.',
    })
  return { type, id, revision: revision ?? 'main', subset }
}

export const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision)
