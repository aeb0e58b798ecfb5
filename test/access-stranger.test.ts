/** Walks every route as somebody it is not for: a stranger, nobody, a token without scopes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allRoutes, areas, type NamedRoute } from '../contracts/index.ts'
import type { Problem } from '../contracts/problems.ts'
import { roles, scopes, studyRights } from '../domain/access/permissions.ts'
import { defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import { type Harness, harness } from '../functions/kernel/testing.ts'
import { keyOf } from '../functions/kernel/items.ts'
import { plantRun, type PlantedRun } from './routes-pipelines.ts'

type AnyCall = (area: string, name: string, input: object) => Promise<{ status: number; body: unknown }>

const datasetId = 'dat_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const jobId = 'job_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const synthesisId = 'syn_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const studyId = 'std_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const runId = 'run_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
const code = 'a'.repeat(20)
let platform: Harness
let theirs: string
let call: AnyCall
let planted: PlantedRun
beforeAll(async () => {
  platform = await harness()
  call = platform.answer as unknown as AnyCall
  ;({ organisationId: theirs } = await platform.organisation('Theirs', { ada: [...roles], otto: ['checker'] }))
  // The stranger is everything in an organisation of their own, and even holds rights on the study from a membership
  // that has ended.
  await platform.organisation('Own', { sam: [...roles] })
  const at = platform.clock.now().toISOString()
  const about = { studyId, organisationId: theirs }
  await platform.deps.table.create({
    ...keyOf.study(studyId),
    ...about,
    title: 'Secret title',
    description: '',
    state: 'live',
    runtime: 'platform',
    redirectHosts: [],
    version: 1,
    created: at,
    changed: at,
  })
  for (const who of ['user-sam', 'user-ada'])
    await platform.deps.table.create({
      ...keyOf.studyPerson(studyId, who),
      ...about,
      userId: who,
      rights: [...studyRights],
      since: at,
    })
  await platform.deps.table.create({
    ...keyOf.link(code),
    ...about,
    code,
    kind: 'general',
    label: '',
    created: at,
    expires: at,
    started: 0,
    revoked: false,
  })
  await platform.deps.table.create({
    ...keyOf.dataset(datasetId),
    ...about,
    datasetId,
    name: 'secret',
    title: 'Secret dataset',
    description: '',
    state: 'published',
    version: 1,
    policy: defaultDatasetPolicy,
    created: at,
    changed: at,
  })
  await platform.deps.table.create({
    ...keyOf.job(jobId),
    ...about,
    jobId,
    datasetId,
    datasetVersion: 1,
    kind: 'query',
    title: 'Secret job',
    state: 'succeeded',
    userId: 'user-ada',
    purpose: '',
    cohort: [],
    pin: 'f'.repeat(64),
    askHash: 'f'.repeat(64),
    created: at,
    attempt: 1,
    steps: {},
  })
  await platform.deps.table.create({
    ...keyOf.synthesis(synthesisId),
    ...about,
    synthesisId,
    datasetId,
    datasetVersion: 1,
    table: 'people',
    userId: 'user-ada',
    title: 'Secret twin',
    state: 'proposed',
    attempts: [],
    created: at,
    changed: at,
    shared: true,
    evaluations: [],
  })
  await platform.deps.table.create({
    ...keyOf.run(runId),
    ...about,
    runId,
    code,
    state: 'live',
    tokenHash: 'f'.repeat(64),
    started: at,
    last: at,
  })
  planted = await plantRun(platform, theirs)
})
afterAll(async () => {
  await platform.close()
})

const present = (): Record<string, string> => ({
  organisationId: theirs,
  studyId,
  runId,
  datasetId,
  jobId,
  synthesisId,
  ...planted,
  format: 'json',
  code,
  userId: 'user-ada',
  version: '1',
  invitationId: 'a'.repeat(64),
  ruleId: `rul_${'a'.repeat(32)}`,
  tokenId: 'tok_aaaaaaaaaaaaaaaa',
  userCode: 'BCDF-GHJK',
  sha256: 'a'.repeat(64),
})
const absent = (): Record<string, string> => ({
  ...present(),
  organisationId: 'org_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  studyId: 'std_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  runId: 'run_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  datasetId: 'dat_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  jobId: 'job_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  synthesisId: 'syn_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  pipelineId: 'pip_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  experimentId: 'exp_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  pipelineRunId: 'job_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
})
/** A route's parameters. Runs of pipelines are jobs of their own kind. */
const named = ({ path, access }: NamedRoute['route'], from: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [
      name,
      from[name === 'jobId' && access.kind === 'pipeline-run' ? 'pipelineRunId' : name!]!,
    ]),
  )
