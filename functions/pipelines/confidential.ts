/**
 * A run on a protected dataset in the one workflow: the dataset's rows go in, artifacts wait in quarantine for two
 * checkers, and what they approve leaves. Log, metrics, steps, exit code and figures are the custodian's alone, as code
 * can write a row into any of them.
 */
import { reviewMaterial } from '../../domain/disclosure/findings.ts'
import { strictest } from '../../domain/release/policy.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import { endOf, type JobCode } from '../../domain/release/job-codes.ts'
import type { LinkTo } from '../../domain/jobs/manifest.ts'
import type { Report } from '../../domain/release/run-report.ts'
import { parseCsv } from '../../domain/release/parse-csv.ts'
import { codeOf, type RunCode } from '../../domain/pipelines/life.ts'
import type { PipelineReport, ReportedArtifact, RunFile } from '../../domain/pipelines/manifest.ts'
import { ObjectMissing } from '../../ports/objects.ts'
import type { Item } from '../../ports/table.ts'
import { cohortCell, remember } from '../release/told-before.ts'
import { platform } from '../workflow/end-job.ts'
import { decided, type Log, move, objectOf as jobObjectOf, stepEnded } from '../workflow/job-item.ts'
import { type Decision, findingsKept, keepDecision, keptDecision } from '../release/decision.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf } from '../kernel/items.ts'
import { heldLimits } from './datasets.ts'
import { type ArtifactIndex, pipelineObject } from './objects.ts'
import { blobKey } from '../stores/dataset-files.ts'
import { cohortFiles, type CohortFiles } from '../stores/cohort-files.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import type { Question } from '../release/question.ts'
import { each } from '../kernel/each.ts'
import type { RunJob } from './run-job.ts'

const guarantee =
  'Two output checkers, neither of them the author, looked at the artifacts and at what the rules say of them, and each approved them.'

/**
 * Volumes that rows name, by their path below the dataset's folder or by the end of it: what nobody's row names, nobody
 * gets.
 */
async function named(deps: Deps, { tables, volumes }: CohortFiles): Promise<CohortFiles['volumes']> {
  const paths = new Set<string>()
  for (const { key, pathColumn } of tables) {
    if (pathColumn === undefined || volumes.length === 0) continue
    const table = parseCsv(new TextDecoder().decode(await deps.objects.get('protected', key)), {
      rows: 10_000_000,
      columns: 10_000,
    })
    if (typeof table === 'string') continue
    const at = table.columns.indexOf(pathColumn)
    for (const row of table.rows) if (typeof row[at] === 'string') paths.add(row[at].replace(/^\.?\//, ''))
  }
  return volumes.filter((volume) => {
    const parts = volume.path.split('/')
    return parts.some((_, i) => paths.has(parts.slice(i).join('/')))
  })
}

/** The dataset's folder as an ordinary job finds it, as files of the input. */
export async function datasetFiles(
  deps: Deps,
  job: RunJob,
  link: (key: string) => Promise<LinkTo>,
): Promise<RunFile[]> {
  const version = (await deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)))!
  const found = await cohortFiles(deps, job, version)
  const rows = await Promise.all(
    found.tables.map(async ({ file, key }): Promise<RunFile> => ({
      path: file,
      size: (await deps.objects.head('protected', key))!.size,
      link: await link(key),
    })),
  )
  return [
    ...rows,
    ...(await each([...(await named(deps, found)), ...found.shared], async (file): Promise<RunFile> => ({
      path: file.path,
      size: file.size,
      sha256: file.sha256,
      link: await link(blobKey(job.datasetId, file.sha256)),
    }))),
  ]
}

/**
 * What its owner is told of an end. How a command that has begun fails can be chosen by looking at one person, so it is
 * one code for all of it.
 */
function toldOf({ end }: PipelineReport, code: RunCode): JobCode {
  if (end === 'cancelled') return 'interrupted'
  return end === 'not-started' ? code : 'script-error'
}

