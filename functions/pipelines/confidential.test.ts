/**
 * Runs on a protected dataset: refused by field where the policy lacks something, held for two checkers, released once,
 * and nothing of them told to their owner before.
 */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatasetPolicy } from '../../domain/datasets/policy.ts'
import { defaultDatasetPolicy } from '../../domain/datasets/policy.ts'
import type { PipelineManifest, PipelineReport } from '../../domain/pipelines/manifest.ts'
import { createCheck } from '../workflow/check.ts'
import { createPrepare } from '../workflow/prepare.ts'
import { createSettle } from '../workflow/settle.ts'
import { createRecoverJobs } from '../workflow/recover-jobs.ts'
import { type ExperimentItem, type JobItem, keyOf, type RunQueueItem } from '../kernel/items.ts'
import { ObjectMissing } from '../../ports/objects.ts'
import { everything, Killed, type Stage, stage } from '../../test/jobs-walk.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let lab: Stage
let pipelineId: string
const archived: string[] = []
beforeAll(async () => {
  lab = await stage({ languages: ['python'] })
  const { engine, objects } = lab.h.deps
  Object.assign(lab.h.deps, {
    logs: {
      archive: async (run: string) => {
        archived.push(run)
      },
      conclude: async () => {},
      read: async () => ({ records: [], first: 0, next: 0, ended: true }),
    },
    engine: {
      ...engine,
      materialise: async (...[, , prefix]: Parameters<typeof engine.materialise>) => {
        await objects.put('protected', `${prefix}subjects.csv`, new TextEncoder().encode('id,age\n1,30\n'), 'text/csv')
        return [{ file: 'subjects.csv', key: `${prefix}subjects.csv`, rows: 1 }]
      },
    },
  })
  pipelineId = await publish({})
})
afterAll(() => lab.h.close())
const reset = () =>
  lab.h.deps.table.update(keyOf.dataset(lab.datasetId), {
    set: { policy: { ...defaultDatasetPolicy, languages: ['python'] } },
  })
const person = (name: string) => lab.h.person(name)

const definition = {
  name: 'ages',
  title: 'Ages',
  runtime: 'python' as const,
  command: ['python3', 'ages.py', '{{inputs.people}}', '{{output}}'],
  inputs: [
    { name: 'people', kind: 'table' as const },
    { name: 'more', kind: 'files' as const, required: false },
    { name: 'pictures', kind: 'images' as const, required: false },
  ],
  parameters: { type: 'object' as const, properties: {} },
}
const code = 'print("hello")\n'
const file = { path: 'ages.py', size: code.length, sha256: createHash('sha256').update(code).digest('hex') }
async function publish(over: object): Promise<string> {
  const body = { definition: { ...definition, ...over }, files: [file] }
  const { pipelineId: id } = await lab.h.call('pipelines', 'uploads', {
    as: person('rosa'),
    params: { organisationId: lab.organisationId },
    body: { name: body.definition.name, files: [file] },
  })
  await lab.h.deps.objects.put(
    'protected',
    `pipelines/${id}/blobs/${file.sha256}`,
    new TextEncoder().encode(code),
    'text/plain',
  )
  return (
    await lab.h.call('pipelines', 'publish', {
      as: person('rosa'),
      params: { organisationId: lab.organisationId },
      body,
    })
  ).pipelineId
}
const source = () => ({ from: 'dataset' as const, datasetId: lab.datasetId })
const set = async (inputs: object, of = pipelineId) => {
  const made = await lab.h.call('pipelines', 'createExperiment', {
    as: person('anil'),
    params: { organisationId: lab.organisationId },
    body: { pipelineId: of, title: 'Ages', description: 'Who is how old' },
  })
  return {
    made,
    answer: await lab.h.answer('pipelines', 'changeExperiment', {
      as: person('anil'),
      params: { experimentId: made.experimentId },
      body: { rev: made.rev, inputs: inputs as never },
    }),
  }
}
async function experiment(): Promise<string> {
  const { made, answer } = await set({ people: [source()] })
  expect(answer).toMatchObject({
    status: 200,
    body: { faults: [], inputs: [{ name: 'people', files: [], dataset: { name: 'trial' } }] },
  })
  return made.experimentId
}
const begin = async (experimentId?: string): Promise<string> =>
  (
    await lab.h.call('pipelines', 'start', {
      as: person('anil'),
      params: { experimentId: experimentId ?? (await experiment()) },
      body: {},
    })
  ).jobId
