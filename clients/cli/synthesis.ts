/** synthesis: a synthetic table of a file or a registered table, from its plan to its files. */
import { openAsBlob } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { type SynthesisPlan, SynthesisPlan as PlanShape } from '../../contracts/synthesis.ts'
import type { Client } from '../api.ts'
import { sendFiles } from '../publish.ts'
import { type Call, type Command, text } from './command.ts'
import { findDataset } from './datasets.ts'
import { CliError, exits, show, table, tame } from './io.ts'
import { jobOver, numberOf } from './jobs.ts'
import { vacant } from './publish.ts'
import { connect, everything, organisationOf, type Session } from './session.ts'

type View = Awaited<ReturnType<Client['synthesis']['get']>>
type Plan = z.input<typeof SynthesisPlan>
const formats = ['csv', 'parquet', 'dictionary', 'croissant', 'card'] as const

const fresh = (session: Session, synthesisId: string): Promise<View> =>
  session.client.synthesis.get({ params: { synthesisId }, signal: session.io.signal })

/** Looks until a synthesis rests. */
async function rested(session: Session, synthesisId: string): Promise<View> {
  for (let wait = 200; ; wait = Math.min(2000, wait * 1.3)) {
    const s = await fresh(session, synthesisId)
    if (s.state !== 'reading' && s.state !== 'running') return s
    const last = s.rounds.at(-1)
    session.io.progress(
      `${synthesisId}: ${s.state}${last ? `, round ${last.round} of at most ${last.rounds}, ${last.columns.map(tame).join(' × ')}, error about ${last.error.toFixed(3)}` : ''}`,
    )
    await sleep(wait, undefined, { signal: session.io.signal })
  }
}

/** Why it failed, column by column. */
function failed(s: View): CliError {
  return new CliError(
    exits.no,
    tame(s.problem ?? 'It could not be made.'),
    s.faults?.map((f) => `  ${f.column === undefined ? '' : `${tame(f.column)}: `}${tame(f.message)}`).join('\n') ||
      undefined,
  )
}

async function planOf(call: Call, proposed: View['plan']): Promise<Plan> {
  const file = text(call, 'plan')
  let plan: unknown = proposed
  if (file !== undefined) {
    try {
      plan = JSON.parse(await readFile(file, 'utf8'))
    } catch (e) {
      if (e instanceof SyntaxError) throw new CliError(exits.usage, `${file} is not JSON.`)
      throw e
    }
  }
  if (!plan) throw new CliError(exits.usage, 'There is no proposed plan.', 'Say --plan with one.')
  const epsilon = numberOf(call, 'epsilon')
  const rows = numberOf(call, 'rows')
  const method = text(call, 'method')
  const r = PlanShape.safeParse({
    ...(plan as Plan),
    ...(epsilon === undefined ? {} : { epsilon }),
    ...(rows === undefined ? {} : { rows }),
    ...(method === undefined ? {} : { method }),
  })
  if (!r.success)
    throw new CliError(
      exits.usage,
      'The plan does not have the form of one.',
      r.error.issues
        .slice(0, 20)
        .map((i) => `  ${i.path.join('/')}: ${i.message}`)
        .join('\n'),
    )
  return r.data
}

/** A file is uploaded and read; a registered table is named by `--table` of a dataset. */
async function begun(call: Call, session: Session, what: string): Promise<View> {
  const title = text(call, 'title')
  const wanted = text(call, 'table')
  if (wanted !== undefined) {
    const { datasetId } = await findDataset(session, what, text(call, 'org'))
    return session.client.synthesis.begin({
      body: { datasetId, table: wanted, ...(title === undefined ? {} : { title }) },
    })
  }
  const path = basename(what)
  const data = await openAsBlob(what)
  const { organisationId } = await organisationOf(session, text(call, 'org'))
  let s: View | undefined
  await sendFiles({
    files: [{ path, data }],
    signal: session.io.signal,
    ask: async ([file]) => {
      const made = await session.client.synthesis.begin({ body: { organisationId, title: title ?? path, file: file! } })
      s = made
      return [{ path, ...(made.upload ? { upload: made.upload } : {}) }]
    },
  })
  await session.client.synthesis.infer({ params: { synthesisId: s!.synthesisId } })
  const read = await rested(session, s!.synthesisId)
  if (read.state === 'failed') throw failed(read)
  return read
}

const nextSteps = (s: View): string =>
  `Nothing is charged yet. Look through the plan, correct it, and confirm it with\n  cloister synthesis confirm ${s.synthesisId} --plan plan.json`