const plain = (p: unknown): object => ({ ...(p as Problem), instance: undefined })
const ofSomething = allRoutes
  .filter(({ route: { access } }) => 'permission' in access)
  .map((r) => [`${r.area}.${r.name}`, r] as const)

describe('a stranger', () => {
  it.each(ofSomething)(
    '%s: 404, word for word the same as for what does not exist',
    async (_, { area, name, route }) => {
      for (const as of [
        platform.person('sam', { groups: ['founders'] }),
        platform.person('sam', { scopes: [...scopes] }),
      ]) {
        const there = await call(area, name, { as, params: named(route, present()), body: {} })
        const nowhere = await call(area, name, { as, params: named(route, absent()), body: {} })
        expect(there).toMatchObject({ status: 404, body: { kind: 'not-found' } })
        expect(plain(there.body)).toEqual(plain(nowhere.body))
        expect(JSON.stringify(there.body)).not.toContain('Secret')
      }
    },
  )
})

describe('nobody', () => {
  const guarded = allRoutes
    .filter(({ route: { access } }) => !['anyone', 'run-token'].includes(access.kind))
    .map((r) => [`${r.area}.${r.name}`, r] as const)
  it.each(guarded)('%s: 401', async (_, { area, name, route }) => {
    expect(await call(area, name, { params: named(route, present()), body: {} })).toMatchObject({
      status: 401,
      body: { kind: 'sign-in-required' },
    })
    expect(
      await call(area, name, {
        params: Object.fromEntries(Object.keys(named(route, present())).map((n) => [n, '../x'])),
        body: {},
      }),
    ).toMatchObject({ status: 401 })
  })
})

describe('a token without the scope', () => {
  it.each(ofSomething)('%s: 403 for somebody who may everything themselves', async (_, { area, name, route }) => {
    const answer = await call(area, name, {
      as: platform.person('ada', { scopes: [] }),
      params: named(route, present()),
      body: {},
    })
    expect(answer).toMatchObject({ status: 403, body: { kind: 'forbidden' } })
  })
})

describe('a participant’s page', () => {
  const byRun = allRoutes
    .filter(({ route: { access } }) => access.kind === 'run-token')
    .map((r) => [`${r.area}.${r.name}`, r] as const)
  it.each(byRun)('%s: needs this run’s own token', async (_, { area, name, route }) => {
    for (const authorization of [
      undefined,
      'Bearer ',
      `Bearer ${'A'.repeat(43)}`,
      `Bearer ${'f'.repeat(64)}`,
      code,
      runId,
    ])
      for (const ids of [present(), absent()])
        expect(
          await call(area, name, {
            params: named(route, ids),
            body: {},
            ...(authorization === undefined ? {} : { authorization }),
          }),
          authorization,
        ).toMatchObject({ status: 401, body: { kind: 'run-token-invalid' } })
    // A researcher's sign-in is no way in either.
    expect(
      await call(area, name, { as: platform.person('ada'), params: named(route, present()), body: {} }),
    ).toMatchObject({
      status: 401,
    })
  })
})

it('every route was walked', () => {
  expect(Object.keys(areas)).toEqual([
    'access',
    'studies',
    'runs',
    'datasets',
    'jobs',
    'synthesis',
    'pipelines',
    'audit',
  ])
  expect(allRoutes.filter(({ route }) => Object.values(named(route, present())).includes(undefined as never))).toEqual(
    [],
  )
})
