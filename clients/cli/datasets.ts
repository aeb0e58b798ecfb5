/** dataset add, publish, list, show, retire, ledger: what a custodian does, and the catalogue. */
import { openAsBlob } from 'node:fs'
import { lstat, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError, type Client } from '../api.ts'
import {
  type DatasetFile,
  DatasetFileError,
  datasetFileName,
  readDatasetFile,
  writeDatasetFile,
} from '../dataset-file.ts'
import { type PublishProgress, sendFiles } from '../publish.ts'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import { type Call, type Command, text } from './command.ts'
import { filesBelow } from './folder.ts'
import { CliError, count, exits, type Io, show, table, tame } from './io.ts'
import { vacant } from './publish.ts'
import { connect, everything, organisationOf, type Session } from './session.ts'

export type Dataset = Awaited<ReturnType<Client['datasets']['get']>>
type Reading = Awaited<ReturnType<Client['datasets']['reading']>>

const bytes = (n: number): string => (n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`)
const isId = (s: string): boolean => /^dat_[a-z2-7]{16,32}$/.test(s)

const ofOrganisation = (session: Session, organisationId: string): Promise<Dataset[]> =>
  everything((after) => session.client.datasets.list({ params: { organisationId }, query: { limit: 200, after } }))

/** A dataset by its id, or by its catalogue name in one of one's organisations. */
export async function findDataset(session: Session, wanted: string, org?: string): Promise<Dataset> {
  if (isId(wanted)) return session.client.datasets.get({ params: { datasetId: wanted } })
  const { memberships } = await session.client.access.me()
  const mine = org === undefined ? memberships : [await organisationOf(session, org)]
  const found = (await Promise.all(mine.map((m) => ofOrganisation(session, m.organisationId))))
    .flat()
    .filter((s) => s.name === wanted)
  if (found.length === 1) return found[0]!
  if (found.length === 0)
    throw new CliError(
      exits.refused,
      `There is no dataset "${tame(wanted)}" that you can see.`,
      '"cloister dataset list" lists them.',
    )
  throw new CliError(
    exits.usage,
    `More than one of your organisations has a dataset "${tame(wanted)}"; say which with --org or by its id.`,
    found.map((s) => `  ${s.datasetId}  ${s.organisationId}`).join('\n'),
  )
}

/** A declaration's faults, each with its place. */
const faulty = (file: string, e: DatasetFileError): CliError =>
  new CliError(
    exits.no,
    `${file}: ${e.message}`,
    e.faults
      .map(
        (f) =>
          `  ${file}#${tame(f.path)}\n    ${tame(f.message)}${f.expected ? `\n    Expected: ${tame(f.expected)}` : ''}`,
      )
      .join('\n') || undefined,
  )

async function declaration(file: string, files?: ReadonlySet<string>): Promise<DatasetFile | undefined> {
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
  try {
    return readDatasetFile(content, files)
  } catch (e) {
    throw e instanceof DatasetFileError ? faulty(file, e) : e
  }
}

const report =
  (io: Io) =>
  (p: PublishProgress): void =>
    io.progress(
      p.stage === 'hashing'
        ? `Reading ${count(p.files.length, 'file')}, ${bytes(p.hashed)} of ${bytes(p.total)}`
        : `Uploading ${bytes(p.sent)} of ${bytes(p.total)}`,
    )

/** Looks until the job that reads or stores has come to its end; what it found wrong is an error for the custodian. */
async function finished(
  session: Session,
  datasetId: string,
  doing: string,
  done: (r: Reading) => boolean | Promise<boolean>,
): Promise<Reading> {
  for (let wait = 200; ; wait = Math.min(2000, wait * 1.3)) {
    const r = await session.client.datasets.reading({ params: { datasetId }, signal: session.io.signal })
    if (r.state === 'failed')
      throw new CliError(
        exits.no,
        `${r.problem?.file ? `${tame(r.problem.file)}${r.problem.line ? `, line ${r.problem.line}` : ''}: ` : ''}${tame(r.problem?.reason ?? 'The job failed.')}`,
        'Correct the files or the schema, and run the same command again.',
      )
    if (await done(r)) return r
    session.io.progress(`${doing} … (${r.jobId ?? ''})`)
    await sleep(wait, undefined, { signal: session.io.signal })
  }
}

