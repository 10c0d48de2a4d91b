import { plural } from '../../src/report/format.ts'
import { type FindingGroup, type SpaceFinding, spaceFindings } from '../../src/report/space/findings.ts'
import { useReport } from './context.ts'
import { Text } from './parts.tsx'

/** With more retrievers than this, a finding names them only when asked. */
const MANY = 6

/** What is striking, in words: one entry per kind, however many retrievers it is true of. */
export function SpaceFindings({ collection }: { collection: string }) {
  const groups = spaceFindings(useReport().study.results)
    .map((group) => ({ ...group, findings: group.findings.filter((found) => found.collection === collection) }))
    .filter(({ findings }) => findings.length > 0)
  if (groups.length === 0) return <p class="note striking-none">Nothing about these spaces is striking.</p>
  return (
    <ul class="striking">
      {groups.map((group) => (
        <Group key={group.kind} group={group} />
      ))}
    </ul>
  )
}

function Group({ group }: { group: FindingGroup }) {
  const { findings } = group
  return (
    <li>
      <strong>{group.title}</strong> <span class="muted">{group.meaning.replaceAll('`', '')}</span>
      {findings.length > MANY ? (
        <details>
          <summary>{plural(findings.length, 'retriever')}</summary>
          <Names findings={findings} />
        </details>
      ) : (
        <Names findings={findings} />
      )}
    </li>
  )
}

function Names({ findings }: { findings: readonly SpaceFinding[] }) {
  return (
    <ul class="striking-names">
      {findings.map((found) => (
        <li key={found.retriever}>
          <Text>{found.retriever}</Text> <Text class="muted">{found.figure}</Text>
        </li>
      ))}
    </ul>
  )
}