/** The plan as a file for people to edit: one line a column. */
const planText = (plan: NonNullable<View['plan']>): string =>
  `{\n  "columns": [\n${plan.columns.map((c) => `    ${JSON.stringify(c)}`).join(',\n')}\n  ],\n${Object.entries(plan)
    .filter(([k, v]) => k !== 'columns' && v !== undefined)
    .map(([k, v]) => `  ${JSON.stringify(k)}: ${JSON.stringify(v)}`)
    .join(',\n')}\n}`

function described(s: View): string {
  const { card } = s
  const head = [
    `${tame(s.title)} (${s.synthesisId}), ${s.state}${s.shared ? ', shared' : ''}${s.expires ? `, until ${s.expires.slice(0, 10)}` : ''}`,
    `of ${tame(s.dataset)}, ${tame(s.table)}`,
  ]
  if (s.problem)
    head.push(
      tame(s.problem),
      ...(s.faults ?? []).map((f) => `  ${f.column === undefined ? '' : `${tame(f.column)}: `}${tame(f.message)}`),
    )
  if (s.hints) head.push('', ...Object.entries(s.hints).map(([name, hint]) => `${tame(name)}: ${tame(hint)}`))
  if (card)
    head.push(
      '',
      `${tame(card.method)}${card.why ? ` (${tame(card.why)})` : ''}; ${card.rows} rows; epsilon ${card.epsilon} at delta ${card.delta}, ${card.nanoRho} nano-rho in ${card.drawn.length} draws`,
      '',
      tame(card.guarantee),
      '',
      tame(card.notMeasured),
    )
  const figures = s.evaluations.map(
    (e) =>
      `${e.charged ? 'paid for' : 'custodian only'}: ${e.model ? `a model of ${tame(e.model.target)} has AUC ${e.model.aucSynthetic.toFixed(3)} from synthetic rows${e.model.aucReal === undefined ? '' : `, ${e.model.aucReal.toFixed(3)} from real ones`}` : `columns differ by ${mean(e.tvd1)} and pairs by ${mean(e.tvd2)} on average${e.noise === undefined ? '' : ` (± ${e.noise.toFixed(4)})`}`}`,
  )
  return [...head, ...(figures.length ? ['', ...figures] : [])].join('\n')
}
const mean = (list: { tvd: number }[] | undefined): string =>
  list?.length ? (list.reduce((n, x) => n + x.tvd, 0) / list.length).toFixed(4) : '-'

async function begin(call: Call, session: Session, what: string): Promise<void> {
  const s = await begun(call, session, what)
  const output = text(call, 'output')
  if (output !== undefined) {
    await vacant(call, output)
    await writeFile(output, `${planText(s.plan!)}\n`)
  }
  call.io.note(nextSteps(s))
  show(call.io, s, () => (output === undefined ? planText(s.plan!) : described(s)))
}

async function confirmed(call: Call, session: Session, s: View): Promise<number> {
  const params = { synthesisId: s.synthesisId }
  const plan = await planOf(call, s.plan)
  const q = await session.client.synthesis.quote({ params, body: plan })
  if (!q.feasible)
    throw new CliError(
      exits.no,
      'This plan cannot be carried out. Nothing was charged.',
      q.faults.map((f) => `  ${f.column === undefined ? '' : `${tame(f.column)}: `}${tame(f.message)}`).join('\n'),
    )
  const words = `${q.nanoRho} nano-rho, epsilon ${q.epsilonLeft.toFixed(3)} left afterwards; ${q.method}, about ${Math.max(1, Math.round(q.minutes))} min and ${q.memoryMb} MB. ${tame(q.expected.words)}.${q.bought.map((b) => `\n  bought: ${tame(b.what)} (${b.nanoRho} nano-rho). ${tame(b.error)}`).join('')}`
  if (call.options['quote']) {
    show(call.io, q, () => words)
    return exits.done
  }
  call.io.note(words)
  const made = await session.client.synthesis.confirm({ params, body: { rev: s.rev, plan } })
  if (!call.options['wait']) {
    show(call.io, made, () => `${made.jobId}: being made\n  cloister synthesis show ${s.synthesisId}`)
    return exits.done
  }
  const done = await rested(session, s.synthesisId)
  if (done.state === 'failed') throw failed(done)
  show(call.io, done, () => described(done))
  return exits.done
}

async function evaluate(call: Call, session: Session, s: View): Promise<number> {
  const target = text(call, 'target')
  const charge = numberOf(call, 'charge')
  const { jobId } = await session.client.synthesis.evaluate({
    params: { synthesisId: s.synthesisId },
    body: {
      kind: target === undefined ? 'agreement' : 'model',
      ...(target === undefined ? {} : { target }),
      ...(charge === undefined ? {} : { charge }),
    },
  })
  const job = await jobOver(session, jobId)
  if (job.state !== 'succeeded') throw new CliError(exits.no, tame(job.problem?.message ?? 'The comparison failed.'))
  const now = await fresh(session, s.synthesisId)
  show(call.io, now, () => described(now))
  return exits.done
}