const upload = (session: Session, datasetId: string, files: { path: string; data: Blob }[]) =>
  sendFiles({
    files,
    progress: report(session.io),
    signal: session.io.signal,
    ask: async (some) =>
      (
        await session.client.datasets.uploads({
          params: { datasetId },
          body: { files: some },
          signal: session.io.signal,
        })
      ).uploads,
  })

/** Confirms a schema and waits until its version is in the catalogue. */
async function confirm(
  session: Session,
  before: Dataset,
  schema: DatasetSchema,
  policy: Dataset['policy'],
  where: string,
): Promise<Dataset> {
  const params = { datasetId: before.datasetId }
  const { rev } = await session.client.datasets.get({ params })
  try {
    await session.client.datasets.publish({ params, body: { rev, schema, policy } })
  } catch (e) {
    if (e instanceof ProblemError && e.kind === 'invalid-schema')
      throw faulty(
        where,
        new DatasetFileError(
          'The schema does not fit.',
          e.errors.map((f) => ({ path: f.path.replace(/^\/body/, ''), message: f.message, expected: f.expected })),
        ),
      )
    throw e
  }
  await finished(
    session,
    before.datasetId,
    'Storing',
    async () => (await session.client.datasets.get({ params })).version > before.version,
  )
  return session.client.datasets.get({ params })
}

const nameFrom = (folder: string): string =>
  basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 60)

async function add(call: Call): Promise<void> {
  const { io } = call
  const folder = call.args[1]
  if (folder === undefined || call.args.length !== 2)
    throw new CliError(exits.usage, 'Say which folder: cloister dataset add ./folder')
  if (!(await lstat(folder).catch(() => undefined))?.isDirectory())
    throw new CliError(exits.usage, `${folder} is not a folder.`)
  const paths = (await filesBelow(resolve(folder))).filter((p) => p !== datasetFileName)
  const declared = await declaration(join(folder, datasetFileName), new Set(paths))
  const name = text(call, 'name') ?? declared?.name ?? nameFrom(folder)
  if (!/^[a-z][a-z0-9_-]{1,59}$/.test(name))
    throw new CliError(
      exits.usage,
      `"${tame(name)}" cannot be a dataset’s name.`,
      'Say --name with lower-case letters, digits, - and _.',
    )
  const session = await connect(io, text(call, 'server'))
  const { organisationId } = await organisationOf(session, text(call, 'org'))
  const known = (await ofOrganisation(session, organisationId)).find((s) => s.name === name)
  const s =
    known ??
    (await session.client.datasets.create({
      params: { organisationId },
      body: {
        name,
        title: text(call, 'title') ?? declared?.title ?? name,
        description: declared?.description ?? '',
        ...(declared?.declaredSubjects ? { declaredSubjects: declared.declaredSubjects } : {}),
      },
    }))
  const params = { datasetId: s.datasetId }
  const files = await upload(
    session,
    s.datasetId,
    await Promise.all(paths.map(async (path) => ({ path, data: await openAsBlob(join(folder, path)) }))),
  )
  await session.client.datasets.read({ params, body: { files } })
  const read = await finished(session, s.datasetId, 'Reading tables', (r) => r.state === 'ready')
  for (const t of read.tables) for (const w of t.warnings) io.note(`${tame(t.file)}: ${tame(w)}`)
  if (declared?.schema && !call.options['draft']) {
    const done = await confirm(session, s, declared.schema, declared.policy, join(folder, datasetFileName))
    show(
      io,
      done,
      () =>
        `Published version ${done.version} of “${tame(done.title)}” (${done.name})\n  ${session.server}/datasets/${done.datasetId}`,
    )
    return
  }
  const proposed = writeDatasetFile({
    name: s.name,
    title: s.title,
    description: s.description,
    declaredSubjects: s.declaredSubjects,
    schema: read.proposed as DatasetSchema,
    policy: known?.policy ?? defaultDatasetPolicy,
  })
  const output = text(call, 'output')
  if (output !== undefined) {
    await vacant(call, output)
    await writeFile(output, proposed)
  }
  io.note(
    `Read ${count(read.tables.length, 'table')}. Nothing is published yet: ${output ? `look through ${output}` : 'save this as dataset.json'}, correct what is wrong, say which column is the subject, and confirm with\n  cloister dataset publish ${s.name} --file ${output ?? 'dataset.json'}`,
  )
  if (io.json) show(io, { ...s, proposed: read.proposed }, () => '')
  else if (output === undefined) io.out(proposed.trimEnd())
}

