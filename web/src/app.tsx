import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from 'preact/hooks'
import { ReportContext } from './context.ts'
import { Cost } from './cost.tsx'
import type { Study } from './data.ts'
import { DataSets } from './data-sets.tsx'
import { Domains } from './domains.tsx'
import { Fusion } from './fusion.tsx'
import { HeatMap } from './heat-map.tsx'
import { Leaderboard } from './leaderboard.tsx'
import { Masthead } from './masthead.tsx'
import { Method } from './method.tsx'
import { Published } from './published.tsx'
import { Queries } from './queries.tsx'
import { Significance } from './significance.tsx'
import { Spaces } from './spaces.tsx'
import { Specialisation } from './specialisation.tsx'
import { Supervised } from './supervised.tsx'
import { TopBar } from './top-bar.tsx'
import { defaultView, hashToView, type View, viewToHash } from './view.ts'

export function App({ study }: { study: Study }) {
  const { results } = study
  const defaults = useMemo(() => defaultView(results), [results])
  const [view, setView] = useState(() => hashToView(location.hash, results, defaults))

  useEffect(() => {
    const follow = () => {
      const next = hashToView(location.hash, results, defaults)
      setView(next)
      scrollTo(next)
    }
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [results, defaults])

  useLayoutEffect(() => scrollTo(hashToView(location.hash, results, defaults)), [results, defaults])

  const update = useCallback(
    (change: Partial<View>) =>
      setView((current) => {
        const next = { ...current, ...change }
        history.replaceState(null, '', viewToHash(next, defaults))
        return next
      }),
    [defaults],
  )
  const report = useMemo(
    () => ({ study, view, update, link: (change: Partial<View>) => viewToHash({ ...view, ...change }, defaults) }),
    [study, view, update, defaults],
  )
  return (
    <ReportContext.Provider value={report}>
      <a class="skip" href={report.link({ section: 'leaderboard' })}>
        Skip to the leaderboard
      </a>
      <TopBar />
      <main>
        <Masthead />
        <Leaderboard />
        {results.specialisation !== undefined && <Specialisation />}
        {(results.published ?? []).length > 0 && <Published />}
        <HeatMap />
        <Cost />
        {(results.fusions ?? []).length > 0 && <Fusion />}
        {(results.domains ?? []).length > 0 && <Domains />}
        {results.spaces.length > 0 && <Spaces />}
        <Significance />
        {(results.supervised ?? []).length > 0 && <Supervised />}
        <Queries />
        <DataSets />
        <Method />
      </main>
    </ReportContext.Provider>
  )
}

function scrollTo(view: View): void {
  const target =
    (view.open !== '' && view.section === 'queries' && document.getElementById('open-query')) ||
    (view.section !== '' && document.getElementById(view.section))
  if (target) target.scrollIntoView()
}
