import { useMemo } from 'preact/hooks'
import { formatScore, plural } from '../../src/report/format.ts'
import {
  comparesText,
  formatFigure,
  knownText,
  type PublishedGroup,
  type PublishedSystem,
  publishedGroups,
} from '../../src/report/published.ts'
import { useReport } from './context.ts'
import { Name, Section, TableScroll, Text } from './parts.tsx'

/** With more rows than this the table scrolls in itself. */
const MANY = 20

export function Published() {
  const { results } = useReport().study
  const groups = useMemo(() => publishedGroups(results), [results])
  return (
    <Section
      id="published"
      title="Published figures"
      intro="What others have published on these collections. These figures take no part in the ranking or in any test; one that does not compare must not be held against a number of this study."
    >
      {groups.map((group) => (
        <Group key={group.collection.name} group={group} />
      ))}
    </Section>
  )
}

function Group({ group }: { group: PublishedGroup }) {
  const { collection, measures, own, systems } = group
  const comparable = systems.filter((system) => system.comparable).length
  return (
    <article class="published">
      <h3>
        <Text>{collection.name}</Text> <span class="muted">{knownText(collection)}</span>
      </h3>
      <p class="muted">
        {comparable === 0
          ? `None of ${plural(systems.length, 'system')} compares.`
          : `${comparable} of ${plural(systems.length, 'system')} ${comparable === 1 ? 'compares' : 'compare'}.`}
      </p>
      <TableScroll label={`Published figures on ${collection.name}`} tall={own.length + systems.length > MANY}>
        <table class="published-table">
          <caption class="hidden">Published figures on {collection.name}</caption>
          <thead>
            <tr>
              <th scope="col" class="name">
                System
              </th>
              {measures.map((measure) => (
                <th key={measure} scope="col" class="number">
                  {measure}
                </th>
              ))}
              <th scope="col" class="name">
                Compares
              </th>
              <th scope="col" class="name">
                Source
              </th>
            </tr>
          </thead>
          <tbody>
            {own.map(({ id, values }) => (
              <tr key={id} class="baseline">
                <th scope="row">
                  <Name>{id}</Name> <span class="tag">this study</span>
                </th>
                {values.map((value, i) => (
                  <td key={measures[i]} class="number score">
                    {formatScore(value)}
                  </td>
                ))}
                <td />
                <td />
              </tr>
            ))}
            {systems.map((system, i) => (
              <Row key={i} system={system} measures={measures} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </article>
  )
}

function Row({ system, measures }: { system: PublishedSystem; measures: readonly string[] }) {
  const { source, note } = system
  return (
    <tr>
      <th scope="row">
        <Text>{system.system}</Text>
      </th>
      {system.values.map((row, i) => (
        <td key={measures[i]} class={`number ${system.comparable ? 'score' : 'muted'}`}>
          {formatFigure(row)}
        </td>
      ))}
      <td class={system.comparable ? '' : 'muted'}>
        <Text>{comparesText(system)}</Text>
      </td>
      <td>
        {source.url.startsWith('https://') ? (
          <a href={source.url} rel="noreferrer">
            {source.title}
          </a>
        ) : (
          <Text>{`${source.title}, ${source.url}`}</Text>
        )}
        {note !== undefined && (
          <span class="sub">
            <Text>{note}</Text>
          </span>
        )}
      </td>
    </tr>
  )
}
