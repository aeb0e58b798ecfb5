/**
 * Jobs that are tried on the synthetic twin of a dataset: code gets rows that nobody is, once, and its author sees
 * everything that came of it. Nothing here reads a real row: inputs are files that a synthesis released, under links to
 * the bucket `released` alone. So there is no gate, no charge and no approval.
 */
import type { jobs } from '../../contracts/jobs.ts'
import { may } from '../../domain/access/permissions.ts'
import { reviewMaterial, reviewVerdict } from '../../domain/disclosure/findings.ts'
import { strictest } from '../../domain/release/policy.ts'
import { errorPlace } from '../../domain/disclosure/script-runs.ts'
import { endOf, type JobCode } from '../../domain/release/job-codes.ts'
import { containerFor } from '../../domain/jobs/container.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { Manifest, ManifestFile, ScriptRuntime } from '../../domain/jobs/manifest.ts'
import { ObjectMissing } from '../../ports/objects.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import {
  type DatasetItem,
  type DatasetVersionItem,
  type JobItem,
  keyOf,
  type MemberItem,
  type SynthesisItem,
  type TwinTable,
} from '../kernel/items.ts'
import { limitsOf } from './inputs.ts'
import { decided, type Log, move, objectOf, startCheck } from '../workflow/job-item.ts'
import { release } from '../release/decision.ts'
import { synthesisObject as placeOf } from '../stores/synthesis-files.ts'
import { statusOf } from '../stores/synthesis-status.ts'
import { linkSeconds, linkTo } from '../kernel/links.ts'
import { logOf, scriptReportOf } from '../release/run-report.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import type { Question } from '../release/question.ts'
import type { Trial } from './is-trial.ts'
import { type PreparedJob, Refused } from '../workflow/job-kind.ts'

/** A trial gets no engine, which reads the data, and no key. */
type Hands = Pick<Deps, 'table' | 'objects' | 'now'>

const refuse = (
  deps: Pick<Deps, 'table' | 'now'>,
  job: Item<JobItem>,
  code: JobCode,
  more: object = {},
): Promise<Item<JobItem>> =>
  move(deps, job, {
    set: decided(job, endOf(code) as 'blocked' | 'failed', deps.now().toISOString(), {
      code,
      step: 'compute',
      ...more,
    }),
  })

/** Whether this synthesis may still be had by whoever asked. */
async function stillShared(deps: Pick<Deps, 'table' | 'now'>, job: JobItem, table: TwinTable): Promise<boolean> {
  const [synthesis, member] = await Promise.all([
    deps.table.get<SynthesisItem>(keyOf.synthesis(table.synthesisId)),
    deps.table.get<MemberItem>(keyOf.member(job.organisationId, job.userId)),
  ])
  return (
    synthesis !== undefined &&
    member !== undefined &&
    synthesis.datasetId === job.datasetId &&
    may({ roles: member.roles, shared: synthesis.shared }, 'synthesis.read') &&
    (await statusOf(deps, synthesis)).state === 'ready'
  )
}

/**
 * The first step of a trial: code and manifest, with links to synthetic tables at the paths of the real ones. Throws
 * `Refused` when it may not be tried any more.
 */
