import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { formatRate, formatScore } from '../src/report/format.ts'
import { renderHtml } from '../src/report/html.ts'
import { leaderboard } from '../src/report/leaderboard.ts'
import { SPACE_COLUMNS } from '../src/report/space/columns.ts'
import { placesOf } from '../src/report/space/findings.ts'
import { verdicts, verdictText } from '../src/report/verdict.ts'
import type { Evidence, StudyResults } from '../src/study/results.ts'
import { contrastFailures } from './support/contrast.ts'
import { describeWith } from './support/shared.ts'
import { studyFixture } from './support/study-fixture.ts'

const CHROMIUM = '/usr/bin/chromium'

/** Texts that break pages: markup, direction, length, and patterns of replacement. */
const HOSTILE = [
  '</script><script>window.pwned = 1</script>',
  '<img src=x onerror="window.pwned = 2">',
  '\u202eright-to-left שלום עולم',
  '👩‍👩‍👧‍👦 emoji $& $1',
  'W'.repeat(400),
]

interface Opened {
  readonly page: Page
  /** Requests other than the file itself, and everything that went wrong. */
  readonly trouble: string[]
}

describeWith('HTML report in Chromium', [CHROMIUM], () => {
  let browser: Browser
  const folder = mkdtempSync(join(tmpdir(), 'report-'))

  beforeAll(async () => {
    // As it is shipped: the test runner's own NODE_ENV would leave the page larger.
    execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build-web.mjs', import.meta.url))], {
      env: { ...process.env, NODE_ENV: 'production' },
    })
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
  })
  afterAll(async () => {
    await browser?.close()
  })

  async function open(
    study: { results: StudyResults; evidence: Evidence },
    options: { hash?: string; width?: number; dark?: boolean; scripts?: boolean } = {},
  ): Promise<Opened> {
    const file = join(folder, `${Math.random().toString(36).slice(2)}.html`)
    writeFileSync(file, await renderHtml(study.results, study.evidence))
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: 900 },
      colorScheme: options.dark ? 'dark' : 'light',
      javaScriptEnabled: options.scripts ?? true,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const trouble: string[] = []
    const url = pathToFileURL(file).href
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== url && !request.url().startsWith('data:')) trouble.push(request.url())
    })
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) trouble.push(message.text())
    })
    page.on('pageerror', (error) => trouble.push(error.message))
    page.on('dialog', (dialog) => {
      trouble.push(`dialog ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(url + (options.hash ?? ''))
    if (options.scripts !== false) await page.locator('#method').waitFor()
    return { page, trouble }
  }

  const study = studyFixture()

  it('makes no request and no error while every part of it is used', async () => {
    const { page, trouble } = await open(study)
    await page.getByRole('radio', { name: 'R@100' }).click()
    await page.getByRole('radio', { name: 'Difference to baseline' }).click()
    await page.getByLabel('Cost', { exact: true }).selectOption('bytes')
    await page.locator('#spaces').getByLabel('Collection').selectOption('cosqa')
    await page.getByLabel('Figure', { exact: true }).selectOption('shift')
    await page.locator('.meanings summary').first().click()
    await page.locator('#queries').getByLabel('Collection').selectOption('nfcorpus')
    await page.getByRole('button', { name: 'Swap' }).click()
    await page.locator('.disclosure').first().click()
    await page.getByRole('button', { name: 'Next' }).click()
    await page.locator('#method details').first().locator('summary').click()
    expect(trouble).toEqual([])
    await page.context().close()
  })

  it("shows the verdict and the leaderboard's numbers as the results have them", async () => {
    const { page } = await open(study)
    expect((await page.locator('.headline').textContent())?.replaceAll('\u00a0', ' ')).toBe(
      verdictText(verdicts(study.results)[0]!),
    )
    const board = leaderboard(study.results)
    const rows = page.locator('.leaderboard tbody tr')
    for (const [i, row] of board.rows.entries()) {
      expect(await rows.nth(i).locator('th .name-text').textContent()).toBe(row.retriever.id)
      const shown = await rows.nth(i).locator('td .score').allTextContents()
      expect(shown).toEqual([row.average, ...row.cells.map((cell) => cell.value)].map((v) => formatScore(v)))
    }
    expect(await page.locator('.leaderboard .best').count()).toBe(4)
    await page.context().close()
  })

  it('shows all measures side by side where there is one collection', async () => {
    const single = studyFixture({ collections: ['scifact'] })
    const { page } = await open(single)
    const heads = await page.locator('.leaderboard thead .text').allTextContents()
    expect(heads).toEqual(['Retriever', ...single.results.measures])
    for (const [column, measure] of single.results.measures.entries()) {
      const shown = await page.locator(`.leaderboard tbody td:nth-of-type(${column + 1}) .score`).allTextContents()
      const names = await page.locator('.leaderboard tbody .name-text').allTextContents()
      const mean = (id: string) => single.results.trials.find((t) => t.retriever === id)!.mean[measure]!
      expect(shown).toEqual(names.map((id) => formatScore(mean(id))))
    }
    await page.locator('.leaderboard').getByRole('button', { name: 'MRR@10' }).click()
    const sorted = (await page.locator('.leaderboard tbody td:nth-of-type(3) .score').allTextContents()).map(Number)
    expect(sorted).toEqual([...sorted].sort((a, b) => b - a))
    await page.context().close()
  })

  it('sorts by a collection, keeps it in the address and shows the same when the address is opened', async () => {
    const { page } = await open(study)
    const names = () => page.locator('.leaderboard tbody .name-text').allTextContents()
    await page.locator('.leaderboard').getByRole('button', { name: 'cosqa' }).click()
    await page.locator('.leaderboard').getByRole('button', { name: 'cosqa' }).click()
    const values = (await page.locator('.leaderboard tbody tr td:last-child .score').allTextContents()).map(Number)
    expect(values).toEqual([...values].sort((a, b) => a - b))
    await page.getByRole('radio', { name: 'MRR@10' }).click()
    const before = await names()
    const hash = new URL(page.url()).hash
    const again = await open(study, { hash })
    expect(await again.page.locator('.leaderboard tbody .name-text').allTextContents()).toEqual(before)
    expect(await again.page.locator('.leaderboard th[aria-sort="ascending"]').textContent()).toContain('cosqa')
    await page.context().close()
    await again.page.context().close()
  })

  it('opens a linked query, also on another page, with its documents and their judgments', async () => {
    const { page } = await open(study, { hash: '#queries?collection=nfcorpus&a=minilm&b=bm25&filter=all&open=q3' })
    const detail = page.locator('.query-detail')
    const evidence = study.evidence.collections[1]!.queries.find((q) => q.id === 'q3')!
    expect(await detail.locator('.query-full').textContent()).toBe(evidence.text)
    const first = detail.locator('.ranking').first()
    expect(await first.locator('h3').textContent()).toBe('minilm')
    const tags = evidence.top.minilm!.map((d) =>
      d.grade === null
        ? 'not judged'
        : d.grade > 0
          ? `✓ relevant${d.grade > 1 ? `, grade ${d.grade}` : ''}`
          : '✕ not relevant',
    )
    expect(await first.locator('.tag').allTextContents()).toEqual(tags.slice(0, 5))
    await page.getByRole('button', { name: 'Show 10 documents' }).click()
    expect(await first.locator('.tag').allTextContents()).toEqual(tags)
    await first.locator('summary').first().click()
    const text = study.evidence.collections[1]!.documents[evidence.top.minilm![0]!.id]!.text
    expect(await first.locator('details p').first().textContent()).toContain(text)
    expect(await page.locator('#open-query').evaluate((e) => e.getBoundingClientRect().top)).toBeLessThan(900)
    await page.context().close()
  })

  it('gives the true rank of each relevant document, or says that it was not found', async () => {
    const ranks = (q: (typeof study.evidence.collections)[number]['queries'][number]) =>
      q.relevant.flatMap((_, i) => ['minilm', 'bm25'].map((r) => q.ranks[r]![i]?.toString() ?? 'not found'))
    const query = study.evidence.collections[0]!.queries.find(
      (q) => ranks(q).includes('not found') && ranks(q).some((rank) => Number(rank) > 10),
    )!
    const { page } = await open(study, { hash: `#queries?a=minilm&b=bm25&open=${query.id}` })
    expect(await page.locator('.relevant-documents td').allTextContents()).toEqual(ranks(query))
    await page.context().close()
  })

  it('shows and finds the text of every query, and all values where its documents were not kept', async () => {
    const few = studyFixture({ evidence: 5, queries: 30 })
    const text = few.evidence.collections[0]!.queryTexts.q20!
    const { page } = await open(few)
    await page.getByLabel('Search in queries').fill(text)
    expect(await page.locator('.queries tbody tr .query-text').allTextContents()).toEqual([text])
    await page.locator('.disclosure').click()
    expect(await page.locator('.query-full').textContent()).toBe(text)
    expect(await page.locator('.query-detail').textContent()).toContain('documents of 5 of 30 queries')
    const values = (await page.locator('.query-values tbody tr').allTextContents()).sort()
    const expected = few.results.retrievers.map(({ id }) => {
      const trial = few.results.trials.find((t) => t.retriever === id && t.collection === 'scifact')!
      return id + few.results.measures.map((measure) => formatScore(trial.perQuery[measure]!.q20!)).join('')
    })
    expect(values).toEqual(expected.sort())
    await page.context().close()
  })

  it('keeps the head of the query table in sight when a linked query is the first', async () => {
    for (const width of [1280, 390]) {
      const { page } = await open(study, { width })
      await page.locator('.disclosure').first().click()
      const again = await open(study, { width, hash: new URL(page.url()).hash })
      const bar = (await again.page.locator('.top-bar').boundingBox())!
      const head = (await again.page.locator('.queries > thead').boundingBox())!
      expect(head.y, `${width} pixels`).toBeGreaterThanOrEqual(bar.y + bar.height)
      expect(head.y).toBeLessThan(450)
      const difference = again.page.locator('.queries > thead .number:nth-of-type(4)')
      const [cell, table] = await Promise.all([difference.boundingBox(), again.page.locator('.queries').boundingBox()])
      expect(cell!.x + cell!.width, `${width} pixels`).toBeLessThanOrEqual(table!.x + table!.width)
      const cut = await difference.locator('.text').evaluate((e) => e.scrollWidth - e.clientWidth)
      expect(cut).toBeLessThanOrEqual(0)
      await page.context().close()
      await again.page.context().close()
    }
  })

  it('filters and searches queries, and counts them as the scores say', async () => {
    const { page } = await open(study, { hash: '#queries?a=bge-base&b=bm25' })
    const c = study.results.comparisons.find((x) => x.retriever === 'bge-base' && x.collection === 'scifact')!
    await page.getByRole('radio', { name: `Wins ${c.wins}` }).click()
    expect(await page.locator('.pager').textContent()).toContain(`of ${c.wins}`)
    await page.getByRole('radio', { name: `Losses ${c.losses}` }).click()
    for (const text of await page.locator('.queries td.losses').allTextContents()) expect(text).toMatch(/^−/)
    await page.getByRole('radio', { name: 'All 120' }).click()
    await page.getByLabel('Search in queries').fill('q12 nothing-has-this')
    expect(await page.locator('.queries').textContent()).toContain('No query matches.')
    await page.getByLabel('Search in queries').fill('q120')
    expect(await page.locator('.queries tbody tr').count()).toBe(1)
    await page.context().close()
  })

  it('works with the keyboard alone', async () => {
    const { page } = await open(study)
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the leaderboard')
    await page.locator('.disclosure').first().focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('.disclosure').first().getAttribute('aria-expanded')).toBe('true')
    await page.keyboard.press('Enter')
    expect(await page.locator('.query-detail').count()).toBe(0)
    await page.locator('.top-bar input').first().focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.locator('.leaderboard caption').textContent()).toContain('R@100')
    await page.context().close()
  })

  it('shows smoke runs and failed trials before anything else', async () => {
    const troubled = studyFixture({ smoke: 25, queries: 25, failed: [['bge-base', 'cosqa']] })
    const { page, trouble } = await open(troubled)
    const banners = await page.locator('.banner').allTextContents()
    expect(banners[0]).toContain('Smoke run (limit 25)')
    expect(banners[1]).toContain('bge-base on cosqa: The server answered 500 four times.')
    const [banner, verdict] = await Promise.all([
      page.locator('.banner').first().boundingBox(),
      page.locator('.verdict').boundingBox(),
    ])
    expect(banner!.y).toBeLessThan(verdict!.y)
    expect(trouble).toEqual([])
    await page.context().close()
  })

  it('shows hostile texts as texts', async () => {
    const names = HOSTILE.map((text, i) => `${i}${text}`)
    const { results, evidence } = studyFixture({
      study: HOSTILE.join(' '),
      description: HOSTILE.join(' '),
      collections: names.slice(0, 2),
      retrievers: names.map((id, i) => ({ id, kind: 'dense' as const, skill: 0.4 + 0.05 * i })),
      queries: 10,
      failed: [[names[1]!, names[1]!]],
    })
    const hostile: Evidence = {
      collections: evidence.collections.map((c) => ({
        ...c,
        queryTexts: Object.fromEntries(Object.keys(c.queryTexts).map((id) => [id, HOSTILE.join(' ')])),
        queries: c.queries.map((q) => ({ ...q, text: HOSTILE.join(' ') })),
        documents: Object.fromEntries(
          Object.keys(c.documents).map((id) => [id, { title: HOSTILE.join(' '), text: HOSTILE.join('\n'), cut: true }]),
        ),
      })),
    }
    for (const width of [1280, 390]) {
      const { page, trouble } = await open({ results, evidence: hostile }, { width, hash: '#queries?open=q2' })
      await page.locator('.ranking summary').first().click()
      expect(await page.evaluate(() => (window as { pwned?: number }).pwned)).toBeUndefined()
      expect(await page.locator('img').count()).toBe(0)
      expect(await page.locator('.query-full').textContent()).toBe(HOSTILE.join(' '))
      expect(await page.title()).toBe(HOSTILE.join(' '))
      expect(trouble).toEqual([])
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(overflow, `${width} pixels`).toBeLessThanOrEqual(0)
      await page.context().close()
    }
  })

  it('draws the cost plot within its frame and the range of the measure', async () => {
    const extreme = studyFixture({
      collections: ['x'],
      queries: 4,
      retrievers: [
        { id: 'bm25', kind: 'bm25', skill: -1 },
        { id: 'a-very-long-retriever-name-x', kind: 'dense', skill: 3 },
        { id: 'fusion', kind: 'fusion', skill: 0.4 },
      ],
    })
    for (const width of [1280, 390]) {
      const { page } = await open(extreme, { width })
      const plot = page.locator('#cost .plot svg')
      const frame = (await page.locator('#cost .plot').boundingBox())!
      const texts = await plot.locator('text').evaluateAll((all) =>
        all.map((e) => {
          const { left, right, top, bottom } = e.getBoundingClientRect()
          return { text: e.textContent ?? '', left, right, top: top + scrollY, bottom: bottom + scrollY }
        }),
      )
      for (const { text, left, right } of texts) {
        expect(left, text).toBeGreaterThanOrEqual(frame.x)
        expect(right, text).toBeLessThanOrEqual(frame.x + frame.width)
      }
      const ticks = texts.map((t) => t.text).filter((text) => /^-?\d\.\d+$/.test(text))
      expect([ticks[0], ticks.at(-1)]).toEqual(['0.0', '1.0'])
      const title = texts.find((t) => t.text.startsWith('↑'))!
      for (const entry of texts.filter((t) => ['BM25', 'dense', 'fusion'].includes(t.text)))
        expect(entry.left > title.right || entry.top >= title.bottom - 4, entry.text).toBe(true)
      await page.context().close()
    }
  })

  const sweep = studyFixture({
    collections: ['cosqa', 'scifact'],
    retrievers: [
      { id: 'bm25', kind: 'bm25', skill: 0.5 },
      ...Array.from({ length: 36 }, (_, i) => ({
        id: `qwen+promptreps-system_${['none', 'default', 'short'][i % 3]}-layer_0.${60 + i}-center+whiten_0.5`,
        kind: 'dense' as const,
        skill: 0.35 + 0.007 * i,
      })),
    ],
    queries: 40,
  })

  it('shows the figures of every embedding space beside the score, and sorts by them', async () => {
    const { page } = await open(study, { hash: '#spaces?spaceOf=nfcorpus&spaceSort=rank&measure=R%40100' })
    const places = placesOf(study.results, 'nfcorpus')
    const [, rank] = SPACE_COLUMNS
    places.sort((a, b) => rank!.value(b)! - rank!.value(a)!)
    const table = page.locator('.space-table').first()
    const rows = table.locator('tbody tr')
    expect(await table.locator('thead .text').allTextContents()).toEqual([
      'Retriever',
      'R@100',
      ...SPACE_COLUMNS.map((c) => c.label),
    ])
    expect(await rows.count()).toBe(places.length)
    for (const [i, place] of places.entries()) {
      const { retriever } = place.space
      const trial = study.results.trials.find((t) => t.retriever === retriever && t.collection === 'nfcorpus')!
      expect(await rows.nth(i).locator('th').textContent()).toBe(retriever)
      expect(await rows.nth(i).locator('td').allTextContents()).toEqual([
        formatScore(trial.mean['R@100']!),
        ...SPACE_COLUMNS.map((c) => c.format(c.value(place)) + (c.note(place) ?? '')),
      ])
    }
    await table.getByRole('button', { name: 'Mean cosine' }).click()
    await table.getByRole('button', { name: 'Mean cosine' }).click()
    expect(await rows.locator('th').allTextContents()).toEqual(['minilm', 'bge-base-int8', 'bge-base'])
    expect(new URL(page.url()).hash).toContain('spaceSort=cosine&spaceAscending=true')
    await page.context().close()
  })

  it('says in words what is striking, of whom, and explains every column', async () => {
    const { page } = await open(study)
    const striking = await page.locator('.striking > li').allTextContents()
    expect(striking.map((text) => text.slice(0, 20))).toEqual(
      ['Documents were cutMo', 'Queries lie apart fr', 'Nearly all vectors p'].map(
        (text) => expect.stringContaining(text.slice(0, 18)) as unknown as string,
      ),
    )
    expect(await page.locator('.striking > li').nth(2).locator('.striking-names').textContent()).toBe('bge-base 0.85')
    const meanings = page.locator('.meanings').first()
    await meanings.locator('summary').click()
    for (const column of SPACE_COLUMNS) expect(await meanings.textContent()).toContain(column.meaning)
    expect(await page.locator('.compared tbody tr').allTextContents()).toEqual([
      expect.stringMatching(/^bge-baseminilmthe model that it descends from0\.73–60\.0 %1,000[+−]/),
      expect.stringMatching(/^bge-base-int8minilmthe same model under its first recipe0\.570\.4060\.0 %1,000[+−]/),
    ])
    await page.context().close()
  })

  it('draws a point per retriever in the plot of spaces, within its frame', async () => {
    for (const width of [1280, 390]) {
      const { page } = await open(sweep, { width })
      const frame = (await page.locator('#spaces .plot').boundingBox())!
      expect(await page.locator('#spaces .plot .point').count()).toBe(36)
      const boxes = await page
        .locator('#spaces .plot text')
        .evaluateAll((all) => all.map((e) => [e.getBoundingClientRect().left, e.getBoundingClientRect().right]))
      for (const [left, right] of boxes) {
        expect(left).toBeGreaterThanOrEqual(frame.x)
        expect(right).toBeLessThanOrEqual(frame.x + frame.width)
      }
      await page.context().close()
    }
  })

  it('draws what each member of a fusion adds, within the frame, and tells it in figures', async () => {
    const { page, trouble } = await open(study, { hash: '#fusion?fusionOf=cosqa' })
    const section = page.locator('#fusion')
    const [fusion] = study.results.fusions!.filter(({ collection }) => collection === 'cosqa')
    const bars = section.locator('.contributions path')
    expect(await bars.count()).toBe(fusion!.members.length)
    const frame = (await section.locator('.plot').boundingBox())!
    for (const text of await section.locator('.plot text').all()) {
      const box = (await text.boundingBox())!
      expect(box.x).toBeGreaterThanOrEqual(frame.x)
      expect(box.x + box.width).toBeLessThanOrEqual(frame.x + frame.width + 1)
    }
    await section.getByText('Figures', { exact: true }).click()
    expect(await section.textContent()).toContain('20 of 287')
    expect(await section.textContent()).toContain('3 folds, learned from 80 queries each')
    await section.getByLabel('Collection').selectOption('scifact')
    const [other] = study.results.fusions!.filter(({ collection }) => collection === 'scifact')
    expect(await section.textContent()).toContain(other!.oracle.value.toFixed(4))
    expect(trouble).toEqual([])
  })

  it('stays readable with a sweep of long names', async () => {
    for (const width of [1280, 390]) {
      const { page, trouble } = await open(sweep, { width })
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      if (width === 1280)
        for (const table of ['.space-table', '.compared', '.cost-table'])
          expect(
            await page
              .locator(`.table-scroll:has(> ${table})`)
              .first()
              .evaluate((e) => e.scrollWidth - e.clientWidth),
            table,
          ).toBeLessThanOrEqual(0)
      // A name is broken where its parts meet, over three lines at most on a wide screen.
      const name = page.locator('.space-table .name-text').first()
      expect(await name.textContent()).toMatch(/^qwen\+promptreps-system_.*-center\+whiten_0\.5$/)
      expect(await name.evaluate((e) => e.clientHeight)).toBeLessThan(width === 1280 ? 75 : 130)
      // Many retrievers of which the same is to be said are named only when asked.
      expect(await page.locator('.striking > li > details summary').first().textContent()).toMatch(/^\d+ retrievers$/)
      expect((await page.locator('.striking').boundingBox())!.height).toBeLessThan(width === 1280 ? 330 : 700)
      expect(trouble).toEqual([])
      await page.context().close()
    }
  })

  it('has no section of spaces in a study without dense retrievers', async () => {
    const lexical = studyFixture({ retrievers: [{ id: 'bm25', kind: 'bm25', skill: 0.5 }], queries: 20 })
    const { page, trouble } = await open(lexical, { hash: '#spaces' })
    expect(await page.locator('#spaces').count()).toBe(0)
    expect(await page.locator('.top-bar a').allTextContents()).not.toContain('Spaces')
    expect(trouble).toEqual([])
    await page.context().close()
  })

  it('shows the prompts as they are sent, the task instruction with its source, and all else resolved', async () => {
    const chat = studyFixture({
      retrievers: [
        { id: 'bge', kind: 'dense', skill: 0.5 },
        { id: 'qwen+promptreps-center', kind: 'dense', skill: 0.5 },
      ],
      queries: 20,
    })
    const { page } = await open(chat)
    const cards = page.locator('.retrievers > details')
    await cards.nth(1).locator('> summary').click()
    expect(await cards.nth(1).locator('.prompt pre').first().textContent()).toBe(
      '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nQuery: "‹text›". Use one word.<|im_end|>\n<|im_start|>assistant\nThe word is: "',
    )
    expect(await cards.nth(1).locator('.recipe dl').textContent()).toContain('each side centred by its own mean')
    await cards.nth(0).locator('> summary').click()
    expect(await cards.nth(0).locator('.prompt pre').first().textContent()).toBe(
      'Instruct: ‹task›\nQuery: ‹text›<|endoftext|>',
    )
    expect(await cards.nth(0).locator('.recipe dl').textContent()).toContain(
      '“Given a question, retrieve passages that answer it” on scifact, worded by the study file of scifact',
    )
    await cards.nth(0).locator('.resolved summary').click()
    expect(JSON.parse((await cards.nth(0).locator('.resolved pre').textContent())!)).toEqual(
      chat.results.retrievers[0]!.resolved,
    )
    await page.context().close()
  })

  it('tells what each trial read and what memory it took', async () => {
    const { page } = await open(study)
    const row = page.locator('.cost-table tbody tr', { hasText: 'minilm' }).first()
    const { cost } = study.results.trials.find((t) => t.retriever === 'minilm')!
    const texts = await row.locator('td').allTextContents()
    expect(texts.slice(4, 8)).toEqual([
      '1,200,000queries 6,200',
      formatRate(1_200_000 / cost.encodeDocumentsSeconds!),
      '21.7 %queries 0 %',
      '900 MB',
    ])
    await page.context().close()
  })

  it('keeps run files and fingerprints on one line each, and the table of costs within the page', async () => {
    const { page } = await open(study)
    expect(
      await page
        .locator('#method .table-scroll')
        .first()
        .evaluate((e) => e.scrollWidth - e.clientWidth),
    ).toBeLessThanOrEqual(0)
    await page.getByText('Run files and fingerprints', { exact: true }).first().click()
    await page.locator('.run-table').waitFor()
    const rows = await page.locator('.run-table tbody tr').evaluateAll((all) => all.map((e) => e.clientHeight))
    expect(rows).toHaveLength(study.results.trials.length)
    expect(Math.max(...rows)).toBeLessThan(45)
    expect(await page.locator('.run-table').textContent()).toContain(study.results.trials[0]!.runFile)
    await page.context().close()
  })

  it('names the depth of the runs', async () => {
    const { page } = await open(study)
    expect(await page.locator('#leaderboard .note').textContent()).toContain('Runs are 1,000 documents deep.')
    expect(await page.locator('#method').textContent()).toContain('1,000 documents per query at most')
    await page.context().close()
  })

  it('fits narrow screens without scrolling the page sideways', async () => {
    for (const width of [320, 390, 768]) {
      const { page } = await open(study, { width, hash: '#queries?open=q5' })
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
      await page.context().close()
    }
  })

  it('keeps a contrast of 4.5 for every text, in light and dark', async () => {
    const troubled = studyFixture({ smoke: 25, queries: 30, failed: [['bge-base', 'cosqa']] })
    for (const dark of [false, true])
      for (const heat of ['score', 'difference']) {
        const { page } = await open(troubled, { dark, hash: `#heatmap?heat=${heat}&open=q2` })
        expect(await page.evaluate(contrastFailures, 4.5)).toEqual([])
        await page.context().close()
      }
  })

  it('labels every table, header and control for those who do not see them', async () => {
    const { page } = await open(study, { hash: '#queries?open=q2' })
    const faults = await page.evaluate(() => {
      const list = (selector: string, bad: (e: Element) => boolean) =>
        [...document.querySelectorAll(selector)].filter(bad).map((e) => e.outerHTML.slice(0, 120))
      return [
        ...list('th', (e) => !e.hasAttribute('scope')),
        ...list('svg', (e) => e.getAttribute('aria-hidden') !== 'true' && !e.getAttribute('aria-label')),
        ...list('button', (e) => e.textContent?.trim() === ''),
        ...list('input, select', (e) => {
          const labelled = e.getAttribute('aria-label') ?? e.closest('label')?.textContent
          return !labelled && !document.querySelector(`label[for="${e.id}"]`)
        }),
        ...list('[id]', (e) => document.querySelectorAll(`[id="${e.id}"]`).length > 1),
      ]
    })
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('stays quick with 10 collections, 20 retrievers and 7,000 queries each', { timeout: 120_000 }, async () => {
    const large = studyFixture({
      collections: Array.from({ length: 10 }, (_, i) => `collection-${i}`),
      retrievers: Array.from({ length: 20 }, (_, i) => ({
        id: `retriever-${i}`,
        kind: 'dense' as const,
        skill: 0.4 + i / 100,
      })),
      queries: 7000,
      measures: ['nDCG@10', 'R@100'],
      evidence: 100,
    })
    const { page, trouble } = await open(large)
    expect(await page.locator('.queries tbody tr').count()).toBe(25)
    const start = performance.now()
    await page.locator('#queries').getByLabel('Collection').selectOption('collection-7')
    await page.getByLabel('Search in queries').fill('q6999')
    expect(await page.locator('.queries tbody tr').count()).toBe(1)
    expect(performance.now() - start).toBeLessThan(5000)
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(12_000)
    expect(trouble).toEqual([])
    await page.context().close()
  })

  it('prints its contents without its controls', async () => {
    const { page } = await open(study)
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('.top-bar').isVisible()).toBe(false)
    expect(await page.locator('.leaderboard').isVisible()).toBe(true)
    const pdf = await page.pdf({ format: 'A4' })
    expect(pdf.subarray(0, 4).toString()).toBe('%PDF')
    await page.context().close()
  })

  it('still tells the results where scripts are switched off', async () => {
    const { page } = await open(study, { scripts: false })
    const text = await page.locator('noscript').textContent()
    expect(text).toContain('| bm25 (baseline) |')
    await page.context().close()
  })
})