const text = 'group,mean_age\nF,49.4\nM,50.1\n'
/**
 * What the runner leaves: artifacts in the slots it was given, and a report full of things that could be anybody's age.
 */
async function compute(
  jobId: string,
  over: Partial<PipelineReport> = {},
  contents: Record<string, string> = { 'deep/ages.csv': text, 'plot.png': 'a picture' },
): Promise<PipelineManifest> {
  const input = { jobId, attempt: 1 }
  expect(await createPrepare(lab.h.deps)(input)).toMatchObject({ compute: 'pipeline' })
  const manifest = JSON.parse(
    new TextDecoder().decode(await lab.h.objects.get('protected', `jobs/${jobId}/inputs/manifest.json`)),
  ) as PipelineManifest
  const artifacts = await Promise.all(
    Object.entries(contents).map(async ([path, content], slot) => {
      await lab.h.objects.put(
        'quarantine',
        `jobs/${jobId}/artifacts/${String(slot).padStart(3, '0')}`,
        new TextEncoder().encode(content),
        'application/octet-stream',
      )
      return { path, slot, size: content.length, sha256: createHash('sha256').update(content).digest('hex') }
    }),
  )
  const report: PipelineReport = {
    kind: 'pipeline',
    job: jobId,
    attempt: 1,
    end: 'finished',
    exitCode: 0,
    confinement: 'bubblewrap',
    image: 'python',
    artifacts,
    leftOut: 0,
    timings: { started: '2026-03-02T09:00:01.067Z', ended: '2026-03-02T09:00:03.500Z' },
    seconds: 67.67,
    cpuSeconds: 67.25,
    peakMemoryBytes: 67 * 1024 ** 2,
    logBytes: 67,
    logRecords: 67,
    metrics: [{ name: 'age-of-anna-67', value: 67, count: 1 }],
    steps: [{ name: 'anna-is-67', at: '2026-03-02T09:00:01.500Z' }],
    ...over,
  }
  await lab.h.objects.put(
    'quarantine',
    `jobs/${jobId}/report.json.gz`,
    new Uint8Array(gzipSync(JSON.stringify(report))),
    'application/gzip',
  )
  await createCheck(lab.h.deps)(input)
  await createSettle(lab.h.deps)(input)
  return manifest
}
const held = async (): Promise<string> => {
  const jobId = await begin()
  await compute(jobId)
  return jobId
}
const run = (jobId: string) => lab.h.call('pipelines', 'run', { as: person('anil'), params: { jobId } })
const vote = (who: string, jobId: string, v: 'approve' | 'reject') =>
  lab.h.answer('jobs', 'vote', { as: person(who), params: { jobId }, body: { vote: v, comment: '' } })
const released = async (jobId: string): Promise<string[]> => {
  const keys: string[] = []
  for await (const key of lab.h.objects.list('released', `runs/${jobId}/`)) keys.push(key)
  return keys
}

