/**
 * The third step of a synthetic table: what was drawn is exactly what is charged, and then the card and the
 * descriptions are written beside the table.
 */
import type { Act } from '../../domain/audit/acts.ts'
import type { Detail } from '../../domain/audit/chain.ts'
import type { JobCode } from '../../domain/release/job-codes.ts'
import { croissantOf } from '../../domain/synthesis/croissant.ts'
import { cardOf } from '../../domain/synthesis/describe.ts'
import { dictionaryOf } from '../../domain/synthesis/dictionary.ts'
import type { EvaluationResult, Made, SynthesisReport } from '../../domain/synthesis/manifest.ts'
import { sharesOf } from '../../domain/synthesis/request.ts'
import type { Item } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { type DatasetItem, type DatasetVersionItem, type JobItem, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { setDue } from './expiry.ts'
import { type SynthesisAsk } from './synthesis-job.ts'
import { platform } from '../workflow/end-job.ts'
import { decided, type Log, move, objectOf, startCheck, stepEnded } from '../workflow/job-item.ts'
import { synthesisObject as placeOf } from '../stores/synthesis-files.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import { readReport } from '../workflow/report.ts'

/** Days that a table stays when nobody says otherwise. */
const usualDays = 365
const dayMilliseconds = 86_400_000

const synthesisReportOf = (deps: Deps, jobId: string): Promise<SynthesisReport | undefined> =>
  readReport(deps, jobId, (json) => {
    const report = json as SynthesisReport
    return report?.job === jobId ? report : undefined
  })

/**
 * Prices of all draws; they must come to the plan's price, to the nano-rho: no draw that was not paid for, none paid
 * for that was not made.
 */
const drawnTotal = (made: Made): bigint => made.drawn.reduce((sum, e) => sum + BigInt(e.nanoRho), 0n)

async function release(
  deps: Deps,
  job: JobItem,
  ask: Extract<SynthesisAsk, { act: 'make' }>,
  made: Made,
  synthesis: SynthesisItem,
): Promise<void> {
  const { synthesisId } = synthesis
  const at = deps.now()
  const [dataset, version] = await Promise.all([
    deps.table.get<DatasetItem>(keyOf.dataset(synthesis.datasetId)),
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(synthesis.datasetId, synthesis.datasetVersion)),
  ])
  const declared = version?.data.schema.tables.find((t) => t.name === synthesis.table)
  const card = cardOf({
    synthesisId,
    title: synthesis.title,
    dataset: {
      datasetId: synthesis.datasetId,
      name: dataset!.name,
      version: synthesis.datasetVersion,
      table: synthesis.table,
    },
    plan: ask.plan,
    planHash: synthesis.planHash!,
    made,
    madeAt: at.toISOString(),
    expires: synthesis.expires ?? new Date(at.getTime() + usualDays * dayMilliseconds).toISOString(),
    declared,
  })
  const { expires } = card
  // A table stays for a year unless its custodian has said otherwise.
  await setDue(deps, synthesisId, expires)
  if (synthesis.expires === undefined)
    await deps.table.update<SynthesisItem>(keyOf.synthesis(synthesisId), { set: { expires } })
  const origin = deps.settings.mainOrigin
  await Promise.all([
    deps.objects.put('released', placeOf.made(synthesisId, job.jobId), jsonBytes(made), 'application/json'),
    deps.objects.put(
      'released',
      placeOf.dictionary(synthesisId, job.jobId),
      new TextEncoder().encode(dictionaryOf(card, ask.plan, made.domain)),
      'text/csv',
    ),
    deps.objects.put(
      'released',
      placeOf.croissant(synthesisId, job.jobId),
      jsonBytes(croissantOf(card, ask.plan, made, origin)),
      'application/ld+json',
    ),
    deps.objects.put('released', placeOf.card(synthesisId, job.jobId), jsonBytes(card), 'application/json'),
  ])
}

/**
 * Figures that were paid for lie where everybody who may see the table sees them; the others where only its custodian
 * does.
 */
const keepFigures = (deps: Deps, synthesisId: string, jobId: string, result: EvaluationResult): Promise<void> =>
  deps.objects.put(
    result.charged ? 'released' : 'protected',
    result.charged ? placeOf.evaluation(synthesisId, jobId) : placeOf.own(synthesisId, jobId),
    jsonBytes(result),
    'application/json',
  )

/** Decides the job. Safe to run twice: everything it writes has one place and one content. */
export async function checkSynthesis(deps: Deps, found: Item<JobItem>): Promise<void> {
  const job = await startCheck(deps, found)
  const ask = await readJson<SynthesisAsk>(deps, 'protected', objectOf.ask(job.jobId))
  const [report, synthesis] = await Promise.all([
    synthesisReportOf(deps, job.jobId),
    deps.table.get<SynthesisItem>(keyOf.synthesis(ask.synthesisId)),
  ])
  const refuse = async (code: JobCode, log?: Log): Promise<void> => {
    if (log) await deps.objects.put('protected', objectOf.log(job.jobId), jsonBytes(log), 'application/json')
    await move(deps, job, { set: decided(job, 'failed', deps.now().toISOString(), { code, step: 'compute' }) })
  }
  if (!report || !synthesis) return refuse('infrastructure')
  if ('faults' in report) {
    await deps.objects.put(
      'protected',
      placeOf.faults(ask.synthesisId, job.jobId),
      jsonBytes(report.faults),
      'application/json',
    )
    return refuse('table-faults', {
      runs: [],
      message: report.faults.map((f) => (f.column === undefined ? f.message : `${f.column}: ${f.message}`)).join('\n'),
    })
  }
  if ('made' in report !== (ask.act === 'make')) return refuse('infrastructure')
  const entries: { act: Act; object: string; detail: Detail }[] =
    job.charge === undefined
      ? []
      : [{ act: 'budget.charged', object: `dataset ${job.datasetId}`, detail: { job: job.jobId, nanoRho: job.charge } }]
  if ('made' in report && ask.act === 'make') {
    const { made } = report
    const drawn = drawnTotal(made)
    const price = sharesOf(ask.plan).total
    if (drawn !== price || (job.charge !== undefined && BigInt(job.charge) !== price))
      return refuse('infrastructure', {
        runs: [],
        message: `${drawn} nano-rho were drawn and ${price} are the price: nothing is released.`,
      })
    await record(deps, job.organisationId, platform, [
      {
        act: 'synthesis.made',
        object: `synthesis ${ask.synthesisId}`,
        detail: { dataset: job.datasetId, plan: synthesis.planHash!, file: made.sha256 },
      },
      ...entries,
    ])
    await release(deps, job, ask, made, synthesis)
  } else if ('evaluated' in report) {
    const { evaluated } = report
    if (evaluated.charged !== (job.charge !== undefined))
      return refuse('infrastructure', {
        runs: [],
        message: 'Figures that were not paid for would have been shown: nothing is released.',
      })
    if (entries.length > 0) await record(deps, job.organisationId, platform, entries)
    await keepFigures(deps, ask.synthesisId, job.jobId, evaluated)
  }
  await move(deps, job, {
    set: { outcome: 'succeeded', steps: stepEnded(job.steps, 'check', deps.now().toISOString()) },
  })
}
