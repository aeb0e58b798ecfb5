/**
 * For walks over every route that starts something: a request that it accepts, on what was planted for it alone, and
 * what to change of its body to make another request of it.
 */
import { defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import type { Caller } from '../functions/kernel/caller.ts'
import { newId } from '../functions/kernel/ids.ts'
import { type BudgetItem, type JobItem, keyOf } from '../functions/kernel/items.ts'
import { blobKey, readingKey } from '../functions/stores/dataset-files.ts'
import { plantDataset, schema, type World } from './routes-datasets.ts'
import { question } from './routes-jobs.ts'
import { definition, plantRun } from './routes-pipelines.ts'
import { plan, plantMade, plantSynthesis } from './routes-synthesis.ts'

export interface Request {
  as: Caller
  params?: Record<string, string>
  body?: object
  /** Members of the body that make it another request. */
  other?: object
}

const file = { path: 'people.csv', size: 3, sha256: 'a'.repeat(64) }
const page = { path: 'index.html', size: 3, sha256: 'b'.repeat(64), type: 'text/html; charset=utf-8' }
const bytes = new TextEncoder().encode('id\n')

/** By `area.route`. */
export function startingRequests(world: World): Record<string, () => Promise<Request>> {
  const deps = (): ReturnType<World['h']>['deps'] => world.h().deps
  const as = (): Caller => world.h().person('ada', { groups: ['founders'] })
  const inOrganisation = (): { organisationId: string } => ({ organisationId: world.organisationId() })
  let number = 0
  const fresh = (): string => `thing_${number++}`
  const uuid = (): string => crypto.randomUUID()
  const invited = async (): Promise<string> => {
    const body = { email: 'new@lab.example', roles: ['analyst'] as const }
    const { link } = await world.h().call('access', 'invite', {
      as: as(),
      params: inOrganisation(),
      body: { ...body, roles: [...body.roles] },
    })
    return link.split('#')[1]!
  }
  const study = async (): Promise<{ studyId: string }> => {
    const body = { title: 'T', requestId: uuid() }
    const { studyId } = await world.h().call('studies', 'create', { as: as(), params: inOrganisation(), body })
    return { studyId }
  }
  const uploaded = (datasetId: string): Promise<unknown> =>
    deps().objects.put('protected', blobKey(datasetId, file.sha256), bytes, 'application/octet-stream')
  const run = async (): Promise<{ experimentId: string; jobId: string }> => {
    const { experimentId, pipelineRunId } = await plantRun(world.h(), world.organisationId())
    return { experimentId, jobId: pipelineRunId }
  }
  const dataset = async (over: Parameters<typeof plantDataset>[2] = {}): Promise<{ datasetId: string }> => {
    const { datasetId } = await plantDataset(world.h(), world.organisationId(), over)
    return { datasetId }
  }
  const budgeted = async (datasetId: string): Promise<void> => {
    const budget = { datasetId, limit: 1e12, available: 1e12, spent: 0 }
    await deps().table.create<BudgetItem>({ ...keyOf.budget(datasetId), ...budget })
  }
  return {
    'access.createOrganisation': async () => ({
      as: as(),
      body: { name: 'New', requestId: uuid() },
      other: { name: 'Other' },
    }),
    'access.invite': async () => ({
      as: as(),
      params: inOrganisation(),
      body: { email: 'new@lab.example', roles: ['analyst'] },
      other: { roles: ['auditor'] },
    }),
    'access.createToken': async () => ({
      as: as(),
      body: { name: 'laptop', scopes: ['studies:read'] },
      other: { name: 'other' },
    }),
    'access.acceptInvitation': async () => ({
      as: world.h().person(fresh()),
      body: { invitation: await invited() },
      other: { invitation: 'x'.repeat(43) },
    }),
    'access.approveDevice': async () => {
      const asked = { body: { name: 'cloister', scopes: ['studies:read' as const] } }
      const { userCode } = await world.h().call('access', 'startDevice', asked)
      return { as: as(), params: { userCode }, body: { scopes: ['studies:read'], days: 3 }, other: { days: 4 } }
    },
    'studies.create': async () => ({
      as: as(),
      params: inOrganisation(),
      body: { title: 'New', requestId: uuid() },
      other: { title: 'Other' },
    }),
    'studies.duplicate': async () => ({
      as: as(),
      params: await study(),
      body: { title: 'Copy', requestId: uuid() },
      other: { title: 'Other' },
    }),
    'studies.publish': async () => {
      const key = `blobs/${world.organisationId()}/${page.sha256}`
      await deps().objects.put('assets', key, bytes, page.type)
      return {
        as: as(),
        params: await study(),
        body: {
          configuration: { kind: 'web', entry: 'index.html' },
          assets: [page],
          expects: 0,
        },
        other: { note: 'other' },
      }
    },
    'studies.createLink': async () => ({
      as: as(),
      params: await study(),
      body: { kind: 'general' },
      other: { label: 'other' },
    }),
    'datasets.create': async () => ({
      as: as(),
      params: inOrganisation(),
      body: { name: fresh(), title: 'New' },
      other: { title: 'Other' },
    }),
    'datasets.read': async () => {
      const params = await dataset({ state: 'draft', version: 0 })
      await uploaded(params.datasetId)
      return { as: as(), params, body: { files: [file] }, other: { files: [{ ...file, path: 'other.csv' }] } }
    },
    'datasets.publish': async () => {
      const readingJob = newId(deps(), 'job')
      const params = await dataset({ state: 'draft', version: 0, readingJob, readingAct: 'read' })
      await budgeted(params.datasetId)
      const reading = { jobId: readingJob, files: [file], tables: [], other: [], proposed: schema }
      const text = new TextEncoder().encode(JSON.stringify(reading))
      await deps().objects.put('protected', readingKey(params.datasetId), text, 'application/json')
      return { as: as(), params, body: { schema, policy: defaultDatasetPolicy, rev: 1 }, other: { rev: 2 } }
    },
    'datasets.fromStudy': async () => ({
      as: as(),
      params: { studyId: await world.study(true) },
      body: { name: fresh(), title: 'From a study', purpose: 'to see how it looks' },
      other: { title: 'Other' },
    }),
    'jobs.ask': async () => ({
      as: world.h().person('ada'),
      body: question((await dataset()).datasetId),
      other: { title: 'Other' },
    }),
    'jobs.approve': async () => {
      const { jobId } = await plantDataset(world.h(), world.organisationId())
      await deps().table.update<JobItem>(keyOf.job(jobId), {
        set: { state: 'queued', waiting: 'approval', userId: 'user-anil' },
      })
      return { as: as(), params: { jobId }, body: { pin: '0'.repeat(64), approve: true }, other: { comment: 'other' } }
    },
    'synthesis.begin': async () => ({
      as: as(),
      body: { ...(await dataset()), table: 'people' },
      other: { title: 'Other' },
    }),
    'synthesis.infer': async () => {
      const body = { ...inOrganisation(), title: 'T', file }
      const { synthesisId, datasetId } = await world.h().call('synthesis', 'begin', { as: as(), body })
      await uploaded(datasetId)
      return { as: as(), params: { synthesisId } }
    },
    'synthesis.confirm': async () => {
      const { synthesisId, datasetId } = await plantSynthesis(world.h(), world.organisationId())
      await budgeted(datasetId)
      return { as: as(), params: { synthesisId }, body: { plan, rev: 1 }, other: { rev: 2 } }
    },
    'synthesis.evaluate': async () => ({
      as: as(),
      params: { synthesisId: (await plantMade(world.h(), world.organisationId())).synthesisId },
      body: { kind: 'agreement' },
      other: { kind: 'model', target: 'age' },
    }),
    'pipelines.publish': async () => ({
      as: as(),
      params: inOrganisation(),
      body: { definition: { ...definition, name: fresh().replace('_', '-') }, files: [], expects: 0 },
      other: { note: 'other' },
    }),
    'pipelines.createExperiment': async () => ({
      as: as(),
      params: inOrganisation(),
      body: { pipelineId: (await plantRun(world.h(), world.organisationId())).pipelineId, title: 'T' },
      other: { title: 'Other' },
    }),
    'pipelines.start': async () => ({ as: as(), params: await run(), body: {}, other: { title: 'Other' } }),
    'pipelines.again': async () => ({ as: as(), params: await run(), body: {}, other: { title: 'Other' } }),
    'pipelines.sweep': async () => ({
      as: as(),
      params: await run(),
      body: { over: [{ parameter: 'width', values: [1, 2] }] },
      other: { over: [{ parameter: 'width', values: [3, 4] }] },
    }),
  }
}