describe('a dataset as an input', () => {
  it.each<[string, Partial<DatasetPolicy>, RegExp]>([
    ['the language', { languages: ['sql', 'r'] }, /does not take python/],
    ['release by review', { modes: ['rules', 'noise'] }, /no release by review/],
    ['runs without approval', { approval: true }, /approve each analysis/],
    ['the person', { people: { kind: 'named', userIds: ['user-rosa'] } }, /names the people/],
    ['today', { expires: '2020-01-01' }, /takes no questions since/],
  ])('is refused by field when its policy lacks %s, also when it comes to lack it', async (_, policy, words) => {
    const before = await experiment()
    await lab.policy(policy)
    try {
      const { answer } = await set({ people: [source()] })
      expect(answer).toMatchObject({
        status: 422,
        body: {
          kind: 'invalid-run',
          errors: [{ path: '/body/inputs/people/0/datasetId', message: expect.stringMatching(words) as string }],
        },
      })
      expect(
        await lab.h.refused('pipelines', 'start', { as: person('anil'), params: { experimentId: before }, body: {} }),
      ).toMatchObject({ kind: 'invalid-run', errors: [{ path: '/body/inputs/people' }] })
      expect((await lab.h.deps.table.get<ExperimentItem>(keyOf.experiment(before)))!.runs).toBe(0)
    } finally {
      await reset()
    }
  })
  it('is alone in its input, alone in its experiment, and of a kind that holds it', async () => {
    const tell = async (inputs: object, of?: string) =>
      ((await set(inputs, of)).answer.body as { errors: { path: string; message: string }[] }).errors
    expect(await tell({ more: [source(), { from: 'upload', ...file }] })).toMatchObject([
      { path: '/body/inputs/more/0/datasetId', message: expect.stringMatching(/of its own/) as string },
    ])
    expect(await tell({ people: [source()], more: [source()] })).toMatchObject([
      { path: '/body/inputs/more/0/datasetId', message: expect.stringMatching(/one dataset/) as string },
    ])
    expect(await tell({ pictures: [source()] })).toMatchObject([
      { message: expect.stringMatching(/pictures/) as string },
    ])
    expect(
      await tell(
        { people: [source()] },
        await publish({ name: 'shelled', runtime: 'shell', command: ['sh', 'ages.py'] }),
      ),
    ).toMatchObject([{ message: expect.stringMatching(/python and r/) as string }])
    expect(await tell({ people: [{ from: 'dataset', datasetId: `dat_${'a'.repeat(32)}` }] })).toMatchObject([
      { message: expect.stringMatching(/no such dataset/) as string },
    ])
  })
})

