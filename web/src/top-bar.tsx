import { useReport } from './context.ts'
import { Choice } from './parts.tsx'
import { sectionsOf } from './view.ts'

export function TopBar() {
  const { study, view, update, link } = useReport()
  const { results } = study
  return (
    <div class="top-bar">
      <div class="top-bar-inner">
        <nav aria-label="Sections">
          <ul>
            {sectionsOf(results).map((section) => (
              <li key={section.id}>
                <a href={link({ section: section.id })} aria-current={view.section === section.id ? 'true' : undefined}>
                  {section.label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {results.measures.length > 1 && (
          <Choice
            label="Measure"
            value={view.measure}
            options={results.measures.map((m) => ({ value: m, label: m }))}
            onChange={(measure) => update({ measure, page: 0 })}
          />
        )}
      </div>
    </div>
  )
}
