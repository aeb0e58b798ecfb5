/**
 * Pictures of the pages, from a fresh demo installation in real Chromium.
 *   node tools/screenshots.ts           the pictures of the documentation, into docs/pictures/
 *   node tools/screenshots.ts FOLDER    every page, 1440 and 390 px wide, light and dark, into FOLDER
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { type Client, createClient } from '../clients/api.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { startHost } from '../local/host.ts'
import { Visitor } from '../local/testing.ts'
import { ask, type Asked } from '../test/jobs-support.ts'
import { adultCsv, adultPlan, make, upload } from '../test/synthesis-support.ts'
import { launchBrowser } from './browser.ts'
import { buildWeb } from './build-web.ts'

const port = Number(process.env['CLOISTER_PORT'] ?? 4790)
const folder = process.argv[2]
const pictures = fileURLToPath(new URL('../docs/pictures', import.meta.url))

/** Signs in as a demo person on the local login page. */
async function signIn(page: Page, origin: string, email: string): Promise<void> {
  await page.goto(`${origin}/`)
  await page
    .getByRole('button', { name: /sign in/i })
    .first()
    .click()
  await page.getByRole('button', { name: email }).click()
  await page.getByRole('navigation').first().waitFor()
}

const settled = async (page: Page): Promise<void> => {
  await page.waitForLoadState('networkidle').catch(() => {})
  // What is still coming has its room held by grey bars; plots and editors draw themselves shortly after.
  await page.waitForFunction(() => document.querySelector('.mantine-Skeleton-root, .mantine-Loader-root') === null)
  await page.waitForTimeout(800)
}

async function take(page: Page, path: string): Promise<void> {
  await settled(page)
  await page.screenshot({ path, fullPage: true, animations: 'disabled' })
  process.stdout.write(`${path}\n`)
}

await buildWeb()
const home = await mkdtemp(join(tmpdir(), 'cloister-pictures-'))
const host = await startHost({ port, home, quiet: true })
const browser = await launchBrowser()
async function open(width: number, dark: boolean): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width, height: width > 600 ? 900 : 844 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(180_000)
  return context
}

const settingsPages: [string, string][] = [
  ['audit', '/audit'],
  ['settings-people', '/settings/people'],
  ['settings-tokens', '/settings/tokens'],
  ['settings-organisation', '/settings/organisation'],
  ['device', '/device'],
  ['reference', '/docs'],
  ['nowhere', '/nowhere'],
]

/** The addresses of a researcher's pages, with names for the files: the flanker is the study with most runs. */
async function studyPages(page: Page): Promise<[string, string][]> {
  await page.goto(`${host.mainOrigin}/studies`)
  const study = await page
    .getByRole('link', { name: /flanker/i })
    .first()
    .getAttribute('href')
  const base = study!.replace(/(\/studies\/std_[a-z2-7]+).*/, '$1')
  const tabs = ['overview', 'content', 'versions', 'links', 'people', 'results', 'settings', 'history']
  return [
    ['home', '/'],
    ['studies', '/studies'],
    ['study-new', '/studies/new'],
    ...tabs.map((t): [string, string] => [`study-${t}`, `${base}/${t}`]),
  ]
}

async function clientOf(email: string): Promise<Client> {
  const tokens = await new Visitor(host.mainOrigin).signIn(email, demoPassword)
  return createClient({ baseUrl: host.mainOrigin, token: () => tokens.access_token })
}

/**
 * What the analyst has asked when the pictures are taken: a released table with suppressed cells, a model, a cohort
 * that was too small, and an output that checkers hold.
 */