export async function prepareTrial(deps: Hands, job: Trial): Promise<PreparedJob> {
  const [question, dataset, shared] = await Promise.all([
    readJson<Question>(deps, 'protected', objectOf.ask(job.jobId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    Promise.all(job.twin.map((t) => stillShared(deps, job, t))),
  ])
  if (!dataset || !shared.every(Boolean)) throw new Refused('policy-changed')
  const inputs = objectOf.inputs(job.jobId)
  const limits = limitsOf(question)
  const plan = { kind: 'whole' as const }
  const link = async (bucket: 'protected' | 'released', key: string) =>
    linkTo(await deps.objects.signedGet(bucket, key, linkSeconds.container))
  await deps.objects.put(
    'protected',
    `${inputs}code`,
    new TextEncoder().encode(question.code),
    'application/octet-stream',
  )
  const files = await Promise.all(
    job.twin.map(async (table): Promise<ManifestFile> => ({
      file: table.file,
      link: await link('released', placeOf.csv(table.synthesisId, table.madeBy)),
    })),
  )
  const report = await deps.objects.signedWrite(
    'quarantine',
    objectOf.report(job.jobId),
    'application/gzip',
    linkSeconds.container,
  )
  // Nobody is in it: every run gets the whole files, and there are no blocks of people.
  const manifest: Manifest = {
    job: job.jobId,
    runtime: question.language as ScriptRuntime,
    dataset: dataset.name,
    code: await link('protected', `${inputs}code`),
    parameters: question.parameters,
    tables: [],
    volumes: [],
    shared: files,
    plan,
    partitionKey: '0'.repeat(64),
    limits,
    report: linkTo(report),
  }
  await deps.objects.put('protected', objectOf.manifest(job.jobId), jsonBytes(manifest), 'application/json')
  const { url } = await link('protected', objectOf.manifest(job.jobId))
  return {
    compute: 'container',
    container: { manifest: url, ...containerFor(limits, plan, job.userId) },
    set: { subjects: 0 },
  }
}

const guaranteeOf = (twin: readonly TwinTable[]): string =>
  `Computed from synthetic rows, not from the data: ${twin.map((t) => `${t.table} by the synthesis ${t.synthesisId} at epsilon ${t.epsilon}`).join('; ')}. It must not be taken for an answer about the data: ask the dataset itself.`

/**
 * The third step of a trial: what was printed and what was put out, as they are. The log lies there before the job says
 * how it ended.
 */
export async function checkTrial(deps: Deps, found: Trial): Promise<void> {
  const job = await startCheck(deps, found)
  const [report, question, dataset, version] = await Promise.all([
    scriptReportOf(deps, job),
    readJson<Question>(deps, 'protected', objectOf.ask(job.jobId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
  ])
  if (!report) {
    await refuse(deps, job, 'infrastructure')
    return
  }
  const log = jsonBytes(logOf(report, undefined))
  await Promise.all([
    deps.objects.put('released', objectOf.log(job.jobId), log, 'application/json'),
    deps.objects.put('protected', objectOf.log(job.jobId), log, 'application/json'),
  ])
  // No rule of disclosure has a say in rows that nobody is; what is no output at all is still said to be so.
  const policy = strictest(dataset!.policy.disclosure)
  const context = { code: question.code, schema: version!.data.schema, cohortSubjects: Number.MAX_SAFE_INTEGER }
  const verdict = reviewVerdict(report, policy, context)
  if (verdict.outcome === 'block') {
    await refuse(deps, job, verdict.code!, verdict.code === 'script-error' ? errorPlace(report) : {})
    return
  }
  const { outputs, files } = reviewMaterial(report, policy, context)!
  await release(
    deps,
    { ...job, confinement: report.confinement },
    {
      outputs,
      files: files.map((f) => ({ name: f.file, type: f.type, base64: Buffer.from(f.bytes).toString('base64') })),
      findings: [],
      guarantee: guaranteeOf(found.twin),
      cells: [],
      image: report.image,
    },
  )
}

export const log: Implementation<(typeof jobs)['routes']['log']> = async ({ job }, deps) => {
  const none = (why: string): Failure => new Failure('result-not-released', why)
  if (job.twin === undefined)
    throw none(
      'What a job on the data printed may hold rows: it is for custodians alone. Try the code on the twin, where you see everything.',
    )
  if (jobLife[job.state].live) throw none('It is not over yet.')
  try {
    return await readJson<Log>(deps, 'released', objectOf.log(job.jobId))
  } catch (e) {
    throw e instanceof ObjectMissing ? none('No code has run for this job.') : e
  }
}
