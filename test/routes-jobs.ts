/** For the walk over every route: how each documented problem of the routes of jobs and reviews is provoked. */
import type { DatasetPolicy } from '../domain/datasets/policy.ts'
import { defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import { newId } from '../functions/kernel/ids.ts'
import { type JobItem, type JobPlacesItem, keyOf } from '../functions/kernel/items.ts'
import { plantDataset, type ProblemAnswer, type World } from './routes-datasets.ts'
import { mostQuestions } from '../domain/jobs/places.ts'

/** A question that a planted dataset's policy and schema allow. */
export const question = (datasetId: string, more: object = {}): object => ({
  dataset: datasetId,
  language: 'sql',
  code: 'all',
  mode: 'rules',
  ...more,
})

/**
 * By `jobs.route kind`. The caller is everything in the organisation, and asked every job that is not said to be
 * `user-somebody`'s.
 */
export function jobProblems(world: World): Record<string, () => Promise<ProblemAnswer>> {
  const nowhere = `dat_${'z'.repeat(32)}`
  const planted = (policy: Partial<DatasetPolicy> = {}) =>
    plantDataset(world.h(), world.organisationId(), { policy: { ...defaultDatasetPolicy, ...policy } })
  const put = async (
    route: 'quote' | 'ask',
    more: object = {},
    policy: Partial<DatasetPolicy> = {},
    key?: string,
  ): Promise<ProblemAnswer> =>
    world.answer('jobs', route, {
      as: world.custodian(),
      body: question((await planted(policy)).datasetId, more),
      ...(key === undefined ? {} : { idempotencyKey: key }),
    })
  const scopeless = async (route: 'quote' | 'ask'): Promise<ProblemAnswer> =>
    world.answer('jobs', route, {
      as: {
        ...world.custodian(),
        token: { tokenId: `tok_${'a'.repeat(32)}`, scopes: [], expires: '2030-01-01T00:00:00.000Z' },
      },
      body: question((await planted()).datasetId),
    })
  /** On a job with these facts. */
  const on = async (
    route: string,
    over: Partial<JobItem>,
    body?: object,
    params: object = {},
  ): Promise<ProblemAnswer> => {
    const { jobId } = await planted()
    await world.h().deps.table.update<JobItem>(keyOf.job(jobId), { set: over })
    return world.answer('jobs', route, {
      as: world.custodian(),
      params: { jobId, ...params },
      ...(body ? { body } : {}),
    })
  }
  const theirs = { userId: 'user-somebody' }
  const waits = { state: 'queued' as const, waiting: 'approval' as const }
  const yes = { pin: '0'.repeat(64), approve: true }
  const approve = { vote: 'approve', comment: '' }
  return {
    ...Object.fromEntries(
      (['quote', 'ask'] as const).flatMap((route) => [
        [
          `jobs.${route} not-found`,
          () => world.answer('jobs', route, { as: world.custodian(), body: question(nowhere) }),
        ],
        [`jobs.${route} policy-forbids`, () => put(route, {}, { languages: ['python'] })],
        [`jobs.${route} forbidden`, () => scopeless(route)],
      ]),
    ),
    'jobs.ask invalid-cohort': () => put('ask', { cohort: [{ table: 'people', column: 'height', is: 'known' }] }),
    'jobs.ask invalid-query': () => put('ask', { code: 'select height from people' }),
    'jobs.ask budget-exhausted': () => put('ask', { mode: 'noise' }), // no budget was opened for what is planted
    'jobs.ask too-many-jobs': async () => {
      const { deps, clock } = world.h()
      const key = keyOf.jobPlaces(world.custodian().userId, 'questions')
      const taken = Array.from({ length: mostQuestions }, () => [newId(deps, 'job'), clock.now().toISOString()])
      const before = await deps.table.get<JobPlacesItem>(key)
      await deps.table.remove(key)
      await deps.table.create({ ...key, line: 'questions', held: Object.fromEntries(taken) })
      try {
        return await put('ask')
      } finally {
        await deps.table.remove(key)
        if (before) await deps.table.create(before)
      }
    },
    'jobs.cancel wrong-state': () => on('cancel', {}),
    'jobs.approve wrong-state': () => on('approve', theirs, yes),
    'jobs.approve changed-meanwhile': () => on('approve', { ...theirs, ...waits, pin: 'f'.repeat(64) }, yes),
    'jobs.approve own-output': () => on('approve', waits, yes),
    'jobs.result result-not-released': () => on('result', {}),
    'jobs.log result-not-released': () => on('log', {}),
    'jobs.download result-not-released': () => on('download', {}, undefined, { format: 'csv' }),
    'jobs.review own-output': () => on('review', { state: 'held' }),
    'jobs.review wrong-state': () => on('review', theirs),
    'jobs.vote own-output': () => on('vote', { state: 'held' }, approve),
    'jobs.vote wrong-state': () => on('vote', theirs, approve),
    'jobs.answer wrong-state': () => on('answer', { state: 'held', waiting: 'checkers' }, { text: 'Nobody asked.' }),
  }
}
