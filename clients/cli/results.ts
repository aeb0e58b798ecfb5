/** results: opens runs here and writes them as files. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runLife } from '../../domain/runs/life.ts'
import { type Client, ProblemError } from '../api.ts'
import { fileStem, toJson, toPsychDs, trialsCsv } from '../results/exports.ts'
import type { OpenedRun } from '../results/model.ts'
import { openRuns } from '../results/open.ts'
import { type Call, type Command, text } from './command.ts'
import { CliError, count, exits, show, tame } from './io.ts'
import { vacant } from './publish.ts'
import { connect, everything, type Session, signIn } from './session.ts'
import { stateOption, studyId } from './studies.ts'

const formats = { csv: '.csv', json: '.json', 'psych-ds': '-psych-ds.zip' } as const
type Format = keyof typeof formats

/** The client, but an opening that needs a newer sign-in gets one and is repeated. */
function withRecentSignIn(session: Session): Client {
  const open: Client['runs']['open'] = async (input) => {
    try {
      return await session.client.runs.open(input)
    } catch (e) {
      if (!(e instanceof ProblemError) || e.kind !== 'login-too-old') throw e
      session.io.note('Opening results needs a sign-in that is at most 15 minutes old.')
      if (session.io.env['CLOISTER_TOKEN'] || session.io.json || !session.io.terminal)
        throw new CliError(
          exits.signIn,
          'The sign-in behind this token is too old to open results.',
          'Run "cloister login", approve it, and run this again within 15 minutes.',
        )
      await signIn(session)
      return session.client.runs.open(input)
    }
  }
  return { ...session.client, runs: { ...session.client.runs, open } }
}

async function chosenRuns(call: Call, session: Session, id: string): Promise<string[]> {
  const listed = text(call, 'runs')
  if (listed !== undefined)
    return [
      ...new Set(
        listed
          .split(',')
          .map((r) => r.trim())
          .filter(Boolean),
      ),
    ]
  const state = stateOption(call) ?? 'completed'
  const all = await everything((after) =>
    session.client.runs.list({
      params: { studyId: id },
      query: { limit: 200, after, state, ...(call.options['previews'] ? {} : { preview: 'false' as const }) },
    }),
  )
  return all.filter((r) => runLife[r.state].hasData && r.received > 0).map((r) => r.runId)
}

export const results: Command = {
  usage:
    'results STUDY --purpose TEXT [--format csv|json|psych-ds] [-o FOLDER] [--runs LIST | --state STATE] [--previews] [--force]',
  summary: 'Open results on this computer and save them',
  detail:
    'Opens completed runs unless told otherwise. Every run that is opened is written into the audit chain with your purpose. Keys and content are never stored anywhere but in the files that you ask for, which only you can read.',
  options: {
    purpose: { type: 'string' },
    format: { type: 'string' },
    output: { type: 'string', short: 'o' },
    runs: { type: 'string' },
    state: { type: 'string' },
    previews: { type: 'boolean' },
    force: { type: 'boolean' },
  },
  async run(call) {
    const { io } = call
    const id = studyId(call)
    const purpose = text(call, 'purpose')?.trim() ?? ''
    if (purpose.length < 10)
      throw new CliError(
        exits.usage,
        'Say what you open the results for, in at least 10 characters: --purpose "Preregistered analysis of the flanker effect".',
        'It is kept in the audit chain.',
      )
    const format = (text(call, 'format') ?? 'csv') as Format
    if (!(format in formats))
      throw new CliError(
        exits.usage,
        `There is no format "${tame(format)}".`,
        `Formats: ${Object.keys(formats).join(', ')}`,
      )
    const session = await connect(io, text(call, 'server'))
    const study = await session.client.studies.study({ params: { studyId: id } })
    const folder = text(call, 'output') ?? '.'
    const file = join(folder, `${fileStem(study.title)}${formats[format]}`)
    await vacant(call, file) // before anything is opened, for an opening is an event
    const runIds = await chosenRuns(call, session, id)
    if (runIds.length === 0) {
      show(io, { studyId: id, runs: 0 }, () => 'There is no run to open.')
      return exits.no
    }
    const runs: OpenedRun[] = []
    const onRecords = (p: { fetched: number }): void =>
      io.progress(`Opening run ${runs.length + 1} of ${runIds.length}: ${p.fetched} records`)
    for await (const run of openRuns(withRecentSignIn(session), {
      studyId: id,
      purpose,
      runIds,
      signal: io.signal,
      onRecords,
    }))
      runs.push(run)
    const x = { study, runs, purpose, at: new Date() }
    await mkdir(folder, { recursive: true })
    await writeFile(file, format === 'csv' ? trialsCsv(x) : format === 'json' ? toJson(x) : toPsychDs(x), {
      mode: 0o600,
    })
    const files = format === 'psych-ds' ? [] : await writeFiles(folder, `${fileStem(study.title)}-files`, runs)
    const findings = runs.flatMap((r) => r.findings.map((f) => ({ runId: r.row.runId, ...f })))
    for (const f of findings) io.note(`${f.runId}: ${f.message}`)
    const rows = runs.reduce((n, r) => n + r.trials.length, 0)
    show(
      io,
      { file, runs: runs.length, rows, files: files.length, findings },
      () =>
        `${count(runs.length, 'run')}, ${count(rows, 'row')} in ${file}${files.length ? `, and ${count(files.length, 'file')} beside it` : ''}${findings.length ? `\n${count(new Set(findings.map((f) => f.runId)).size, 'run')} not whole, see above` : ''}`,
    )
  },
}

/** Participants' files, a folder a run; their names were made safe when they were opened. */
async function writeFiles(folder: string, name: string, runs: readonly OpenedRun[]): Promise<string[]> {
  const written: string[] = []
  for (const run of runs)
    for (const f of run.files) {
      const at = join(folder, name, run.row.runId)
      await mkdir(at, { recursive: true })
      await writeFile(join(at, f.name), f.bytes, { mode: 0o600 })
      written.push(join(at, f.name))
    }
  return written
}
