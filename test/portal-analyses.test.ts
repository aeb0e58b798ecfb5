/**
 * Analyses in the portal, in a real browser on the whole platform: an analyst asks in SQL, Python, R and a notebook,
 * sees what comes back and what does not; two checkers release an output without seeing each other's vote; a custodian
 * approves what is pinned. Each person looks at it in other colours and widths.
 */
import { readFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../local/testing.ts'
import { faults, openPortal, type Portal, signedIn } from './portal-support.ts'

let portal: Portal
let anil: Page
let chen: Page
let dora: Page
let cleo: Page
const complaints: string[][] = []
const example = (file: string): string => new URL(`../examples/analyses/${file}`, import.meta.url).pathname
const patience = { timeout: 180_000 }

async function person(email: string, colorScheme: 'light' | 'dark', width: number): Promise<Page> {
  const seen = await signedIn(portal, email, '/', {
    colorScheme,
    viewport: { width, height: 900 },
    acceptDownloads: true,
  })
  seen.context.setDefaultTimeout(60_000)
  complaints.push(seen.complaints)
  return seen.page
}
beforeAll(async () => {
  portal = await openPortal(await freePort())
  ;[anil, chen, dora, cleo] = (await Promise.all([
    person('anil@demo.cloister', 'light', 1440),
    person('chen@demo.cloister', 'dark', 1440),
    person('dora@demo.cloister', 'dark', 390),
    person('cleo@demo.cloister', 'light', 390),
  ])) as [Page, Page, Page, Page]
}, 240_000)
afterAll(async () => {
  await portal?.close()
})

const go = (page: Page, path: string) => page.goto(`${portal.origin}${path}`)
const state = (page: Page, word: string) => page.locator('.head').getByText(word, { exact: true }).waitFor(patience)
/** Sends what the form holds once the quote is there; answers the address of its page. */
async function ask(page: Page, button = 'Ask'): Promise<string> {
  await page.getByText('It would be accepted').waitFor()
  await page.getByRole('button', { name: button, exact: true }).click()
  await page.waitForURL((u) => /\/analyses\/job_/.test(u.pathname))
  return new URL(page.url()).pathname
}
const write = (page: Page, language: string, code: string) =>
  page.getByRole('textbox', { name: `${language} of the question` }).fill(code)
const begin = async (page: Page, language: string) => {
  await page.getByRole('tab', { name: language, exact: true }).click()
  await page.getByRole('textbox', { name: `${language} of the question` }).waitFor()
}
/** Begins a question of a dataset in a language from a file of the examples, and sends it. */
async function upload(page: Page, dataset: string, language: string, file: string): Promise<string> {
  await go(page, `/analyses/ask?dataset=${dataset}`)
  await begin(page, language)
  await page.getByLabel(`Upload ${language}`).setInputFiles(example(file))
  return ask(page)
}
async function download(page: Page, format: RegExp): Promise<Buffer> {
  const file = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByRole('menuitem', { name: format }).click()
  return readFile(await (await file).path())
}
/** The number in the row or below the heading that begins with `name`. */
const figure = async (page: Page, name: string): Promise<number> =>
  Number(
    (
      await page
        .getByRole('row')
        .filter({ has: page.getByRole('cell', { name, exact: true }) })
        .getByRole('cell')
        .nth(1)
        .innerText()
    )
      .split('±')[0]!
      .trim(),
  )

let trial = ''
let imaging = ''

describe('SQL', () => {
  it('is asked from the catalogue: what it costs and which rules apply are seen before', async () => {
    await anil.getByRole('link', { name: 'Datasets', exact: true }).click()
    await anil.getByRole('textbox', { name: 'Search datasets and columns' }).fill('region')
    await anil.getByRole('link', { name: 'Scans with a region of interest' }).click()
    imaging = /dat_[a-z2-7]+/.exec(anil.url())![0]
    await anil.getByRole('link', { name: 'Datasets', exact: true }).first().click()
    await anil.getByRole('link', { name: 'Parkinson’s trial over twelve months' }).click()
    await anil.getByText('No number is shown that stands for fewer than 10 people.').waitFor()
    trial = /dat_[a-z2-7]+/.exec(anil.url())![0]
    expect(await faults(anil)).toEqual([])
    await anil.getByRole('link', { name: 'Ask a question' }).click()
    await write(
      anil,
      'SQL',
      'SELECT site, genetic_marker, count(*) AS people, avg(baseline_updrs) AS mean_updrs FROM subjects GROUP BY site, genetic_mar',
    )
    const quote = anil.getByRole('complementary', { name: 'What this would cost' })
    await quote
      .getByText(/no column genetic_mar\b/i)
      .first()
      .waitFor()
    expect(await anil.getByRole('button', { name: 'Ask', exact: true }).isDisabled()).toBe(true)
    // The rest of the name is offered as it is typed.
    const editor = anil.getByRole('textbox', { name: 'SQL of the question' })
    await editor.press('Control+End')
    await editor.pressSequentially('k')
    await anil.getByRole('option', { name: /^genetic_marker/ }).click()
    await quote.getByText('It would be accepted').waitFor()
    expect(await quote.getByRole('definition').allInnerTexts()).toEqual([
      'nothing',
      expect.stringMatching(/seconds|about \d+ s/),
      expect.stringMatching(/nothing|less than \$0.01/),
      'Runs at once',
    ])
    expect(await quote.getByRole('listitem').allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringMatching(/at least 10 people/)]),
    )
    expect(await faults(anil)).toEqual([])
  }, 120_000)

  it('comes back as a plot and a table with suppressed cells marked, a release card, and files to take away', async () => {
    await ask(anil)
    await state(anil, 'released')
    await anil.locator('figure.plot [fill^="url(#hatch"] rect').first().waitFor()
    const row = anil.getByRole('row').filter({ hasText: 'Cracow' })
    expect(await row.filter({ hasText: 'none' }).innerText()).toMatch(/30\s+\d+/)
    expect(await row.filter({ hasText: 'GBA' }).getByRole('cell').allInnerTexts()).toEqual([
      'Cracow',
      'GBA',
      'suppressed',
      'suppressed',
    ])
    const card = anil.getByRole('region', { name: 'Release card' })
    for (const text of ['version 1', 'too few people', 'Everybody in the dataset', 'DuckDB, locked down'])
      await card.getByText(text).first().waitFor()
    await anil.getByText('How it went').click()
    expect(
      (await anil.getByRole('list', { name: 'Steps' }).getByRole('listitem').allInnerTexts()).map(
        (t) => t.split(/:|\n/)[0],
      ),
    ).toEqual(['Prepare', 'Compute', 'Check', 'Settle'])
    expect(await faults(anil)).toEqual([])
    expect((await download(anil, /CSV/)).toString()).toContain('Cracow')
    const json = (await download(anil, /^JSON/)).toString()
    expect(json).toContain('"guarantee"')
    expect(
      Object.keys(unzipSync(await download(anil, /RO-Crate/))).some((f) => f.endsWith('ro-crate-metadata.json')),
    ).toBe(true)
  }, 120_000)
})