/** For the custodian, in the job's log. */
const logFor = (job: JobItem, report: PipelineReport): Log => ({
  subjects: job.subjects,
  runs: [
    {
      run: 'all',
      subjects: job.subjects ?? 0,
      end: report.end,
      exitCode: report.exitCode,
      seconds: report.seconds,
      stdout: '',
      stderr: '',
    },
  ],
  message: `${report.cpuSeconds.toFixed(1)} s of processor, ${(report.peakMemoryBytes / 1024 ** 2).toFixed(0)} MB at most, ${report.artifacts.length} files, ${report.leftOut} left out${report.signal ? `, signal ${report.signal}` : ''}. What it printed is in the log on the run’s page.`,
})

interface Held {
  path: string
  bytes: Uint8Array
}

/**
 * The artifacts out of quarantine, as they were reported; a code when there are none, or they cannot be shown to people
 * whole.
 */
async function artifactsOf(
  deps: Pick<Deps, 'objects'>,
  job: JobItem,
  report: PipelineReport,
  limit: number,
): Promise<Held[] | JobCode> {
  if (
    report.artifacts.length === 0 ||
    report.leftOut > 0 ||
    report.artifacts.length > heldLimits.files ||
    report.artifacts.some((a) => a.zipped) ||
    report.artifacts.reduce((n, a) => n + a.size, 0) > limit
  )
    return 'script-error'
  if (new Set(report.artifacts.map((a) => a.path)).size < report.artifacts.length) return 'infrastructure'
  try {
    const held = await each(
      report.artifacts,
      async (artifact) => ({
        path: artifact.path,
        bytes: await deps.objects.get('quarantine', pipelineObject.heldArtifact(job.jobId, artifact.slot)),
        sha256: artifact.sha256,
      }),
      8,
    )
    for (const artifact of held) if ((await sha256Hex(artifact.bytes)) !== artifact.sha256) return 'infrastructure'
    return held
  } catch (e) {
    if (e instanceof ObjectMissing) return 'infrastructure'
    throw e
  }
}

const types: Record<string, string> = {
  png: 'image/png',
  svg: 'image/svg+xml',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  csv: 'text/csv',
  json: 'application/json',
}
const typeOf = (path: string): string => types[path.split('.').at(-1)!.toLowerCase()] ?? 'application/octet-stream'

/**
 * What checkers decide on: a copy of the artifacts, which nothing can change after they have looked; tables and
 * findings beside it as for any output.
 */
async function decisionOn(
  deps: Pick<Deps, 'table' | 'objects'>,
  job: RunJob,
  ran: PipelineReport,
  held: readonly Held[],
  dataset: DatasetItem,
): Promise<Decision> {
  const [question, version] = await Promise.all([
    readJson<Question>(deps, 'protected', jobObjectOf.ask(job.jobId)),
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
  ])
  const report: Report = {
    job: job.jobId,
    confinement: ran.confinement ?? 'bubblewrap',
    image: ran.image,
    cohort: job.subjects!,
    runs: [
      {
        run: 'all',
        subjects: job.subjects!,
        end: 'finished',
        outputs: held.map((h) => ({ file: h.path, bytes: Buffer.from(h.bytes).toString('base64url') })),
        stdout: '',
        stderr: '',
        seconds: 0,
      },
    ],
  }
  const material = reviewMaterial(report, strictest(dataset.policy.disclosure), {
    code: question.code,
    schema: version!.data.schema,
    cohortSubjects: job.subjects!,
  })
  return {
    outputs: material?.outputs ?? [],
    findings: material?.findings ?? [],
    guarantee,
    cells: [cohortCell(job.cohort, job.subjects!, job.fingerprint!)],
    image: ran.image,
    files: held.map((h) => ({ name: h.path, type: typeOf(h.path), base64: Buffer.from(h.bytes).toString('base64') })),
  }
}