async function share(call: Call, session: Session, s: View): Promise<void> {
  const expires = text(call, 'expires')
  const title = text(call, 'title')
  const now = await session.client.synthesis.share({
    params: { synthesisId: s.synthesisId },
    body: {
      rev: s.rev,
      shared: call.options['no'] !== true,
      ...(expires === undefined ? {} : { expires }),
      ...(title === undefined ? {} : { title }),
    },
  })
  show(call.io, now, () => described(now))
}

async function download(call: Call, session: Session, s: View): Promise<void> {
  const format = text(call, 'format') ?? 'csv'
  if (!(formats as readonly string[]).includes(format))
    throw new CliError(exits.usage, `--format is one of ${formats.join(', ')}, not "${tame(format)}".`)
  const { url, filename } = await session.client.synthesis.download({
    params: { synthesisId: s.synthesisId },
    query: { format: format as (typeof formats)[number] },
  })
  const output = text(call, 'output') ?? filename
  await vacant(call, output)
  const r = await fetch(url, { signal: session.io.signal })
  if (!r.ok) throw new CliError(exits.unreachable, `The download answered ${r.status}. Try again.`)
  await writeFile(output, new Uint8Array(await r.arrayBuffer()))
  show(call.io, { file: output, format }, () => output)
}

const list = async (call: Call): Promise<void> => {
  const session = await connect(call.io, text(call, 'server'))
  const { organisationId } = await organisationOf(session, text(call, 'org'))
  const items = await everything((after) =>
    session.client.synthesis.list({ params: { organisationId }, query: { limit: 200, after } }),
  )
  show(call.io, items, () =>
    items.length === 0
      ? 'No synthetic tables that you can see.'
      : table(
          ['ID', 'STATE', 'SHARED', 'DATASET', 'TABLE', 'TITLE'],
          items.map((s) => [s.synthesisId, s.state, s.shared ? 'yes' : 'no', s.dataset, s.table, s.title]),
        ),
  )
}

const onOne: Record<string, (call: Call, session: Session, s: View) => Promise<number | void> | void> = {
  show: (call, _, s) => show(call.io, s, () => described(s)),
  confirm: confirmed,
  evaluate,
  share,
  download,
}

export const synthesis: Command = {
  usage:
    'synthesis begin|make FILE | synthesis begin|make DATASET --table T | list | show|confirm|evaluate|share|download ID',
  summary: 'Differentially private synthetic tables',
  detail: `  begin FILE [-o plan.json]         uploads a CSV or Parquet file, has it read, and prints the proposed plan; with --table, a table of a registered dataset
  make FILE --plan plan.json        the same, and confirms the plan at once
  confirm ID --plan plan.json       says the price, charges it and makes the table; --quote only says the price
      [--epsilon E] [--method auto|aim|mst|privsyn|independent] [--rows N] [--wait]
  evaluate ID [--target COLUMN]     compares with the real table, for the custodian only; --charge EPSILON buys two figures that may be shown
  share ID [--no] [--expires DAY]   lets the organisation’s analysts have it, until a day
  download ID [--format ${formats.join('|')}] [-o FILE]
The guide is docs/synthesis.md.`,
  options: {
    org: { type: 'string' },
    table: { type: 'string' },
    title: { type: 'string' },
    plan: { type: 'string' },
    epsilon: { type: 'string' },
    method: { type: 'string' },
    rows: { type: 'string' },
    quote: { type: 'boolean' },
    wait: { type: 'boolean' },
    target: { type: 'string' },
    charge: { type: 'string' },
    no: { type: 'boolean' },
    expires: { type: 'string' },
    format: { type: 'string' },
    output: { type: 'string', short: 'o' },
    force: { type: 'boolean' },
  },
  async run(call) {
    const [act, which, ...more] = call.args
    if (act === 'list' && which === undefined) return list(call)
    const work = act !== undefined && Object.hasOwn(onOne, act) ? onOne[act] : undefined
    if (!work && act !== 'begin' && act !== 'make')
      throw new CliError(
        exits.usage,
        'Say what to do: begin, make, list, show, confirm, evaluate, share or download.',
        '"cloister help synthesis" says more.',
      )
    if (which === undefined || more.length > 0)
      throw new CliError(
        exits.usage,
        which === undefined
          ? work
            ? 'Say which synthesis, by its id.'
            : 'Say which file or dataset.'
          : 'Only one at a time.',
      )
    const session = await connect(call.io, text(call, 'server'))
    if (work) return work(call, session, await fresh(session, which))
    return act === 'begin' ? begin(call, session, which) : confirmed(call, session, await begun(call, session, which))
  },
}