async function questions(): Promise<Record<'table' | 'model' | 'blocked' | 'held', string>> {
  const anil = await clientOf('anil@demo.cloister')
  const send = async (question: Pick<Asked, 'language' | 'code'> & Partial<Asked>): Promise<string> =>
    (await ask(anil, { dataset: 'clinical_trial_data', mode: 'rules', ...question }, 300)).jobId
  const plot =
    'import os\nimport pandas as pd\n\nout = os.environ["CLOISTER_OUTPUT"]\npeople = pd.read_csv(os.environ["DATA_ROOT"] + "/catalogs/clinical_trial_data/subjects.csv")\ncounts = people.groupby("site").size()\n' +
    'bars = "".join(f\'<rect y="{28 * i + 4}" width="{6 * n}" height="22" fill="#0072B2"/><text x="{6 * n + 6}" y="{28 * i + 20}" font-size="13">{site}: {n}</text>\' for i, (site, n) in enumerate(counts.items()))\n' +
    'open(out + "/sites.svg", "w").write(f\'<svg xmlns="http://www.w3.org/2000/svg" width="420" height="120">{bars}</svg>\')\npeople.groupby(["site", "genetic_marker"], dropna=False).size().rename("n").reset_index().to_csv(out + "/markers.csv", index=False)\n'
  return {
    table: await send({
      language: 'sql',
      code: 'SELECT site, genetic_marker, count(*) AS people, avg(baseline_updrs) AS mean_updrs\nFROM subjects\nGROUP BY site, genetic_marker\nORDER BY site, genetic_marker\n',
      title: 'Motor score by site and variant',
    }),
    model: await send({
      language: 'r',
      code: await readFile(new URL('../examples/analyses/outcome.R', import.meta.url), 'utf8'),
      title: 'What goes with the motor score at entry?',
    }),
    blocked: await send({
      language: 'sql',
      code: 'SELECT count(*) AS people FROM subjects',
      cohort: [{ table: 'subjects', column: 'age', is: 'between', to: 45 }],
      title: 'The youngest',
    }),
    held: await send({
      language: 'python',
      mode: 'review',
      code: plot,
      purpose: 'Figure 2 of the report: how many people each site enrolled',
      title: 'People at each site',
    }),
  }
}

/** The demo's experiment with two runs that differ in one parameter. */
async function runs(): Promise<Record<'experiment' | 'run' | 'pipeline' | 'comparison', string>> {
  const rosa = await clientOf('rosa@demo.cloister')
  const { organisationId } = (await rosa.access.me()).memberships[0]!
  const { experimentId, pipelineId } = (
    await rosa.pipelines.experiments({ params: { organisationId }, query: { text: 'First recording' } })
  ).items[0]!
  const ids: string[] = []
  for (const threshold of [0.3, 0.6])
    ids.push(
      (await rosa.pipelines.start({ params: { experimentId }, body: { parameters: { threshold, niter_rig: 4 } } }))
        .jobId,
    )
  for (const jobId of ids)
    while ((await rosa.pipelines.run({ params: { jobId } })).ended === undefined)
      await new Promise((resolve) => setTimeout(resolve, 500))
  return { experiment: experimentId, run: ids[0]!, pipeline: pipelineId, comparison: ids.join(',') }
}
const runPages = (ids: Awaited<ReturnType<typeof runs>>): [string, string][] => [
  ['pipelines', '/pipelines'],
  ['pipelines-all', '/pipelines?view=pipelines'],
  ['pipelines-runs', '/pipelines?view=runs'],
  ['pipeline', `/pipelines/${ids.pipeline}`],
  ['pipeline-publish', '/pipelines/publish'],
  ['experiment-new', '/pipelines/new'],
  ...['setup', 'runs'].map((t): [string, string] => [`experiment-${t}`, `/experiments/${ids.experiment}?tab=${t}`]),
  ...[
    ['run', 'log'],
    ['run-results', 'results'],
    ['run-setup', 'set-up'],
  ].map(([n, t]): [string, string] => [n!, `/pipeline-runs/${ids.run}?tab=${t}`]),
  ['run-comparison', `/pipeline-runs/compare?runs=${ids.comparison}`],
]

/** A synthetic table of the example that ships, for its custodian. */
async function syntheticTable(): Promise<string> {
  const cleo = await clientOf('cleo@demo.cloister')
  const { organisationId } = (await cleo.access.me()).memberships[0]!
  return (await make(cleo, await upload(cleo, organisationId, 'adult-2000.csv', await adultCsv()), await adultPlan()))
    .synthesisId
}
const syntheticPages = (id: string): [string, string][] => [
  ['synthetic-list', '/synthetic'],
  ['synthetic', `/synthetic/${id}`],
]

