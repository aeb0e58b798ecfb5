/**
 * A statement under `rules`, from the request that asks to the state `succeeded` over HTTP against the local host as it
 * is, beside bare DuckDB on the same statement over the very Parquet files that were uploaded, in the same run and by
 * turns. Prints last one line of JSON.
 *
 * Bare is DuckDB in a warm process of its own with its defaults, the files open, nothing but the statement: what the
 * platform does besides (gateway, checks, workflow, cohort, a locked process of its own per statement, distinct people
 * and contributions beside every cell, the gate, the release, the polling by which this client learns of it) counts in
 * full against the goals. The ratio is over the statements of the larger size together (sum of medians over sum of
 * medians); each one's own is in the figures. "Small" is 10,000 rows of 1,000 people: overhead there is what is not
 * DuckDB’s own.
 *
 * `--runs N` (default 5) by turns after one that warms up, medians; `--rows 1000000,10000000`; `--only NAME`; `--quick`
 * one run of one statement over 10,000 and 100,000 rows.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { Client } from '../clients/api.ts'
import { openStage, register, succeeded } from '../test/jobs-support.ts'
import { atMost, report } from './report.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    rows: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs ?? (values.quick ? 1 : 5))
const only = (values.only ?? (values.quick ? 'groups' : undefined))?.split(',')
const visitsEach = 10
const small = 10_000

/** Statements as analysts write them: groups, a spread, a median, people counted, a condition, a join. */
const statements: Record<string, string> = {
  groups: 'SELECT site, count(*) AS n, avg(reading) AS mean, stddev(reading) AS spread FROM visits GROUP BY site',
  median:
    'SELECT arm, median(reading) AS middle, quantile_cont(reading, 0.9) AS high FROM visits WHERE visit >= 2 GROUP BY arm',
  people: 'SELECT site, arm, count(DISTINCT subject_id) AS people, avg(reading) AS mean FROM visits GROUP BY site, arm',
  join: 'SELECT p.sex, count(*) AS n, avg(v.reading) AS mean, corr(v.reading, p.age) AS r FROM visits v JOIN people p USING (subject_id) WHERE p.age >= 40 GROUP BY p.sex',
}
const schema = {
  tables: [
    {
      name: 'people',
      file: 'people.parquet',
      oneRowPerSubject: true,
      columns: [
        { name: 'subject_id', type: 'text', role: 'subject' },
        { name: 'age', type: 'integer', minimum: 18, maximum: 90 },
        { name: 'sex', type: 'category', categories: ['female', 'male'] },
      ],
    },
    {
      name: 'visits',
      file: 'visits.parquet',
      oneRowPerSubject: false,
      columns: [
        { name: 'subject_id', type: 'text', role: 'subject' },
        { name: 'visit', type: 'integer', role: 'visit', minimum: 0, maximum: visitsEach - 1 },
        { name: 'site', type: 'category', categories: ['north', 'south', 'east', 'west'] },
        { name: 'arm', type: 'category', categories: ['active', 'placebo'] },
        { name: 'reading', type: 'number', minimum: 0, maximum: 300 },
      ],
    },
  ],
  images: [],
}
const median = (x: number[]): number => x.toSorted((a, b) => a - b)[Math.floor(x.length / 2)]!
const pause = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms))
const log = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

/** Two Parquet files of `rows` visits; the same at every run. */
async function make(duck: DuckDBConnection, folder: string, rows: number): Promise<{ people: string; visits: string }> {
  const u = (what: string, of: string): string => `(hash(${of}, '${what}') % 1000003 / 1000003.0)`
  const people = join(folder, `people-${rows}.parquet`)
  const visits = join(folder, `visits-${rows}.parquet`)
  const id = "'S' || lpad(CAST(i AS VARCHAR), 8, '0')"
  const site = (x: string): string =>
    `['north', 'south', 'east', 'west'][1 + CAST(floor(${u('site', x)} * 4) AS INTEGER)]`
  await duck.run(
    `COPY (SELECT ${id} AS subject_id, 18 + CAST(floor(${u('age', 'i')} * 70) AS INTEGER) AS age, CASE WHEN ${u('sex', 'i')} < 0.5 THEN 'female' ELSE 'male' END AS sex FROM range(${rows / visitsEach}) t(i)) TO '${people}' (FORMAT parquet)`,
  )
  await duck.run(
    `COPY (SELECT ${id} AS subject_id, v AS visit, ${site('i')} AS site, CASE WHEN ${u('arm', 'i')} < 0.5 THEN 'active' ELSE 'placebo' END AS arm, round(120 + 40 * (${u('a', 'i')} + ${u('b', 'i * 10 + v')} - 1) + v, 3) AS reading FROM (SELECT i, v FROM range(${rows / visitsEach}) t(i), range(${visitsEach}) s(v) ORDER BY i, v)) TO '${visits}' (FORMAT parquet)`,
  )
  return { people, visits }
}