/**
 * The third step on a protected dataset: held for checkers, or nothing. Decided once: what a killed step has kept
 * counts.
 */
export async function checkConfidential(
  deps: Deps,
  found: Item<RunJob>,
  report: PipelineReport | undefined,
): Promise<void> {
  let job: Item<JobItem> = found
  const end = async (code: JobCode): Promise<void> => {
    await move(deps, job, {
      set: {
        ...decided(job, endOf(code) as 'blocked' | 'failed', deps.now().toISOString(), { code, step: 'compute' }),
        ...(report?.confinement ? { confinement: report.confinement } : {}),
      },
    })
  }
  if (!(await keptDecision(deps, job))) {
    if (!report) return end('interrupted')
    await deps.objects.put('protected', jobObjectOf.log(job.jobId), jsonBytes(logFor(job, report)), 'application/json')
    const code = codeOf(report)
    if (code !== undefined) return end(toldOf(report, code))
    const dataset = (await deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)))!
    const held = await artifactsOf(deps, job, report, heldBytesOf(dataset))
    if (typeof held === 'string') return end(held)
    ;({ job } = await keepDecision(
      deps,
      job,
      await decisionOn(deps, found, report, held, dataset),
      report.confinement ? { confinement: report.confinement } : {},
    ))
  }
  await move(deps, job, { set: { outcome: 'held', steps: stepEnded(job.steps, 'check', deps.now().toISOString()) } })
}

/** Bytes of all artifacts together: what people look at, or less where the policy says so. */
export const heldBytesOf = (dataset: Pick<DatasetItem, 'policy'>): number =>
  Math.min(heldLimits.bytes, strictest(dataset.policy.disclosure).bytes)

/**
 * Lets a held run's artifacts out, in the order of every release: what the person will know is remembered, the event is
 * written, artifacts and their list lie where only the run's state opens them, and the job says that it may succeed.
 * Safe to run twice, and to be killed anywhere.
 */
export async function releaseRun(
  deps: Deps,
  job: Item<RunJob>,
  decision: Decision,
  checkers: number,
): Promise<Item<JobItem>> {
  const released = deps.now().toISOString()
  const files = decision.files.map((f) => ({ ...f, bytes: new Uint8Array(Buffer.from(f.base64, 'base64')) }))
  const items = await Promise.all(
    files.map(async ({ name, bytes }, slot): Promise<ReportedArtifact> => ({
      path: name,
      slot,
      size: bytes.length,
      sha256: await sha256Hex(bytes),
    })),
  )
  const result = await sha256Hex(canonical(items))
  await Promise.all([
    remember(deps, job, decision.cells, released),
    record(deps, job.organisationId, platform, [
      {
        act: 'job.released',
        object: `job ${job.jobId}`,
        detail: { dataset: job.datasetId, version: job.datasetVersion, mode: 'review', result },
      },
    ]),
  ])
  await each(
    files,
    (f, slot) =>
      deps.objects.put('released', pipelineObject.artifact(job.jobId, slot), f.bytes, 'application/octet-stream'),
    8,
  )
  const run = { ...job.run, artifacts: items.length, bytes: items.reduce((n, a) => n + a.size, 0), leftOut: 0 }
  await Promise.all([
    deps.objects.put(
      'released',
      pipelineObject.index(job.jobId),
      jsonBytes({ items, leftOut: 0 } satisfies ArtifactIndex),
      'application/json',
    ),
    deps.objects.put(
      'released',
      pipelineObject.run(job.jobId),
      jsonBytes({
        ...run,
        jobId: job.jobId,
        hash: job.pin,
        created: job.created,
        released,
        mode: 'review',
        checkers,
        guarantee,
        image: decision.image,
      }),
      'application/json',
    ),
  ])
  return move(deps, job, {
    set: { outcome: 'succeeded', released, run, findings: decision.findings.slice(0, findingsKept) },
  })
}