/** The addresses of what an analyst, a checker and a custodian work with. */
async function dataPages(page: Page, ids: Awaited<ReturnType<typeof questions>>): Promise<[string, string][]> {
  await page.goto(`${host.mainOrigin}/datasets`)
  const overview = await page
    .getByRole('link', { name: /Parkinson/ })
    .first()
    .getAttribute('href')
  const base = overview!.replace(/\/overview$/, '')
  const dataset = base.split('/').at(-1)!
  return [
    ['datasets', '/datasets'],
    ['dataset', overview!],
    ['dataset-schema', `${base}/schema`],
    ['analyses', '/analyses'],
    ['ask', `/analyses/ask?dataset=${dataset}&language=python`],
    ['analysis', `/analyses/${ids.table}`],
    ['analysis-model', `/analyses/${ids.model}`],
    ['analysis-blocked', `/analyses/${ids.blocked}`],
  ]
}
const custodianPages = async (page: Page, ids: Awaited<ReturnType<typeof questions>>): Promise<[string, string][]> => {
  const base = (await dataPages(page, ids)).find(([n]) => n === 'dataset')![1].replace(/\/overview$/, '')
  return [
    ['dataset-new', '/datasets/new'],
    ...['register', 'analyses', 'budget', 'policy', 'history'].map((t): [string, string] => [
      `dataset-${t}`,
      `${base}/${t}`,
    ]),
  ]
}
const checkerPages = (ids: Awaited<ReturnType<typeof questions>>): [string, string][] => [
  ['checks', '/checks'],
  ['check', `/checks/${ids.held}`],
]

/** Signs in anew as somebody and hands over their pages, one by one. */
async function visit(
  context: BrowserContext,
  email: string,
  pages: (page: Page) => [string, string][] | Promise<[string, string][]>,
  each: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  const page = await context.newPage()
  await signIn(page, host.mainOrigin, email)
  for (const [name, address] of await pages(page)) {
    await page.goto(`${host.mainOrigin}${address}`)
    await each(page, name)
  }
  await page.close()
}

try {
  const [ids, ran, synthetic] = [await questions(), await runs(), await syntheticTable()]
  if (folder) {
    await mkdir(folder, { recursive: true })
    for (const [width, dark] of [
      [1440, false],
      [1440, true],
      [390, false],
      [390, true],
    ] as const) {
      const context = await open(width, dark)
      const page = await context.newPage()
      const name = (n: string): string => join(folder, `${n}-${width}-${dark ? 'dark' : 'light'}.png`)
      await page.goto(host.mainOrigin)
      await take(page, name('landing'))
      await page
        .getByRole('button', { name: /sign in/i })
        .first()
        .click()
      await take(page, name('login'))
      await visit(
        context,
        'rosa@demo.cloister',
        async (p) => [...(await studyPages(p)), ...runPages(ran)],
        (p, n) => take(p, name(n)),
      )
      for (const [email, pages] of [
        ['anil', (p: Page) => dataPages(p, ids)],
        ['chen', () => checkerPages(ids)],
        ['cleo', async (p: Page) => [...(await custodianPages(p, ids)), ...syntheticPages(synthetic)]],
        ['ada', () => settingsPages],
      ] as const) {
        await context.clearCookies()
        await visit(context, `${email}@demo.cloister`, pages, (p, n) => take(p, name(n)))
      }
      await context.close()
    }
  } else {
    await mkdir(pictures, { recursive: true })
    const context = await open(1440, false)
    const keep = new Set([
      'home',
      'study-overview',
      'study-content',
      'study-results',
      'datasets',
      'ask',
      'analysis',
      'check',
      'run',
      'run-results',
      'synthetic',
    ])
    for (const [email, pages] of [
      ['rosa', async (p: Page) => [...(await studyPages(p)), ...runPages(ran)]],
      ['anil', (p: Page) => dataPages(p, ids)],
      ['chen', () => checkerPages(ids)],
      ['cleo', () => syntheticPages(synthetic)],
    ] as const) {
      await context.clearCookies()
      await visit(
        context,
        `${email}@demo.cloister`,
        async (p) => (await pages(p)).filter(([n]) => keep.has(n)),
        async (p, n) => {
          await settled(p)
          await p.screenshot({ path: join(pictures, `${n}.png`), animations: 'disabled' })
        },
      )
    }
    await context.close()
  }
} finally {
  await browser.close()
  await host.close()
  await rm(home, { recursive: true, force: true })
}
