/**
 * A trivial Python script, from the request that asks to the state `succeeded`, over HTTP against the local host as it
 * is. Prints last one line of JSON.
 *
 * What is not ours is the interpreter's own start: under `rules` the code runs once on everybody and once without each
 * of eight blocks (the plan `leave-out`), so nine interpreters start, as many at a time as the runner has lanes. The
 * floor is measured in the same run, right before each job: the same script nine times, the same number at a time,
 * started bare by this process, no confinement, no platform. Everything above the floor counts against the goal:
 * gateway, checks, workflow, cohort, manifest, the runner's own start, confinement, collecting, the gate, the release,
 * and the polling by which this client learns of it.
 *
 * `--runs N` jobs (default 7) after two that warm up; medians. `--code FILE` takes another script. `--quick` one job, and
 * none before it.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openStage, succeeded } from '../test/jobs-support.ts'
import { ensureRuntimes } from '../tools/runtimes.ts'
import { atMost, need, report } from './report.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '7' },
    code: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})
const runs = values.quick ? 1 : Number(values.runs)
const warmUps = values.quick ? 0 : 2
const trivial = `import json, os
rows = open(os.path.join(os.environ["DATA_ROOT"], "catalogs", "demo_dataset", os.listdir(os.path.join(os.environ["DATA_ROOT"], "catalogs", "demo_dataset"))[0])).read().splitlines()
json.dump({"n": len(rows) - 1}, open(os.path.join(os.environ["CLOISTER_OUTPUT"], "result.json"), "w"))
`
const code = values.code ? await readFile(values.code, 'utf8') : trivial
/** domain/jobs/quote.ts and runner/job.ts: eight blocks and the whole; two at a time where there are two processors. */
const starts = 9
const lanes = Math.max(1, Math.min(2, availableParallelism()))

/** Between two jobs: a host that is used now and then, and has made itself ready for the next question. */
const idleMilliseconds = values.quick ? 0 : 2500

const median = (x: number[]): number => x.toSorted((a, b) => a - b)[Math.floor(x.length / 2)]!
const pause = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms))

/** The interpreters that a job needs, and nothing around them. Milliseconds. */
async function floor(folder: string): Promise<number> {
  const script = join(folder, 'script.py')
  const bare = (): Promise<void> =>
    new Promise((resolve, reject) => {
      spawn('/usr/bin/python3', ['-s', script], {
        stdio: 'ignore',
        env: { DATA_ROOT: folder, CLOISTER_OUTPUT: folder },
      })
        .once('error', reject)
        .once('exit', (c) => {
          if (c === 0) resolve()
          else reject(new Error(`The bare script ended with ${c}`))
        })
    })
  let left = starts
  const began = performance.now()
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (left-- > 0) await bare()
    }),
  )
  return performance.now() - began
}

interface Line {
  event: string
  at: string
  step?: string
  job?: string
  name?: string
  ms?: number
}
interface Sample {
  total: number
  floor: number
  asked: number
  prepare: number
  runner: number
  check: number
  settle: number
  between: number
}

await need(ensureRuntimes)
const stage = await openStage()
const folder = await mkdtemp(join(tmpdir(), 'cloister-bench-job-'))
try {
  await mkdir(join(folder, 'catalogs/demo_dataset'), { recursive: true })
  await writeFile(
    join(folder, 'catalogs/demo_dataset/rows.csv'),
    `id,x\n${Array.from({ length: 50 }, (_, i) => `s${i},${i}`).join('\n')}\n`,
  )
  await writeFile(join(folder, 'script.py'), code)
  const anil = await stage.as('anil@demo.cloister')
  const tried = await stage.host.languages.known()
  if (!tried.python) throw new Error('This machine has no confinement for Python')

  /** Asks once, waits, and reads from the host's log how long each step took. */
  async function once(): Promise<Sample> {
    const bare = await floor(folder)
    const began = performance.now()
    const { jobId } = await anil.jobs.ask({
      body: { dataset: 'demo_dataset', language: 'python', mode: 'rules', code },
    })
    const asked = performance.now() - began
    await succeeded(anil, jobId)
    const total = performance.now() - began
    const lines = (await readFile(join(stage.host.home, 'cloister.log'), 'utf8'))
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as Line)
    const step = (name: string): number =>
      lines.find((l) => l.event === 'step' && l.job === jobId && l.step === name)?.ms ?? 0
    const runner = lines.find((l) => l.event === 'container' && l.name?.startsWith(jobId))!.ms!
    const [prepare, check, settle] = [step('prepare'), step('check'), step('settle')]
    return {
      total,
      floor: bare,
      asked,
      prepare,
      runner,
      check,
      settle,
      between: total - asked - prepare - runner - check - settle,
    }
  }
  for (let i = 0; i < warmUps; i++) {
    await once()
    await pause(idleMilliseconds)
  }
  const samples: Sample[] = []
  for (let i = 0; i < runs; i++) {
    samples.push(await once())
    await pause(idleMilliseconds)
  }

  const of = (name: keyof Sample): number => Math.round(median(samples.map((s) => s[name])))
  const around = samples.map((s) => s.total - s.floor)
  const figures = {
    jobs: samples.length,
    interpreterStarts: starts,
    atATime: lanes,
    confinement: tried.python,
    submitToReleasedMs: of('total'),
    interpretersMs: of('floor'),
    aroundMs: Math.round(median(around)),
    aroundWorstMs: Math.round(Math.max(...around)),
    steps: {
      askMs: of('asked'),
      prepareMs: of('prepare'),
      runnerMs: of('runner'),
      runnerAroundInterpretersMs: Math.round(median(samples.map((s) => s.runner - s.floor))),
      checkMs: of('check'),
      settleMs: of('settle'),
      betweenMs: of('between'),
    },
  }
  process.stdout.write(
    `${Object.entries(figures)
      .map(([k, v]) => `${k.padEnd(20)} ${typeof v === 'object' ? JSON.stringify(v) : v}`)
      .join('\n')}\n`,
  )
  report('job', values.quick, figures, { aroundMs: atMost(700, figures.aroundMs) })
} finally {
  await stage.close()
  await rm(folder, { recursive: true, force: true })
}