interface Step {
  event?: string
  job?: string
  step?: string
  ms?: number
}
/** Asks and waits; milliseconds from before the request to having read that it succeeded. */
async function asked(client: Client, dataset: string, code: string): Promise<{ ms: number; jobId: string }> {
  const began = performance.now()
  const { jobId } = await client.jobs.ask({ body: { dataset, language: 'sql', mode: 'rules', code } })
  await succeeded(client, jobId)
  return { ms: performance.now() - began, jobId }
}

const sizes = (values.rows ?? (values.quick ? '100000' : '1000000,10000000')).split(',').map(Number)
const folder = await mkdtemp(join(tmpdir(), 'cloister-bench-query-'))
const stage = await openStage()
const chosen = Object.entries(statements).filter(([name]) => !only || only.includes(name))
const figures: Record<string, unknown> = {}
const ratios: Record<number, number> = {}
let overhead = 0
try {
  const duck = await (await DuckDBInstance.create(':memory:')).connect()
  for (const rows of [small, ...sizes]) {
    const files = await make(duck, folder, rows)
    const name = `visits_${rows}`
    const began = performance.now()
    await register(await stage.as('cleo@demo.cloister'), stage.organisationId, {
      name,
      title: `${rows} visits`,
      files: { 'people.parquet': await readFile(files.people), 'visits.parquet': await readFile(files.visits) },
      schema: structuredClone(schema) as never,
    })
    log(`${String(rows).padStart(9)} rows registered and published in ${Math.round(performance.now() - began)} ms`)
    const analyst = await stage.as('anil@demo.cloister')
    const bare = await (await DuckDBInstance.create(':memory:')).connect()
    for (const table of ['people', 'visits'] as const) await bare.run(`CREATE VIEW ${table} AS FROM '${files[table]}'`)
    const of: Record<
      string,
      { bareMs: number; jobMs: number; ratio: number; overheadMs: number; steps: Record<string, number> }
    > = {}
    for (const [statement, sql] of chosen) {
      const bares: number[] = []
      const jobs: number[] = []
      const ids: string[] = []
      for (let i = 0; i <= runs; i++) {
        const at = performance.now()
        await (await bare.runAndReadAll(sql)).getRowsJS()
        const b = performance.now() - at
        const job = await asked(analyst, name, sql)
        if (i > 0) {
          bares.push(b)
          jobs.push(job.ms)
          ids.push(job.jobId)
        }
        await pause(100)
      }
      const lines = (await readFile(join(stage.host.home, 'cloister.log'), 'utf8'))
        .trim()
        .split('\n')
        .map((l) => JSON.parse(l) as Step)
      const [bareMs, jobMs] = [median(bares), median(jobs)]
      const steps = Object.fromEntries(
        ['prepare', 'query', 'check', 'settle'].map((s) => [
          s,
          median(ids.map((id) => lines.find((l) => l.event === 'step' && l.job === id && l.step === s)?.ms ?? 0)),
        ]),
      )
      of[statement] = {
        bareMs: Math.round(bareMs),
        jobMs: Math.round(jobMs),
        ratio: Number((jobMs / bareMs).toFixed(2)),
        overheadMs: Math.round(jobMs - bareMs),
        steps,
      }
      log(
        `${String(rows).padStart(9)} rows ${statement.padEnd(8)} bare ${String(Math.round(bareMs)).padStart(6)} ms   job ${String(Math.round(jobMs)).padStart(6)} ms   ${JSON.stringify(steps)}`,
      )
    }
    const all = Object.values(of)
    const sum = (f: (x: (typeof all)[number]) => number): number => all.reduce((n, x) => n + f(x), 0)
    ratios[rows] = Number((sum((x) => x.jobMs) / sum((x) => x.bareMs)).toFixed(2))
    if (rows === small) overhead = Math.max(...all.map((x) => x.overheadMs))
    figures[`rows${rows}`] = { ratio: ratios[rows], statements: of }
  }
} finally {
  await stage.close()
  await rm(folder, { recursive: true, force: true })
}
const largest = Math.max(...sizes)
report('query', values.quick, figures, {
  [`ratioAt${largest}`]: atMost(1.3, ratios[largest]!),
  smallOverheadMs: atMost(600, overhead),
})
process.exit(0)