async function publish(call: Call, session: Session, s: Dataset): Promise<void> {
  const file = text(call, 'file') ?? datasetFileName
  const declared = await declaration(file)
  if (!declared?.schema)
    throw new CliError(
      exits.usage,
      `${file} ${declared ? 'declares no schema' : 'is not there'}.`,
      'Say --file with the dataset.json that you have looked through.',
    )
  const done = await confirm(session, s, declared.schema, declared.policy, file)
  show(
    call.io,
    done,
    () =>
      `Published version ${done.version} of “${tame(done.title)}” (${done.name})\n  ${session.server}/datasets/${done.datasetId}`,
  )
}

function described(s: Dataset): string {
  const { policy: p, budget: b } = s
  const head = [
    `${tame(s.title)} (${s.name}), ${s.state}${s.version ? `, version ${s.version}` : ''}`,
    ...(s.description ? [tame(s.description)] : []),
    '',
    `languages ${p.languages.join(', ')}; answers leave by ${p.modes.join(', ')}; at least ${p.disclosure.minimumSubjects ?? 10} subjects${p.approval ? '; each analysis needs approval' : ''}${p.expires ? `; until ${p.expires}` : ''}`,
    `budget epsilon ${b.epsilon} at delta ${b.delta}, ${b.left.toFixed(2)} left`,
    s.mayAnalyse ? 'You may ask it.' : `You may not ask it: ${tame(s.why ?? '')}`,
    ...(s.problem ? [`Problem: ${tame(s.problem)}`] : []),
  ]
  const tables = (s.schema?.tables ?? []).map(
    (t) =>
      `\n${t.name} (${tame(t.file)})${t.meaning ? `: ${tame(t.meaning)}` : ''}\n${table(
        ['COLUMN', 'TYPE', 'ROLE', 'UNIT', 'RANGE', 'MEANING'],
        t.columns.map((c) => [
          c.name,
          c.type,
          c.role ?? '',
          c.unit ?? '',
          c.categories
            ? c.categories.slice(0, 8).join(' ')
            : c.minimum !== undefined || c.maximum !== undefined
              ? `${c.minimum ?? ''}..${c.maximum ?? ''}`
              : '',
          c.meaning ?? '',
        ]),
      )}`,
  )
  const images = (s.schema?.images ?? []).map(
    (f) => `\n${f.name}: volumes named by ${f.table}.${tame(f.path)}, masks ${f.masks.map(tame).join(', ') || 'none'}`,
  )
  return [...head, ...tables, ...images].join('\n')
}