describe('scripts', () => {
  const jobs: Record<string, string> = {}
  it('are uploaded in each language, with advice beside the line it is about', async () => {
    await go(anil, `/analyses/ask?dataset=${trial}`)
    await begin(anil, 'Python')
    await write(anil, 'Python', 'import os\nimport socket\nprint(os.environ["DATA_ROOT"])\n')
    const advice = anil.getByRole('list', { name: 'Advice' })
    await advice.getByRole('button', { name: 'line 2' }).first().click()
    await anil.locator('.cm-activeLine').getByText('import socket').waitFor()
    await anil.locator('.cm-gutter-lint .cm-lint-marker').first().waitFor()
    jobs['python'] = await upload(anil, trial, 'Python', 'correlation.py')
    await anil.getByRole('list', { name: 'Steps' }).locator('[aria-current=step]').first().waitFor()
    jobs['r'] = await upload(anil, trial, 'R', 'outcome.R')
    jobs['notebook'] = await upload(anil, trial, 'Notebook', 'change.ipynb')
    jobs['imaging'] = await upload(anil, imaging, 'Python', 'roi.py')
  }, 180_000)

  it('pandas: the correlation', async () => {
    await go(anil, jobs['python']!)
    await state(anil, 'released')
    await anil.getByRole('cell', { name: 'updrs with duration' }).waitFor()
    expect(await figure(anil, 'updrs with duration')).toBeGreaterThan(0.6)
    expect(await figure(anil, 'mean age')).toBeGreaterThan(60)
    expect(await figure(anil, 'mean age')).toBeLessThan(68)
    await anil.getByRole('heading', { name: /^Does the motor score at entry go with age/ }).waitFor()
  }, 200_000)

  it('R: a model as a forest plot', async () => {
    await go(anil, jobs['r']!)
    await state(anil, 'released')
    await anil
      .getByRole('img', { name: /estimates with their intervals/ })
      .locator('svg')
      .waitFor()
    expect(await figure(anil, 'disease_duration')).toBeGreaterThan(1.4)
    expect(await figure(anil, 'disease_duration')).toBeLessThan(2.8)
    expect(await faults(anil)).toEqual([])
  }, 200_000)

  it('a notebook: the change in each arm', async () => {
    await go(anil, jobs['notebook']!)
    await state(anil, 'released')
    await anil.getByRole('cell', { name: 'placebo', exact: true }).waitFor()
    expect(await figure(anil, 'placebo')).toBeGreaterThan(await figure(anil, 'treatment'))
  }, 200_000)

  it('nibabel: the mean in a region of interest across scans', async () => {
    await go(anil, jobs['imaging']!)
    await state(anil, 'released')
    await anil.getByRole('cell', { name: 'mean in region' }).waitFor()
    expect(await figure(anil, 'mean in region')).toBeGreaterThan(70)
    expect(await figure(anil, 'controls')).toBeGreaterThan(await figure(anil, 'patients'))
  }, 200_000)

  it('a cohort of four is blocked without saying four', async () => {
    await go(anil, `/analyses/ask?dataset=${trial}`)
    await begin(anil, 'Python')
    await anil.getByRole('button', { name: 'Add a filter' }).click()
    await anil.getByRole('combobox', { name: 'Filter 1: column' }).click()
    await anil.getByRole('option', { name: 'subjects.age' }).click()
    await anil.getByRole('textbox', { name: 'Filter 1: from' }).fill('40')
    await anil.getByRole('textbox', { name: 'Filter 1: to' }).fill('45')
    await ask(anil)
    await state(anil, 'blocked')
    const said = await anil.getByRole('alert').innerText()
    expect(said).toContain('too few subjects')
    expect(said).not.toMatch(/\d|\bfour\b/)
    expect(await anil.getByRole('tab', { name: 'Result' }).count()).toBe(0)
    expect(await faults(anil)).toEqual([])
  }, 200_000)

  it('an error leads to its line and to another try; one that runs for ever is stopped', async () => {
    await go(anil, `/analyses/ask?dataset=${trial}`)
    await begin(anil, 'Python')
    await write(
      anil,
      'Python',
      'import csv\nimport os\nrows = list(csv.DictReader(open(os.environ["DATA_ROOT"] + "/catalogs/clinical_trial_data/subjects.csv")))\nprint(rows[0]["agee"])\n',
    )
    await ask(anil)
    await state(anil, 'failed')
    await anil.getByText('KeyError').waitFor()
    await anil.getByRole('button', { name: 'Go to line 4' }).click()
    await anil.locator('.cm-activeLine').getByText('agee').waitFor()
    await anil.getByRole('link', { name: 'Edit and run again' }).click()
    await write(anil, 'Python', 'while True:\n    pass\n')
    await ask(anil)
    await anil.getByRole('button', { name: 'Stop it' }).click()
    await state(anil, 'cancelled')
    await go(anil, '/analyses?state=failed')
    await anil.getByRole('row').nth(1).waitFor()
    expect(await anil.locator('tbody tr').count()).toBe(1)
    expect(await faults(anil)).toEqual([])
  }, 200_000)
})

