/** results: opens runs here and writes them as files. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runLife, runStates } from '../../domain/runs/life.ts'
import { type Client, ProblemError } from '../api.ts'
import { type ExportOf, fileStem, toJson, toPsychDs, trialsCsv } from '../results/exports.ts'
import type { OpenedRun } from '../results/model.ts'
import { openRuns } from '../results/open.ts'
import { type Command, defineCommand, force } from './command.ts'
import { mustBeVacant } from './files.ts'
import { CliError, exits, show } from './io.ts'
import { connect, everything, type Session, signIn } from './session.ts'
import { previewsOption, runStateOf } from './studies/run-state.ts'
import { studyArgument, studyIdOf } from './studies/study-id.ts'
import { count, tame } from './text.ts'
import { listed } from './values.ts'

/** How each format is named and written. Participants' files lie beside the table, except in an archive. */
const formats = {
  csv: { ending: '.csv', write: trialsCsv, filesBeside: true },
  json: { ending: '.json', write: toJson, filesBeside: true },
  'psych-ds': { ending: '-psych-ds.zip', write: toPsychDs, filesBeside: false },
} as const satisfies Record<
  string,
  { ending: string; write: (what: ExportOf) => string | Uint8Array; filesBeside: boolean }
>
type Format = keyof typeof formats
const formatNames = Object.keys(formats) as Format[]

function purposeOf(value: string | undefined): string {
  const purpose = value?.trim() ?? ''
  if (purpose.length < 10)
    throw new CliError(
      exits.usage,
      'Say what you open the results for, in at least 10 characters: --purpose "Preregistered analysis of the flanker effect".',
      'It is kept in the audit chain.',
    )
  return purpose
}

function formatOf(value = 'csv'): Format {
  const format = formatNames.find((name) => name === value)
  if (!format)
    throw new CliError(exits.usage, `There is no format "${tame(value)}".`, `Formats: ${formatNames.join(', ')}`)
  return format
}

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

/** Which runs are to be opened. */
interface Choice {
  runs?: string | undefined
  state?: string | undefined
  previews?: boolean | undefined
}

/** Ids of the runs that are named, or of those in a state that have data. */
async function chosenRuns(session: Session, studyId: string, choice: Choice): Promise<string[]> {
  if (choice.runs !== undefined) return [...new Set(listed(choice.runs))]
  const state = runStateOf(choice.state) ?? 'completed'
  const all = await everything((after) =>
    session.client.runs.list({
      params: { studyId },
      query: { limit: 200, after, state, preview: choice.previews ? undefined : 'false' },
    }),
  )
  return all.filter((run) => runLife[run.state].hasData && run.received > 0).map((run) => run.runId)
}

async function openAll(session: Session, studyId: string, purpose: string, runIds: string[]): Promise<OpenedRun[]> {
  const { io } = session
  const runs: OpenedRun[] = []
  const opened = openRuns(withRecentSignIn(session), {
    studyId,
    purpose,
    runIds,
    signal: io.signal,
    onRecords: ({ fetched }) => io.progress(`Opening run ${runs.length + 1} of ${runIds.length}: ${fetched} records`),
  })
  for await (const run of opened) runs.push(run)
  return runs
}

/** Participants' files, a folder a run; their names were made safe when they were opened. */
async function writeFiles(folder: string, name: string, runs: readonly OpenedRun[]): Promise<string[]> {
  const written: string[] = []
  for (const run of runs)
    for (const file of run.files) {
      const at = join(folder, name, run.row.runId)
      await mkdir(at, { recursive: true })
      await writeFile(join(at, file.name), file.bytes, { mode: 0o600 })
      written.push(join(at, file.name))
    }
  return written
}

/** What was saved, for people and programs. */
interface Saved {
  file: string
  runs: number
  rows: number
  files: number
  findings: readonly { runId: string }[]
}

function savedText({ file, runs, rows, files, findings }: Saved): string {
  const beside = files ? `, and ${count(files, 'file')} beside it` : ''
  const notWhole = new Set(findings.map(({ runId }) => runId)).size
  const warning = notWhole ? `\n${count(notWhole, 'run')} not whole, see above` : ''
  return `${count(runs, 'run')}, ${count(rows, 'row')} in ${file}${beside}${warning}`
}

const command = defineCommand({
  name: 'results',
  usage:
    'results STUDY --purpose TEXT [--format csv|json|psych-ds] [-o FOLDER] [--runs LIST | --state STATE] [--previews] [--force]',
  summary: 'Open results on this computer and save them',
  detail:
    'Opens completed runs unless told otherwise. Every run that is opened is written into the audit chain with your purpose. Keys and content are never stored anywhere but in the files that you ask for, which only you can read.',
  argument: studyArgument,
  options: {
    purpose: { type: 'string', value: 'TEXT', help: 'what the results are opened for, in at least 10 characters' },
    format: { type: 'string', value: formatNames.join('|'), help: 'how they are written; csv without' },
    output: { type: 'string', short: 'o', value: 'FOLDER', help: 'the folder to save them in' },
    runs: { type: 'string', value: 'LIST', help: 'only these runs, by their ids with commas between' },
    state: { type: 'string', value: 'STATE', help: `runs in this state; completed without: ${runStates.join(', ')}` },
    previews: previewsOption,
    force,
  },
  examples: ['cloister results std_abcdefghijklmnop --purpose "Preregistered analysis" --format psych-ds -o results'],
  async run(call) {
    const { io, options } = call
    const studyId = studyIdOf(call)
    const purpose = purposeOf(options.purpose)
    const { ending, write, filesBeside } = formats[formatOf(options.format)]
    const session = await connect(io, options.server)
    const study = await session.client.studies.study({ params: { studyId } })
    const folder = options.output ?? '.'
    const file = join(folder, `${fileStem(study.title)}${ending}`)
    await mustBeVacant(file, options) // before anything is opened, for an opening is an event
    const runIds = await chosenRuns(session, studyId, options)
    if (runIds.length === 0) {
      show(io, { studyId, runs: 0 }, () => 'There is no run to open.')
      return exits.no
    }
    const runs = await openAll(session, studyId, purpose, runIds)
    await mkdir(folder, { recursive: true })
    await writeFile(file, write({ study, runs, purpose, at: new Date() }), { mode: 0o600 })
    const files = filesBeside ? await writeFiles(folder, `${fileStem(study.title)}-files`, runs) : []
    const findings = runs.flatMap((run) => run.findings.map((finding) => ({ runId: run.row.runId, ...finding })))
    for (const { runId, message } of findings) io.note(`${runId}: ${message}`)
    const rows = runs.reduce((sum, run) => sum + run.trials.length, 0)
    const saved = { file, runs: runs.length, rows, files: files.length, findings }
    show(io, saved, () => savedText(saved))
  },
})

export const results: readonly Command[] = [command]