const list = async (call: Call): Promise<void> => {
  const session = await connect(call.io, text(call, 'server'))
  const { organisationId } = await organisationOf(session, text(call, 'org'))
  const items = await ofOrganisation(session, organisationId)
  show(call.io, items, () =>
    items.length === 0
      ? 'No datasets yet. A custodian adds one with "cloister dataset add FOLDER".'
      : table(
          ['NAME', 'STATE', 'VERSION', 'LANGUAGES', 'MODES', 'EPSILON LEFT', 'ASK', 'TITLE'],
          items.map((s) => [
            s.name,
            s.state,
            s.version || '-',
            s.policy.languages.join(','),
            s.policy.modes.join(','),
            s.budget.left.toFixed(2),
            s.mayAnalyse ? 'yes' : 'no',
            s.title,
          ]),
        ),
  )
}

async function ledger(call: Call, session: Session, s: Dataset): Promise<void> {
  const items = await everything((after) =>
    session.client.datasets.ledger({ params: { datasetId: s.datasetId }, query: { limit: 200, after } }),
  )
  show(
    call.io,
    { budget: s.budget, charges: items },
    () =>
      `epsilon ${s.budget.epsilon} at delta ${s.budget.delta}, ${s.budget.left.toFixed(3)} left\n${
        items.length === 0
          ? 'No charges yet.'
          : table(
              ['AT', 'WHAT', 'EPSILON', 'JOB', 'WHO'],
              items.map((c) => [c.at.slice(0, 19).replace('T', ' '), c.what, c.epsilon.toFixed(3), c.jobId, c.name]),
            )
      }`,
  )
}

async function retire(call: Call, session: Session, s: Dataset): Promise<void> {
  if (!call.options['yes'])
    throw new CliError(
      exits.usage,
      `Retiring “${tame(s.title)}” ends all questions to it for good; released results stay.`,
      'Say --yes if that is meant.',
    )
  const done = await session.client.datasets.retire({ params: { datasetId: s.datasetId }, body: { rev: s.rev } })
  show(call.io, done, () => `“${tame(done.title)}” is retired.`)
}

const onOne: Record<string, (call: Call, session: Session, s: Dataset) => Promise<void> | void> = {
  publish,
  ledger,
  retire,
  show: (call, _, s) => show(call.io, s, () => described(s)),
}

export const dataset: Command = {
  usage: 'dataset add FOLDER | publish DATASET | list | show DATASET | ledger DATASET | retire DATASET',
  summary: 'The catalogue of datasets; register, publish and retire them',
  detail: `  add FOLDER [--name NAME] [--title TEXT] [--draft] [-o FILE]   uploads the folder's files and has them read. With a dataset.json (schema and policy) in it, publishes it as a new version;
                                                                otherwise prints the proposed dataset.json, for you to look through and confirm with "publish"
  publish DATASET [--file dataset.json]                         confirms a schema and policy for the files that were read last
  ledger DATASET                                                every charge of the privacy budget
  retire DATASET --yes                                          no more questions; released results stay
DATASET is an id or a catalogue name. Files go straight into the protected store; nothing can be read back.`,
  options: {
    org: { type: 'string' },
    name: { type: 'string' },
    title: { type: 'string' },
    draft: { type: 'boolean' },
    output: { type: 'string', short: 'o' },
    force: { type: 'boolean' },
    file: { type: 'string', short: 'f' },
    yes: { type: 'boolean' },
  },
  async run(call) {
    const [act, which, ...more] = call.args
    if (act === 'add') return add(call)
    if (act === 'list' && which === undefined) return list(call)
    const work = act === undefined || !Object.hasOwn(onOne, act) ? undefined : onOne[act]
    if (!work)
      throw new CliError(
        exits.usage,
        `Say "cloister ${dataset.usage.split(' | ').join('", "cloister dataset ').replace('cloister dataset dataset', 'cloister dataset')}".`,
      )
    if (which === undefined || more.length > 0)
      throw new CliError(exits.usage, which === undefined ? 'Say which dataset.' : 'Only one dataset at a time.')
    const session = await connect(call.io, text(call, 'server'))
    await work(call, session, await findDataset(session, which, text(call, 'org')))
  },
}
