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
import { type Container, containerFor } from '../../domain/jobs/container.ts'
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
import { objectOf as placeOf } from '../synthesis/making.ts'
import { standingOf } from '../synthesis/view.ts'
import { linkSeconds } from './ending.ts'
import { limitsOf } from './inputs.ts'
import { logOf, reportOf } from './report.ts'
import { decided, jsonBytes, type Log, move, objectOf, readJson, stepEnded, stepStarted } from './standing.ts'
import type { Question } from './terms.ts'
import { release } from './verdict.ts'

/** A trial: a job whose item names the tables of the twin. */
type Trial = Item<JobItem> & { twin: TwinTable[] }
export const isTrial = (job: Item<JobItem>): job is Trial => job.twin !== undefined

/** A trial gets no engine, which reads the data, and no key. */
type Hands = Pick<Deps, 'table' | 'objects' | 'now'>

const refuse = (
  d: Pick<Deps, 'table' | 'now'>,
  job: Item<JobItem>,
  code: JobCode,
  step: 'prepare' | 'compute',
  more: object = {},
): Promise<Item<JobItem>> =>
  move(d, job, {
    set: { ...decided(job, endOf(code) as 'blocked' | 'failed', d.now().toISOString(), { code, step, ...more }) },
  })

/** Whether this synthesis may still be had by whoever asked. */
async function stillShared(d: Pick<Deps, 'table' | 'now'>, job: JobItem, t: TwinTable): Promise<boolean> {
  const [s, member] = await Promise.all([
    d.table.get<SynthesisItem>(keyOf.synthesis(t.synthesisId)),
    d.table.get<MemberItem>(keyOf.member(job.organisationId, job.userId)),
  ])
  return (
    s !== undefined &&
    member !== undefined &&
    s.datasetId === job.datasetId &&
    may({ roles: member.roles, shared: s.shared }, 'synthesis.read') &&
    (await standingOf(d, s)).state === 'ready'
  )
}

/**
 * The first step of a trial: code and manifest, with links to synthetic tables at the paths of the real ones. Undefined
 * when it may not be tried any more.
 */
export async function prepareTrial(d: Hands, job: Trial): Promise<({ manifest: string } & Container) | undefined> {
  const [question, dataset, shared] = await Promise.all([
    readJson<Question>(d, 'protected', objectOf.ask(job.jobId)),
    d.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    Promise.all(job.twin.map((t) => stillShared(d, job, t))),
  ])
  if (!dataset || !shared.every(Boolean)) {
    await refuse(d, job, 'policy-changed', 'prepare')
    return undefined
  }
  const inputs = objectOf.inputs(job.jobId),
    limits = limitsOf(question),
    plan = { kind: 'whole' as const }
  const link = async (bucket: 'protected' | 'released', key: string) => {
    const { url, headers } = await d.objects.signedGet(bucket, key, linkSeconds)
    return { url, headers }
  }
  await d.objects.put('protected', `${inputs}code`, new TextEncoder().encode(question.code), 'application/octet-stream')
  const files = await Promise.all(
    job.twin.map(async (t): Promise<ManifestFile> => ({
      file: t.file,
      link: await link('released', placeOf.csv(t.synthesisId, t.madeBy)),
    })),
  )
  const report = await d.objects.signedWrite('quarantine', objectOf.report(job.jobId), 'application/gzip', linkSeconds)
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
    report: { url: report.url, headers: report.headers },
  }
  await d.objects.put('protected', objectOf.manifest(job.jobId), jsonBytes(manifest), 'application/json')
  const now = d.now().toISOString()
  await move(d, job, { set: { subjects: 0, steps: stepStarted(stepEnded(job.steps, 'prepare', now), 'compute', now) } })
  return {
    manifest: (await link('protected', objectOf.manifest(job.jobId))).url,
    ...containerFor(limits, plan, job.userId),
  }
}

const guaranteeOf = (twin: readonly TwinTable[]): string =>
  `Computed from synthetic rows, not from the data: ${twin.map((t) => `${t.table} by the synthesis ${t.synthesisId} at epsilon ${t.epsilon}`).join('; ')}. It must not be taken for an answer about the data: ask the dataset itself.`

/**
 * The third step of a trial: what was printed and what was put out, as they are. The log lies there before the job says
 * how it ended.
 */
export async function checkTrial(d: Deps, found: Trial): Promise<void> {
  const at = d.now().toISOString()
  const job = await move(d, found, {
    to: 'checking',
    set: { steps: stepStarted(stepEnded(found.steps, 'compute', at), 'check', at) },
  })
  const [report, question, dataset, version] = await Promise.all([
    reportOf(d, job),
    readJson<Question>(d, 'protected', objectOf.ask(job.jobId)),
    d.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    d.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
  ])
  if (!report) {
    await refuse(d, job, 'infrastructure', 'compute')
    return
  }
  const log = jsonBytes(logOf(report, undefined))
  await Promise.all([
    d.objects.put('released', objectOf.log(job.jobId), log, 'application/json'),
    d.objects.put('protected', objectOf.log(job.jobId), log, 'application/json'),
  ])
  // No rule of disclosure has a say in rows that nobody is; what is no output at all is still said to be so.
  const policy = strictest(dataset!.policy.disclosure),
    context = { code: question.code, schema: version!.data.schema, cohortSubjects: Number.MAX_SAFE_INTEGER }
  const verdict = reviewVerdict(report, policy, context)
  if (verdict.outcome === 'block') {
    await refuse(d, job, verdict.code!, 'compute', verdict.code === 'script-error' ? errorPlace(report) : {})
    return
  }
  const { outputs, files } = reviewMaterial(report, policy, context)!
  await release(
    d,
    { ...job, confinement: report.confinement },
    {
      outputs,
      files: files.map((f) => ({ name: f.file, type: f.type, base64: Buffer.from(f.bytes).toString('base64') })),
      findings: [],
      guarantee: guaranteeOf(job.twin!),
      cells: [],
      image: report.image,
    },
  )
}

export const log: Implementation<(typeof jobs)['routes']['log']> = async ({ job }, d) => {
  const none = (why: string): Failure => new Failure('result-not-released', why)
  if (job.twin === undefined)
    throw none(
      'What a job on the data printed may hold rows: it is for custodians alone. Try the code on the twin, where you see everything.',
    )
  if (jobLife[job.state].live) throw none('It is not over yet.')
  try {
    return await readJson<Log>(d, 'released', objectOf.log(job.jobId))
  } catch (e) {
    throw e instanceof ObjectMissing ? none('No code has run for this job.') : e
  }
}
