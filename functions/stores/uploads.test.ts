/** What nothing names goes a while after the last link; what anything names stays, whoever was killed in between. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { plantLink, plantStudy } from '../../test/ingest-support.ts'
import { datasetUploads } from './dataset-uploads.ts'
import {
  type DatasetItem,
  type DatasetVersionItem,
  type ExperimentItem,
  indexKeyOf,
  type JobItem,
  keyOf,
  type LinkItem,
  type PipelineVersionItem,
  type RunItem,
} from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { experimentUploads, pipelineUploads } from '../pipelines/uploads.ts'
import { createSweep } from '../runs/sweep.ts'
import { createRecoverJobs } from '../workflow/recover-jobs.ts'
import { studyUploads } from './study-uploads.ts'
import { folderLeft, linksGiven, tidyUploads, type UploadFolder } from './uploads.ts'

let on: Harness
let serial = 0
let id: string
beforeAll(async () => {
  on = await harness()
})
afterAll(() => on.close())
beforeEach(() => {
  id = `id${serial++}`
})

const put = (folder: UploadFolder, key: string, value: unknown = 'bytes') =>
  on.objects.put(folder.bucket, key, new TextEncoder().encode(JSON.stringify(value)), 'application/json')
async function stored(folder: UploadFolder): Promise<string[]> {
  const keys: string[] = []
  for await (const key of on.objects.list(folder.bucket, folder.prefix(id)))
    keys.push(key.slice(folder.prefix(id).length))
  return keys
}
const days = (count: number): void => on.clock.advance(count * 86_400)
const planted = <T extends object>(item: T & { pk: string; sk: string }): Promise<unknown> => on.deps.table.create(item)

describe('a look that a clock ahead of its time has planned', () => {
  it.each([datasetUploads, studyUploads, pipelineUploads, experimentUploads])(
    'is planned anew: $bucket',
    async (folder) => {
      on.clock.advance(90 * 86_400)
      await linksGiven(on.deps, folder, id)
      on.clock.advance(-90 * 86_400 + 600)
      await tidyUploads(on.deps, folder)
      const at = (await on.deps.table.get<object>(folder.key(id)))!.gsk!.split('#')[0]!
      expect(at).toBe(new Date(on.clock.now().getTime() + folder.quietDays * 86_400_000).toISOString())
    },
  )
})

describe('uploads of a dataset', () => {
  const blob = (sha256: string): string => datasetUploads.prefix(id) + sha256
  const dataset = (more: Partial<DatasetItem> = {}) =>
    planted({ ...keyOf.dataset(id), datasetId: id, state: 'draft', version: 0, ...more })
  it('stay while anything names them: a version, its long list, what was read last', async () => {
    await linksGiven(on.deps, datasetUploads, id)
    await dataset()
    for (const name of ['read', 'published', 'listed', 'nothing']) await put(datasetUploads, blob(name))
    await put(datasetUploads, `datasets/${id}/reading.json`, { files: [{ sha256: 'read' }] })
    const version = (number: number, more: object) =>
      planted<Partial<DatasetVersionItem>>({ ...keyOf.datasetVersion(id, number), files: [], ...more })
    await version(1, { files: [{ sha256: 'published' }] })
    await version(2, { filesKey: `datasets/${id}/v2/files.json` })
    days(6)
    await tidyUploads(on.deps, datasetUploads)
    expect(await stored(datasetUploads)).toHaveLength(4)
    days(1)
    await tidyUploads(on.deps, datasetUploads)
    // The list of the second version is not there: nobody can tell what it names.
    expect(await stored(datasetUploads)).toHaveLength(4)
    await put(datasetUploads, `datasets/${id}/v2/files.json`, [{ sha256: 'listed' }])
    days(1)
    await tidyUploads(on.deps, datasetUploads)
    expect(await stored(datasetUploads)).toEqual(['listed', 'published', 'read'])
  })
  it('stay while a job reads them, and wait as long after the last link as after the first', async () => {
    await linksGiven(on.deps, datasetUploads, id)
    await dataset({ readingJob: `job${id}` })
    await planted<Partial<JobItem>>({ ...keyOf.job(`job${id}`), state: 'running' })
    await put(datasetUploads, blob('coming'))
    days(7)
    await tidyUploads(on.deps, datasetUploads)
    await on.deps.table.update(keyOf.job(`job${id}`), { set: { state: 'failed' } })
    await linksGiven(on.deps, datasetUploads, id)
    days(6)
    await tidyUploads(on.deps, datasetUploads)
    expect(await stored(datasetUploads)).toEqual(['coming'])
    days(1)
    await createRecoverJobs(on.deps)()
    expect(await stored(datasetUploads)).toEqual([])
  })
  it('stay when links are asked for while they are looked at', async () => {
    await linksGiven(on.deps, datasetUploads, id)
    await dataset()
    await put(datasetUploads, blob('asked'))
    days(7)
    const asked: UploadFolder = {
      ...datasetUploads,
      named: async (deps, folderId) => {
        await linksGiven(on.deps, datasetUploads, id)
        return datasetUploads.named(deps, folderId)
      },
    }
    await tidyUploads(on.deps, asked)
    expect(await stored(datasetUploads)).toEqual(['asked'])
  })
})

describe('uploads of pipelines and experiments', () => {
  it('of code are named by versions', async () => {
    await linksGiven(on.deps, pipelineUploads, id)
    await planted<Partial<PipelineVersionItem>>({
      ...keyOf.pipelineVersion(id, 1),
      files: [{ path: 'main.py', size: 1, sha256: 'code' }],
    })
    for (const name of ['code', 'tried']) await put(pipelineUploads, pipelineUploads.prefix(id) + name)
    days(7)
    await tidyUploads(on.deps, pipelineUploads)
    expect(await stored(pipelineUploads)).toEqual(['code'])
  })
  it('of inputs are named by the lists of the experiment and of its runs, and all go with it', async () => {
    await linksGiven(on.deps, experimentUploads, id)
    const at = (name: string): string => experimentUploads.prefix(id) + name
    const list = (name: string, sha256: string) =>
      put(experimentUploads, at(`inputs/${name}.json`), [{ path: 'a', size: 1, sha256, from: 'upload' }])
    await Promise.all([list('now', 'a'), list('ran', 'b'), list('before', 'c')])
    for (const name of ['a', 'b', 'c', 'd']) await put(experimentUploads, at(`blobs/${name}`))
    const inputs = (hash: string) => [{ name: 'in', hash, files: 1, bytes: 1 }]
    await planted<Partial<ExperimentItem>>({ ...keyOf.experiment(id), experimentId: id, inputs: inputs('now') })
    await planted<Partial<JobItem>>({
      ...keyOf.job(`job${id}`),
      ...indexKeyOf.job.ofExperiment({ experimentId: id, created: '2026', jobId: `job${id}` }),
      run: { inputs: inputs('ran') } as JobItem['run'],
    })
    days(7)
    await tidyUploads(on.deps, experimentUploads)
    expect(await stored(experimentUploads)).toEqual(['blobs/a', 'blobs/b', 'inputs/now.json', 'inputs/ran.json'])
    await folderLeft(on.deps, experimentUploads, id, 3600)
    await on.deps.table.remove(keyOf.experiment(id))
    on.clock.advance(3600)
    await tidyUploads(on.deps, experimentUploads)
    expect(await stored(experimentUploads)).toEqual([])
    expect(await on.deps.table.get(experimentUploads.key(id))).toBeUndefined()
  })
})

describe('a deleted study', () => {
  it('leaves no link, no preview with its records, and no upload that only it named', async () => {
    const own = await plantStudy(on, { state: 'closed' })
    const other = await plantStudy(on)
    id = own.organisationId
    const code = await plantLink(on, own, { kind: 'preview' })
    const runId = `run_${'a'.repeat(32)}`
    const run = { runId, studyId: own.studyId, preview: true, state: 'completed', version: 1, started: '2026', slot: 0 }
    await planted({ ...keyOf.run(runId), ...indexKeyOf.run.ofStudy(run), ...run })
    await planted({ ...keyOf.chunk(runId, 1), first: 1, last: 1, records: [] })
    await on.objects.put('sealed', `runs/${runId}/object`, new Uint8Array(3), 'application/octet-stream')
    await put(studyUploads, `${studyUploads.prefix(id)}unpublished`)
    const as = on.person('ada')
    await on.call('studies', 'remove', { as, params: { studyId: own.studyId }, query: { title: 'Flanker' } })
    expect(await on.deps.table.get<LinkItem>(keyOf.link(code))).toBeUndefined()
    on.clock.advance(60)
    await createSweep(on.deps)()
    expect(await on.deps.table.get<RunItem>(keyOf.run(runId))).toBeUndefined()
    expect((await on.deps.table.query(keyOf.run.partition(runId))).items).toEqual([])
    const left: string[] = []
    for await (const key of on.objects.list('sealed', `runs/${runId}/`)) left.push(key)
    expect(left).toEqual([])
    expect(await stored(studyUploads)).toEqual(['unpublished'])
    days(1)
    await createSweep(on.deps)()
    expect(await stored(studyUploads)).toEqual([])
    expect(await on.call('studies', 'study', { as, params: { studyId: other.studyId } })).toMatchObject({
      state: 'live',
    })
  })
  it('has no part in assets that another study of the organisation has published', async () => {
    const own = await plantStudy(on)
    id = own.organisationId
    await on.objects.put(
      'assets',
      `s/${own.contentHash}/.cloister/version.json`,
      new TextEncoder().encode(JSON.stringify({ configuration: {}, files: [{ sha256: 'shared' }] })),
      'application/json',
    )
    for (const name of ['shared', 'alone']) await put(studyUploads, studyUploads.prefix(id) + name)
    await linksGiven(on.deps, studyUploads, id)
    days(1)
    await tidyUploads(on.deps, studyUploads)
    expect(await stored(studyUploads)).toEqual(['shared'])
  })
})
