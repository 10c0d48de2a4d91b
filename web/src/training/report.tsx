import { formatCount } from '../../../src/report/format.ts'
import type { TrainingPage } from '../../../src/report/training/page.ts'
import { Curve } from './curve.tsx'

/** A training on one page: what came of it, its curves, data, settings. */
export function TrainingReport({ page }: { page: TrainingPage }) {
  const { curves, watched } = page
  return (
    <main class="training">
      <header>
        <h1>
          <bdi>{page.name}</bdi>
        </h1>
        {page.description !== '' && <p class="intro">{page.description}</p>}
        <p class="training-outcome">{page.outcome.join(' ')}</p>
        {page.warnings.map((warning) => (
          <p key={warning} class="training-warning">
            {warning}
          </p>
        ))}
      </header>
      <section aria-labelledby="course">
        <h2 id="course">Course</h2>
        {watched !== null && <p class="intro">{watched.sentence}</p>}
        <div class="curves">
          <Curve title="Loss" points={curves.loss} format={(value) => value.toFixed(2)} fromZero />
          {watched !== null && (
            <Curve title={watched.measure} points={curves.score} format={(value) => value.toFixed(3)} dots />
          )}
          <Curve
            title="Queries whose positive scores highest in its batch"
            points={curves.accuracy}
            format={(value) => value.toFixed(2)}
            fromZero
          />
          <Curve title="Norm of the gradient" points={curves.gradNorm} format={(value) => value.toFixed(1)} fromZero />
          <Curve title="Learning rate" points={curves.lr} format={(value) => value.toExponential(0)} fromZero />
          <Curve title="Tokens per second" points={curves.tokensPerSecond} format={formatCount} fromZero />
        </div>
      </section>
      <section aria-labelledby="data">
        <h2 id="data">Data</h2>
        <Sources page={page} />
      </section>
      <section aria-labelledby="settings">
        <h2 id="settings">Settings</h2>
        <dl class="settings">
          {page.settings.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <footer class="muted">
        {page.made} Fingerprint <code>{page.fingerprint}</code>
      </footer>
    </main>
  )
}

function Sources({ page: { sources } }: { page: TrainingPage }) {
  return (
    <section class="table-scroll" aria-label="Sources of examples">
      <table>
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">Split</th>
            <th scope="col" class="number">
              Examples
            </th>
            <th scope="col">Negatives</th>
            <th scope="col" class="number">
              Queries cut
            </th>
            <th scope="col" class="number">
              Documents missing
            </th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source, i) => (
            <tr key={i}>
              <th scope="row">
                <bdi>{source.source}</bdi>
              </th>
              <td>{source.split}</td>
              <td class="number">{formatCount(source.examples)}</td>
              <td>{source.negatives}</td>
              <td class="number">{formatCount(source.cutQueries)}</td>
              <td class="number">{formatCount(source.missing)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