describe('a run on a dataset', () => {
  it('gets the rows, waits for checkers, tells its owner nothing, and leaves by two approvals', async () => {
    const jobId = await begin()
    const manifest = await compute(jobId)
    expect(manifest).toMatchObject({
      confidential: true,
      inputs: [
        { name: 'people', kind: 'table', files: [{ path: 'subjects.csv', size: 12 }] },
        { files: [] },
        { files: [] },
      ],
      limits: { outputBytes: 3_000_000 },
    })
    expect(manifest.artifacts).toHaveLength(50)
    expect(JSON.stringify(manifest.artifacts)).not.toContain('/released/')
    expect(await run(jobId)).toMatchObject({
      state: 'running',
      waiting: 'checkers',
      confidential: true,
      metrics: [],
      steps: [],
      artifacts: 0,
      may: ['cancel', 'again'],
    })
    expect(
      JSON.stringify([
        await run(jobId),
        await lab.h.call('jobs', 'get', { as: person('anil'), params: { jobId } }),
        await lab.job(jobId),
        await lab.h.call('pipelines', 'runs', { as: person('anil'), query: { sort: 'metric:age-of-anna-67' } }),
      ]),
    ).not.toMatch(/anna|67\.|"exitCode"|deep\/ages|mean_age/)
    // Nothing of the run takes a place in the queue while people look.
    expect((await lab.h.deps.table.get<RunQueueItem>(keyOf.runQueue()))!.atWork.map((a) => a.run)).not.toContain(jobId)
    expect(await released(jobId)).toEqual([])
    expect(await lab.h.refused('pipelines', 'artifacts', { as: person('anil'), params: { jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
    expect(await lab.h.refused('pipelines', 'log', { as: person('anil'), params: { jobId } })).toMatchObject({
      kind: 'forbidden',
    })
    expect((await lab.h.answer('pipelines', 'log', { as: person('cleo'), params: { jobId } })).status).toBe(200)
    expect(
      (await lab.h.call('jobs', 'ofDataset', { as: person('cleo'), params: { datasetId: lab.datasetId } })).items[0],
    ).toMatchObject({ jobId, kind: 'pipeline', state: 'held', language: 'python' })
    expect(await lab.h.call('jobs', 'inspect', { as: person('cleo'), params: { jobId } })).toMatchObject({
      subjects: 60,
      runs: [{ exitCode: 0, seconds: 67.67 }],
    })
    const review = await lab.h.call('jobs', 'review', { as: person('chen'), params: { jobId } })
    expect(review).toMatchObject({
      subjects: 60,
      question: { language: 'python', purpose: 'Ages: Who is how old', code: expect.stringContaining(code) as string },
      files: [
        { name: 'deep/ages.csv', type: 'text/csv', base64: Buffer.from(text).toString('base64') },
        { name: 'plot.png', type: 'image/png' },
      ],
    })
    expect((await lab.h.answer('jobs', 'review', { as: person('anil'), params: { jobId } })).status).toBe(403)
    expect((await vote('chen', jobId, 'approve')).body).toMatchObject({ state: 'held' })
    expect((await vote('dora', jobId, 'approve')).body).toMatchObject({ state: 'succeeded', hasResult: false })
    expect(await run(jobId)).toMatchObject({ state: 'succeeded', artifacts: 2, metrics: [], steps: [], may: ['again'] })
    expect(
      (await lab.h.call('pipelines', 'artifacts', { as: person('anil'), params: { jobId } })).items.map((a) => a.path),
    ).toEqual(['deep/ages.csv', 'plot.png'])
    expect(Buffer.from(await lab.h.objects.get('released', `runs/${jobId}/artifacts/000`)).toString()).toBe(text)
    expect(await lab.h.refused('jobs', 'result', { as: person('anil'), params: { jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
    expect(await lab.h.refused('pipelines', 'log', { as: person('anil'), params: { jobId } })).toMatchObject({
      kind: 'forbidden',
    })
    expect(await lab.left('quarantine', jobId)).toEqual([])
    expect((await lab.left('protected', jobId)).filter((k) => k.includes('/inputs/'))).toEqual([])
    expect(
      await everything(lab.h.deps.table, keyOf.dataset(lab.datasetId).pk, `RELEASED#user-anil#${jobId}`),
    ).toHaveLength(1)
    const acts = (await eventsIn(lab.h.deps.table, lab.organisationId))
      .filter((e) => e.object.includes(jobId))
      .map((e) => e.act)
    expect(
      acts.filter((a) => a === 'job.released' || a === 'pipeline-run.started' || a === 'pipeline-run.ended'),
    ).toEqual(['pipeline-run.started', 'job.released', 'pipeline-run.ended'])
    lab.h.clock.advance(120)
    await createRecoverJobs(lab.h.deps)()
    expect(archived).toContain(jobId)
    expect(await lab.h.deps.table.get(keyOf.jobLive(jobId))).toBeUndefined()
    expect(await lab.budget()).toMatchObject({ spent: 0 })
    // Again: on the same dataset, by the same rules.
    const again = await lab.h.call('pipelines', 'again', { as: person('anil'), params: { jobId }, body: {} })
    expect(again).toMatchObject({ confidential: true, state: 'queued' })
    await lab.h.call('pipelines', 'cancel', { as: person('anil'), params: { jobId: again.jobId } })
  })
  it('lets nothing out when two checkers refuse', async () => {
    const jobId = await held()
    await vote('chen', jobId, 'reject')
    await vote('dora', jobId, 'reject')
    expect(await run(jobId)).toMatchObject({ state: 'failed', problem: { code: 'checkers-refused' }, artifacts: 0 })
    expect([await released(jobId), await lab.left('quarantine', jobId)]).toEqual([[], []])
    expect(await lab.h.refused('pipelines', 'artifacts', { as: person('anil'), params: { jobId } })).toMatchObject({
      kind: 'result-not-released',
    })
  })
  it('does not begin on fewer people than the policy asks for, or when the policy has changed', async () => {
    const [small, stale] = [await begin(), await begin()]
    await lab.policy({ disclosure: { minimumSubjects: 61 } })
    expect(await createPrepare(lab.h.deps)({ jobId: small, attempt: 1 })).toMatchObject({ compute: 'none' })
    await lab.policy({ disclosure: {}, modes: ['rules'] })
    expect(await createPrepare(lab.h.deps)({ jobId: stale, attempt: 1 })).toMatchObject({ compute: 'none' })
    await reset()
    for (const jobId of [small, stale]) {
      await createSettle(lab.h.deps)({ jobId, attempt: 1 })
      await expect(lab.h.objects.get('protected', `jobs/${jobId}/inputs/manifest.json`)).rejects.toThrow(ObjectMissing)
    }
    expect([(await run(small)).problem?.code, (await run(stale)).problem?.code]).toEqual([
      'cohort-too-small',
      'policy-changed',
    ])
  })
  it.each<[string, Partial<PipelineReport>, Record<string, string> | undefined, string]>([
    ['an exit code', { end: 'exit-code', exitCode: 67 }, undefined, 'script-error'],
    ['a signal', { end: 'signal', signal: 'SIGSEGV' }, undefined, 'script-error'],
    ['too little memory', { end: 'memory-limit' }, undefined, 'script-error'],
    [
      'a missing volume',
      { end: 'not-started', startError: 'input-missing', missing: 'people/anna-67.nii' },
      undefined,
      'input-missing',
    ],
    ['nothing', {}, {}, 'script-error'],
    ['more than people look at', { leftOut: 1 }, undefined, 'script-error'],
    [
      'other bytes than it says',
      { artifacts: [{ path: 'a.csv', slot: 0, size: 4, sha256: 'a'.repeat(64) }] },
      undefined,
      'infrastructure',
    ],
    [
      'an archive',
      { artifacts: [{ path: 'a.csv', slot: 0, size: 4, zipped: true, sha256: 'a'.repeat(64) }] },
      undefined,
      'script-error',
    ],
  ])('that ends with %s says no more than a code', async (_, over, contents, code) => {
    const jobId = await begin()
    await compute(jobId, over, contents)
    const seen = await run(jobId)
    expect(seen).toMatchObject({ state: 'failed', problem: { code } })
    expect(JSON.stringify([seen, await lab.job(jobId)])).not.toMatch(/anna|"exitCode"|67\.|SIGSEGV|memory-limit/)
    expect([await released(jobId), await lab.left('quarantine', jobId)]).toEqual([[], []])
  })
  it('is released once and whole, wherever the second vote is killed', async () => {
    const experimentId = await experiment()
    // Every third write: before it, and so after the two before.
    let writes = 0
    for (let killed = true; killed; writes += 3) {
      const jobId = await begin(experimentId)
      await compute(jobId)
      await vote('chen', jobId, 'approve')
      lab.kill(writes)
      await vote('dora', jobId, 'approve').catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error
      })
      killed = lab.dead()
      lab.kill(undefined)
      // Its vote may not have arrived: whoever voted looks, and votes again.
      if ((await everything(lab.h.deps.table, keyOf.job(jobId).pk, 'VOTE#')).length < 2)
        await vote('dora', jobId, 'approve')
      for (let minute = 0; minute < 2; minute++) {
        await createRecoverJobs(lab.h.deps)()
        lab.h.clock.advance(61)
      }
      expect(
        (await lab.h.call('pipelines', 'artifacts', { as: person('anil'), params: { jobId } })).items,
      ).toHaveLength(2)
      expect(await lab.left('quarantine', jobId)).toEqual([])
      expect(await lab.h.deps.table.get<JobItem>(keyOf.jobLive(jobId))).toBeUndefined()
      expect(archived).toContain(jobId)
    }
    expect(writes - 3).toBeGreaterThan(10)
  })
})