describe('review by people', () => {
  let job = ''
  const title = 'Ages for the appendix'
  it('holds an output of which the analyst sees nothing', async () => {
    await go(anil, `/analyses/ask?dataset=${trial}`)
    await begin(anil, 'Python')
    await write(
      anil,
      'Python',
      'import os\nout = os.environ["CLOISTER_OUTPUT"]\nopen(out + "/ages.svg", "w").write(\'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="30"><rect width="40" height="30"/></svg>\')\nopen(out + "/ages.csv", "w").write("site,n\\nDublin,31\\nCracow,4\\n")\n',
    )
    await anil.getByRole('radio', { name: 'Review by people' }).click()
    await anil.getByText('Tell the checkers what this is for.').waitFor()
    await anil.getByRole('textbox', { name: 'What is it for?' }).fill('A figure for the appendix of the report')
    await anil.getByRole('textbox', { name: 'Title' }).fill(title)
    job = await ask(anil)
    await state(anil, 'with the checkers')
    await anil.getByText('0 of 2 have voted').waitFor()
    expect(await anil.getByRole('tab').allInnerTexts()).toEqual(['Question'])
  }, 200_000)

  it('asks two checkers, neither of whom sees the other’s vote before their own', async () => {
    await go(chen, '/checks')
    await chen.getByText('Waits for you').waitFor()
    expect(await faults(chen)).toEqual([])
    await go(dora, '/')
    await dora.getByRole('link', { name: title }).click()
    await dora.getByRole('heading', { name: 'Your vote' }).waitFor()
    await chen.getByRole('link', { name: title }).click()
    await chen.getByText('A figure for the appendix of the report').waitFor()
    await chen.getByRole('img', { name: 'Plot ages.svg' }).waitFor()
    expect(await chen.locator('td[data-found=fail]').innerText()).toMatch(/^4/)
    expect(await faults(chen)).toEqual([])
    await chen.getByRole('radio', { name: 'Approve' }).click()
    await chen.getByRole('textbox', { name: 'Comment' }).fill('Nobody can be told from four of a site.')
    await chen.getByRole('button', { name: 'Vote', exact: true }).click()
    await chen.getByText('Another checker has to vote as well.').waitFor()
    await dora.reload()
    await dora.getByRole('heading', { name: 'Your vote' }).waitFor()
    expect(await dora.getByText(/Chen|Nobody can be told/).count()).toBe(0)
    expect(await faults(dora)).toEqual([])
    await go(anil, job)
    await anil.getByText('1 of 2 have voted').waitFor()
    await dora.getByRole('radio', { name: 'Approve' }).click()
    await dora.getByRole('button', { name: 'Vote', exact: true }).click()
    await dora.waitForURL(/\/checks$/)
    await dora.getByRole('heading', { name: 'Nothing waits for a check' }).waitFor()
    await state(anil, 'released')
    await anil.getByRole('img', { name: 'Plot ages.svg, released by checkers' }).waitFor()
    await anil.getByRole('region', { name: 'Release card' }).getByText('2 checkers').waitFor()
  }, 120_000)
})

