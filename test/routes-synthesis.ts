/**
 * For the walk over every route: a synthesis put straight into the table, and how each documented problem of its routes
 * is provoked.
 */
import type { SynthesisPlan } from '../domain/synthesis/plan.ts'
import type { Caller } from '../functions/kernel/caller.ts'
import { newId } from '../functions/kernel/ids.ts'
import { type DatasetItem, type JobItem, keyOf, type SynthesisItem } from '../functions/kernel/items.ts'
import type { Harness } from '../functions/kernel/testing.ts'
import { plantDataset, type ProblemAnswer, type World } from './routes-datasets.ts'

const sha = '0'.repeat(64)
export const plan: SynthesisPlan = {
  columns: [{ name: 'age', kind: 'numeric', minimum: 0, maximum: 100, bins: 10, integer: true, missing: true }],
  rules: [],
  rowsPerPerson: 1,
  rowsDeclared: 1000,
  method: 'auto',
  epsilon: 1,
  delta: 1e-6,
  wishes: [],
}

/** A synthesis of a planted dataset: proposed, unless `over` says more. */
export async function plantSynthesis(
  harness: Harness,
  organisationId: string,
  over: Partial<SynthesisItem> = {},
  dataset: Partial<DatasetItem> = {},
): Promise<{ synthesisId: string; datasetId: string }> {
  const { datasetId } = await plantDataset(harness, organisationId, dataset)
  const synthesisId = newId(harness.deps, 'syn')
  const at = harness.clock.now().toISOString()
  await harness.deps.table.create<SynthesisItem>({
    ...keyOf.synthesis(synthesisId),
    gpk: `ORG#${organisationId}`,
    gsk: `SYNTHESIS#${at}#${synthesisId}`,
    synthesisId,
    organisationId,
    datasetId,
    datasetVersion: 1,
    table: 'people',
    userId: 'user-ada',
    title: 'Planted',
    state: 'proposed',
    plan,
    attempts: [],
    created: at,
    changed: at,
    shared: false,
    evaluations: [],
    ...over,
  })
  return { synthesisId, datasetId }
}

/** One whose table is there, as far as its items say. */
export async function plantMade(harness: Harness, organisationId: string): Promise<{ synthesisId: string }> {
  const jobId = newId(harness.deps, 'job')
  const at = harness.clock.now().toISOString()
  const made = await plantSynthesis(harness, organisationId, {
    state: 'running',
    jobId,
    planHash: sha,
    attempts: [{ planHash: sha, jobId }],
  })
  await harness.deps.table.create<JobItem>({
    ...keyOf.job(jobId),
    jobId,
    kind: 'synthesis',
    title: 'Planted',
    state: 'succeeded',
    organisationId,
    datasetId: 'dat_x',
    datasetVersion: 1,
    userId: 'user-ada',
    purpose: '',
    cohort: [],
    pin: sha,
    askHash: sha,
    created: at,
    ended: at,
    attempt: 1,
    steps: {},
  })
  return made
}

/** By `synthesis.route kind`. */
export function synthesisProblems(
  world: World & { stranger: () => Caller },
): Record<string, () => Promise<ProblemAnswer>> {
  const call = async (
    route: string,
    { synthesisId }: { synthesisId: string },
    body?: (rev: number) => unknown,
  ): Promise<ProblemAnswer> => {
    const { rev } = (await world.h().deps.table.get<SynthesisItem>(keyOf.synthesis(synthesisId)))!
    return world.answer('synthesis', route, {
      as: world.custodian(),
      params: { synthesisId },
      ...(body ? { body: body(rev!) } : {}),
    })
  }
  const planted = (over: Partial<SynthesisItem> = {}): Promise<{ synthesisId: string }> =>
    plantSynthesis(world.h(), world.organisationId(), over)
  const uploading = (): Promise<{ synthesisId: string }> =>
    planted({ state: 'uploading', upload: { path: 'people.csv', size: 3, sha256: sha } })
  const made = (): Promise<{ synthesisId: string }> => plantMade(world.h(), world.organisationId())
  const begin = async (as: Caller, over: Partial<DatasetItem> = {}): Promise<ProblemAnswer> =>
    world.answer('synthesis', 'begin', {
      as,
      body: { datasetId: (await plantDataset(world.h(), world.organisationId(), over)).datasetId, table: 'people' },
    })
  return {
    'synthesis.begin not-found': () => begin(world.stranger()),
    'synthesis.begin forbidden': () => begin(world.h().person('ada', { scopes: ['datasets:read'] })),
    'synthesis.begin wrong-state': () => begin(world.custodian(), { version: 0, state: 'draft' }),
    'synthesis.infer wrong-state': async () => call('infer', await planted()),
    'synthesis.infer asset-missing': async () => call('infer', await uploading()),
    'synthesis.quote wrong-state': async () => call('quote', await uploading(), () => plan),
    'synthesis.confirm changed-meanwhile': async () =>
      call('confirm', await planted(), (rev) => ({ rev: rev + 1, plan })),
    'synthesis.confirm wrong-state': async () => call('confirm', await made(), (rev) => ({ rev, plan })),
    'synthesis.confirm invalid-plan': async () =>
      call('confirm', await planted(), (rev) => ({
        rev,
        plan: { ...plan, columns: [{ ...plan.columns[0], name: 'wage' }] },
      })),
    // Its budget has not been opened, so nothing is left of it.
    'synthesis.confirm budget-exhausted': async () => call('confirm', await planted(), (rev) => ({ rev, plan })),
    'synthesis.evaluate wrong-state': async () => call('evaluate', await planted(), () => ({ kind: 'agreement' })),
    'synthesis.evaluate invalid-plan': async () =>
      call('evaluate', await made(), () => ({ kind: 'model', target: 'wage' })),
    'synthesis.evaluate budget-exhausted': async () =>
      call('evaluate', await made(), () => ({ kind: 'agreement', charge: 1 })),
    'synthesis.share changed-meanwhile': async () =>
      call('share', await made(), (rev) => ({ rev: rev + 1, shared: true })),
    'synthesis.share wrong-state': async () => call('share', await planted(), (rev) => ({ rev, shared: true })),
    'synthesis.download result-not-released': async () => call('download', await planted()),
  }
}

/** A well-formed body for beginning one. */
export const beginBody = {
  organisationId: `org_${'a'.repeat(32)}`,
  title: 'T',
  file: { path: 'people.csv', size: 3, sha256: 'a'.repeat(64) },
}
