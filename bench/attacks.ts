/**
 * Hostile scripts and statements against the whole platform over HTTP: what could an analyst see afterwards, and does a
 * secret stand in it? Each attack is judged alone: what the analyst was told before is forgotten between two of them,
 * so the ledger against differencing meets only what one attack asks itself. `--only NAME[,NAME]` runs some, `--kind
 * scripts|reaching|hiding|sql` one kind, `--quick` a few of each kind, `--list` names them. Prints last one line of
 * JSON. Goal: leaked 0.
 */
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import type { Client } from '../clients/api.ts'
import { ProblemError } from '../clients/api.ts'
import { queryAll } from '../ports/table.ts'
import { openStage, register, settled, type Stage } from '../test/jobs-support.ts'
import { ensureRuntimes } from '../tools/runtimes.ts'
import { anyToken, type Attack, type Seen } from './attacks/attack.ts'
import { peopleCsv, schema, visitsCsv } from './attacks/cohort.ts'
import { reaching } from './attacks/scripts-reach.ts'
import { smuggling } from './attacks/scripts-smuggle.ts'
import { statements } from './attacks/statements.ts'
import { atMost, need, report } from './report.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    kind: { type: 'string' },
    list: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
})

/** Those of `--quick`: what reaches out, what hides a row, what one statement or two of them give away. */
const quickOnes = ['tcp-loopback', 'rows-as-lists', 'read-text', 'star', 'where-id', 'difference-sum']
const only = values.quick ? quickOnes : values.only?.split(',')

/** Counts whoever connects, as a server of the attacker's would. */
async function outside(): Promise<{ port: number; count: () => number; close: () => void }> {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  return { port: (server.address() as { port: number }).port, count: () => connections, close: () => server.close() }
}

/** What an analyst was told earlier is forgotten. */
async function forget(stage: Stage, datasetId: string): Promise<void> {
  for await (const item of queryAll(stage.host.deps.table, `DATASET#${datasetId}`, { prefix: 'RELEASED#' }))
    await stage.host.deps.table.remove({ pk: item.pk, sk: item.sk })
}

async function attempt(analyst: Client, attack: Attack, connections: () => number): Promise<Seen> {
  const seen: Seen = { text: '', numbers: [], strings: [], states: [], seconds: [], connections: 0 }
  const before = connections()
  const extra = (attack.extra ?? {}) as { cohorts?: object[][]; [more: string]: unknown }
  for (const [i, code] of attack.code.entries()) {
    const { cohorts, ...rest } = extra
    // A minute is enough for all of them, and a bomb that is not noticed ends sooner.
    const limits = attack.language === 'sql' ? {} : { limits: { seconds: 60 } }
    const body = {
      dataset: 'attack_data',
      language: attack.language,
      mode: attack.mode ?? 'rules',
      code,
      cohort: cohorts?.[i] ?? attack.cohort ?? [],
      ...limits,
      ...rest,
    } as Parameters<Client['jobs']['ask']>[0]['body']
    const began = performance.now()
    try {
      const asked = await analyst.jobs.ask({ body })
      const job = await settled(analyst, asked.jobId, 600)
      seen.seconds.push((performance.now() - began) / 1000)
      seen.states.push(
        job.problem ? `${job.state}:${job.problem.code}` : job.waiting ? `waiting:${job.waiting}` : job.state,
      )
      const result = job.state === 'succeeded' ? await analyst.jobs.result({ params: { jobId: job.jobId } }) : undefined
      const cells = (result?.outputs ?? []).flatMap((o) => o.rows.flat())
      seen.numbers.push(cells.map((c) => c.value).filter((v) => typeof v === 'number'))
      seen.strings.push(cells.map((c) => c.value).filter((v) => typeof v === 'string'))
      // The card repeats the question (that is the analyst's own text), so it is left out.
      seen.text += JSON.stringify([{ ...job, title: '', cohort: [] }, result?.outputs ?? [], result?.files ?? []])
    } catch (e) {
      if (!(e instanceof ProblemError)) throw e
      seen.states.push(`refused:${e.kind}`)
      seen.numbers.push([])
      seen.strings.push([])
      seen.text += JSON.stringify(e.problem)
    }
  }
  seen.connections = connections() - before
  return seen
}

await need(ensureRuntimes)
const listener = await outside()
const corpus = { reaching: reaching(listener.port), hiding: smuggling, sql: statements }
type Kind = keyof typeof corpus
const kinds = (['reaching', 'hiding', 'sql'] as const).filter(
  (k) => !values.kind || values.kind === k || (values.kind === 'scripts' && k !== 'sql'),
)
const wanted = kinds
  .flatMap((kind) => corpus[kind].map((attack) => ({ kind, ...attack })))
  .filter((a) => !only || only.includes(a.name))
if (values.list) {
  for (const a of wanted) console.log(`${a.language.padEnd(8)} ${a.name.padEnd(22)} ${a.about}`)
  process.exit(0)
}
const stage = await openStage()
const leaks: { kind: Kind; name: string }[] = []
const ends: Record<string, number> = {}
try {
  const datasetId = await register(await stage.as('cleo@demo.cloister'), stage.organisationId, {
    name: 'attack_data',
    title: 'Data that attacks are after',
    files: { 'people.csv': peopleCsv, 'visits.csv': visitsCsv },
    schema: structuredClone(schema) as never,
    policy: { budget: { epsilon: 100, delta: 1e-6 } },
  })
  let analyst = await stage.as('anil@demo.cloister')
  let since = Date.now()
  for (const attack of wanted) {
    if (Date.now() - since > 240_000) {
      analyst = await stage.as('anil@demo.cloister')
      since = Date.now()
    }
    await forget(stage, datasetId)
    const seen = await attempt(analyst, attack, listener.count)
    const leaked = attack.leaked(seen) || anyToken(seen) || seen.connections > 0
    if (leaked) leaks.push(attack)
    for (const s of seen.states) ends[s] = (ends[s] ?? 0) + 1
    console.log(
      `${leaked ? 'LEAKED   ' : 'contained'} ${attack.language.padEnd(8)} ${attack.name.padEnd(22)} ${seen.states.join(' ')}${leaked ? `  numbers ${JSON.stringify(seen.numbers).slice(0, 200)}` : ''}`,
    )
  }
} finally {
  await stage.close()
  listener.close()
}
const figuresOf = (kind?: Kind): { attempts: number; contained: number; leaked: number } => {
  const of = <T extends { kind: Kind }>(list: readonly T[]): number =>
    list.filter((a) => kind === undefined || a.kind === kind).length
  return { attempts: of(wanted), contained: of(wanted) - of(leaks), leaked: of(leaks) }
}
const titles = {
  reaching: 'scripts that reach outwards',
  hiding: 'scripts that hide values in results',
  sql: 'SQL statements',
}
const figures = Object.fromEntries(kinds.map((k) => [k, figuresOf(k)]))
console.log(`\n${'kind'.padEnd(38)} attempts contained leaked`)
for (const [title, f] of [...kinds.map((k) => [titles[k], figuresOf(k)] as const), ['all', figuresOf()] as const])
  console.log(
    `${title.padEnd(38)} ${String(f.attempts).padStart(8)} ${String(f.contained).padStart(9)} ${String(f.leaked).padStart(6)}`,
  )
console.log('Each attack was judged alone: what the analyst was told before was forgotten between two of them.')
report(
  'attacks',
  values.quick,
  { ...figuresOf(), ...figures, leaks: leaks.map((l) => l.name), ends },
  { leaked: atMost(0, leaks.length) },
)
process.exit(0)