describe('prior approval', () => {
  it('waits in the custodian’s queue, and is for exactly what was asked', async () => {
    await go(cleo, '/datasets')
    await cleo.getByRole('link', { name: 'Fifty records to try things on' }).click()
    await cleo.getByRole('tab', { name: 'Policy' }).click()
    await cleo.getByRole('switch', { name: 'A custodian approves each analysis first' }).click()
    await cleo.getByRole('button', { name: 'Save' }).click()
    await cleo.getByText('Saved', { exact: true }).waitFor()
    expect(await faults(cleo)).toEqual([])
    const demo = /dat_[a-z2-7]+/.exec(cleo.url())![0]
    await go(anil, `/analyses/ask?dataset=${demo}&language=sql`)
    await anil.getByRole('textbox', { name: 'What is it for?' }).fill('To see whether the records suit our course')
    const job = await ask(anil, 'Ask for approval')
    await state(anil, 'waiting for approval')
    await go(cleo, '/analyses?whose=approve')
    await cleo.getByText('To approve (1)').waitFor()
    expect(await faults(cleo)).toEqual([])
    await cleo.locator('tbody').getByRole('link').first().click()
    const approval = cleo.getByRole('region', { name: 'Approval' })
    await approval.getByText('To see whether the records suit our course').waitFor()
    await approval.getByRole('button', { name: 'Approve' }).click()
    await go(anil, job)
    await state(anil, 'released')
  }, 120_000)

  it('leaves nothing to complain about', () => {
    expect(complaints.flat()).toEqual([])
  })
})
