import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PipelineManifest, PipelineReport } from '../../domain/pipelines/manifest.ts'
import { ConditionFailed } from '../../ports/table.ts'
import { createCheck } from '../workflow/check.ts'
import { createPrepare } from '../workflow/prepare.ts'
import { createSettle } from '../workflow/settle.ts'
import { createRecoverJobs } from '../workflow/recover-jobs.ts'
import type { Caller } from '../kernel/caller.ts'
import { type ExperimentItem, type JobItem, keyOf, type RunQueueItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'

let on: Harness
let organisationId: string
let rosa: Caller
let anil: Caller
let cleo: Caller
let sam: Caller
const executions: { jobId: string; attempt: number }[] = []
const archived: string[] = []
const running = new Set<string>()
let quota = { slots: 2, perOwner: 1 }

beforeAll(async () => {
  on = await harness({
    workflow: {
      start: async (jobId, attempt) => {
        if (!executions.some((e) => e.jobId === jobId && e.attempt === attempt)) {
          executions.push({ jobId, attempt })
          running.add(`${jobId}-${attempt}`)
        }
      },
      stop: async (jobId, attempt) => {
        running.delete(`${jobId}-${attempt}`)
      },
      running: async (jobId, attempt) => running.has(`${jobId}-${attempt}`),
    },
    logs: {
      archive: async (run: string) => {
        archived.push(run)
      },
      conclude: async () => {},
    } as never,
  })
  on.deps.settings.pipelines = () => ({ quota, largest: { memoryMb: 8192 }, runtimes: ['python', 'r', 'shell'] })
  ;({ organisationId } = await on.organisation('Lab', { rosa: ['researcher'], anil: ['analyst'], cleo: ['custodian'] }))
  await on.organisation('Elsewhere', { sam: ['admin', 'researcher', 'custodian'] })
  ;[rosa, anil, cleo, sam] = ['rosa', 'anil', 'cleo', 'sam'].map((n) => on.person(n)) as [
    Caller,
    Caller,
    Caller,
    Caller,
  ]
})
afterAll(() => on.close())

const fileOf = (path: string, content: string | Uint8Array) => ({
  path,
  size: Buffer.from(content).length,
  sha256: createHash('sha256').update(content).digest('hex'),
})
const definition = {
  name: 'smooth',
  title: 'Smooth',
  runtime: 'shell' as const,
  command: ['sh', 'run.sh', '{{width}}', '--from', '{{inputs.stack}}', '--to={{output}}', '{{method}}'],
  inputs: [
    { name: 'stack', kind: 'images' as const },
    { name: 'notes', kind: 'table' as const, required: false },
  ],
  outputs: [{ match: 'mean*.csv', kind: 'table' as const, title: 'Means' }],
  parameters: {
    type: 'object' as const,
    required: ['width'],
    properties: {
      width: { type: 'integer' as const, minimum: 1, maximum: 9, unit: 'px' },
      method: { type: 'string' as const, enum: ['mean', 'median'], default: 'mean' },
      frames: { type: 'integer' as const, minimum: 1, propose: 'frames' as const, default: 1 },
    },
  },
}
const script = fileOf('run.sh', 'echo hello')

async function publish(over: object = {}, as = rosa, files = [script]) {
  const { pipelineId } = await on.call('pipelines', 'uploads', {
    as,
    params: { organisationId },
    body: { name: definition.name, files },
  })
  for (const file of files)
    await on.deps.objects.put(
      'protected',
      `pipelines/${pipelineId}/blobs/${file.sha256}`,
      new Uint8Array(file.size),
      'application/octet-stream',
    )
  return on.call('pipelines', 'publish', {
    as,
    params: { organisationId },
    body: { definition: { ...definition, ...over }, files },
  })
}
/** Two frames of 3 × 2 pixels, one after the other: a TIFF as the specification's simplest writer makes it. */
function tiff(frames: number): Uint8Array {
  const directory = 2 + 3 * 12 + 4
  const view = new DataView(new ArrayBuffer(8 + frames * directory))
  view.setUint16(0, 0x4949)
  view.setUint16(2, 42, true)
  view.setUint32(4, 8, true)
  for (let frame = 0; frame < frames; frame++) {
    const at = 8 + frame * directory
    view.setUint16(at, 3, true)
    ;[
      [256, 3],
      [257, 2],
      [258, 16],
    ].forEach(([tag, value], index) => {
      const field = at + 2 + index * 12
      view.setUint16(field, tag!, true)
      view.setUint16(field + 2, 3, true)
      view.setUint32(field + 4, 1, true)
      view.setUint16(field + 8, value!, true)
    })
    view.setUint32(at + 2 + 36, frame + 1 < frames ? at + directory : 0, true)
  }
  return new Uint8Array(view.buffer)
}
const stack = tiff(2)
const stackFile = fileOf('stack.tif', stack)

async function experiment(as = rosa, parameters: Record<string, number | string> = { width: 3 }) {
  const { pipelineId } = await publish()
  const made = await on.call('pipelines', 'createExperiment', {
    as,
    params: { organisationId },
    body: { pipelineId, title: 'First look', parameters },
  })
  await on.deps.objects.put(
    'protected',
    `experiments/${made.experimentId}/blobs/${stackFile.sha256}`,
    stack,
    'application/octet-stream',
  )
  return on.call('pipelines', 'changeExperiment', {
    as,
    params: { experimentId: made.experimentId },
    body: { rev: made.rev, inputs: { stack: [{ from: 'upload', ...stackFile }] } },
  })
}
const start = (experimentId: string, body: object = {}, as = rosa, idempotencyKey?: string) =>
  on.call('pipelines', 'start', { as, params: { experimentId }, body, ...(idempotencyKey ? { idempotencyKey } : {}) })
const get = (jobId: string, as = rosa) => on.call('pipelines', 'run', { as, params: { jobId } })
const paths = (p: { errors?: { path: string }[] | undefined }) => (p.errors ?? []).map((e) => e.path).sort()

const report = (jobId: string, over: Partial<PipelineReport> = {}): PipelineReport => ({
  kind: 'pipeline',
  job: jobId,
  attempt: 1,
  end: 'finished',
  exitCode: 0,
  confinement: 'bubblewrap',
  image: 'sh',
  artifacts: [{ path: 'means.csv', slot: 0, size: 4, sha256: 'a'.repeat(64) }],
  leftOut: 0,
  timings: { started: '2026-03-02T09:00:01.000Z', ended: '2026-03-02T09:00:03.500Z' },
  seconds: 2.5,
  cpuSeconds: 1.25,
  peakMemoryBytes: 50 * 1024 * 1024,
  logBytes: 100,
  logRecords: 3,
  metrics: [{ name: 'cells', value: 12, count: 1 }],
  steps: [{ name: 'read', at: '2026-03-02T09:00:01.500Z' }],
  ...over,
})
/** Walks the workflow of what has its turn, with this report from the container (none: it went away). */
async function walk(
  jobId: string,
  send: (manifest: PipelineManifest) => PipelineReport | undefined = () => report(jobId),
) {
  const input = executions.findLast((e) => e.jobId === jobId)!
  const prepared = await createPrepare(on.deps)(input)
  if (prepared.compute === 'pipeline') {
    const manifest = JSON.parse(
      new TextDecoder().decode(await on.deps.objects.get('protected', `jobs/${jobId}/inputs/manifest.json`)),
    ) as PipelineManifest
    const sent = send(manifest)
    if (sent)
      await on.deps.objects.put(
        'quarantine',
        `jobs/${jobId}/report.json.gz`,
        gzipSync(JSON.stringify(sent)),
        'application/gzip',
      )
    await createCheck(on.deps)(input)
  }
  await createSettle(on.deps)(input)
  running.delete(`${jobId}-${input.attempt}`)
}

describe('a pipeline', () => {
  it('is published once for what it is, and a change makes a version', async () => {
    const one = await publish()
    expect(one).toMatchObject({
      version: 1,
      name: 'smooth',
      definition: { resources: { cpus: 1, memoryMb: 1024, gpus: 0, seconds: 3600 } },
    })
    expect((await publish()).version).toBe(1)
    const two = await publish({ title: 'Smoother' })
    expect(two).toMatchObject({ version: 2, title: 'Smoother' })
    expect((await publish()).version).toBe(3)
    expect(
      (await on.call('pipelines', 'versions', { as: anil, params: { pipelineId: one.pipelineId } })).items.map(
        (v) => v.version,
      ),
    ).toEqual([3, 2, 1])
    expect(
      await on.call('pipelines', 'version', { as: anil, params: { pipelineId: one.pipelineId, version: 2 } }),
    ).toMatchObject({ definition: { title: 'Smoother' }, code: [{ path: 'run.sh', download: { method: 'GET' } }] })
  })
  it('is refused by field', async () => {
    const { pipelineId } = await publish()
    const tell = async (over: object, files = [script]) =>
      paths(
        await on.refused('pipelines', 'publish', {
          as: rosa,
          params: { organisationId },
          body: { definition: { ...definition, ...over }, files },
        }),
      )
    expect(await tell({ command: ['sh', 'run.sh', '{{wide}}', '{{inputs.movie}}'] })).toEqual([
      '/body/definition/command/2',
      '/body/definition/command/3',
    ])
    expect(await tell({ command: ['sh', 'other.sh'] })).toEqual(['/body/definition/command/1'])
    expect(
      await tell({
        parameters: {
          type: 'object',
          properties: {
            a: { type: 'integer', minimum: 5, maximum: 3 },
            b: { type: 'number', default: 1, maximum: 0 },
            c: { type: 'string', pattern: '(?=a)a', group: 'none' },
          },
        },
        command: ['sh', 'run.sh'],
      }),
    ).toEqual([
      '/body/definition/parameters/properties/a/maximum',
      '/body/definition/parameters/properties/b/default',
      '/body/definition/parameters/properties/c/pattern',
    ])
    // A keyword that would be ignored is refused with its place.
    expect(
      await tell({ parameters: { type: 'object', properties: { a: { type: 'integer', format: 'even' } } } }),
    ).toEqual(['/body/definition/parameters/properties/a'])
    expect(
      await on.refused('pipelines', 'publish', {
        as: rosa,
        params: { organisationId },
        body: { definition: { ...definition, title: 'Missing' }, files: [fileOf('run.sh', 'never sent')] },
      }),
    ).toMatchObject({ kind: 'asset-missing', errors: [{ path: '/body/files/0' }] })
    expect(
      await on.refused('pipelines', 'publish', {
        as: rosa,
        params: { organisationId },
        body: { definition: { ...definition, title: 'Late' }, files: [script], expects: 1 },
      }),
    ).toMatchObject({ kind: 'changed-meanwhile' })
    expect(
      await on.refused('pipelines', 'publish', {
        as: anil,
        params: { organisationId },
        body: { definition, files: [script] },
      }),
    ).toMatchObject({ kind: 'forbidden' })
    expect(await on.refused('pipelines', 'get', { as: sam, params: { pipelineId } })).toMatchObject({
      kind: 'not-found',
    })
  })
})

describe('an experiment', () => {
  it('says what stands in the way of a run, and nothing starts before it is gone', async () => {
    const { pipelineId } = await publish()
    const { experimentId, faults } = await on.call('pipelines', 'createExperiment', {
      as: rosa,
      params: { organisationId },
      body: { pipelineId, title: 'Bare' },
    })
    expect(faults).toEqual([
      { path: '/parameters/width', message: 'Missing' },
      { path: '/inputs/stack', message: 'Missing: put files into it first' },
    ])
    const refused = await on.refused('pipelines', 'start', {
      as: rosa,
      params: { experimentId },
      body: { parameters: { width: 12, method: 'mode', deep: true }, resources: { memoryMb: 16_384, gpus: 1 } },
    })
    expect(refused).toMatchObject({ kind: 'invalid-run' })
    expect(paths(refused)).toEqual([
      '/body/inputs/stack',
      '/body/parameters/deep',
      '/body/parameters/method',
      '/body/parameters/width',
      '/body/resources/gpus',
      '/body/resources/memoryMb',
    ])
    expect(refused.errors!.find((e) => e.path.endsWith('width'))).toMatchObject({
      message: 'Above 9',
      value: 12,
      expected: 'a whole number (px), at least 1 and at most 9',
    })
    expect((await on.call('pipelines', 'runsOf', { as: rosa, params: { experimentId } })).items).toEqual([])
    expect((await on.deps.table.get<ExperimentItem>(keyOf.experiment(experimentId)))!.runs).toBe(0)
  })
  it('refuses what no pipeline has', async () => {
    const { pipelineId, version } = await publish()
    const create = (body: object) =>
      on.refused('pipelines', 'createExperiment', {
        as: rosa,
        params: { organisationId },
        body: { pipelineId, title: 'X', ...body },
      })
    expect(await create({ version: 99 })).toMatchObject({
      kind: 'invalid-run',
      errors: [
        { path: '/body/version', message: 'The pipeline has no such version', value: 99, expected: `1 to ${version}` },
      ],
    })
    expect(await create({ pipelineId: `pip_${'a'.repeat(32)}` })).toMatchObject({
      kind: 'invalid-run',
      errors: [{ path: '/body/pipelineId' }],
    })
    expect(await create({ parameters: { width: 0 } })).toMatchObject({
      kind: 'invalid-run',
      errors: [{ path: '/body/parameters/width' }],
    })
  })
  it('takes uploads, looks at pictures, and proposes what the schema asks for', async () => {
    const prepared = await experiment()
    expect(prepared).toMatchObject({
      faults: [],
      inputs: [{ name: 'stack', bytes: stack.length, files: [{ path: 'stack.tif', from: 'upload' }] }],
    })
    expect(
      await on.call('pipelines', 'propose', {
        as: rosa,
        params: { experimentId: prepared.experimentId },
        body: { input: 'stack' },
      }),
    ).toEqual({
      kind: 'stack',
      files: 1,
      frames: 2,
      width: 3,
      height: 2,
      bits: 16,
      samples: 1,
      warnings: [],
      parameters: { frames: 2 },
    })
    const change = (inputs: object) =>
      on.refused('pipelines', 'changeExperiment', {
        as: rosa,
        params: { experimentId: prepared.experimentId },
        body: { rev: prepared.rev, inputs: inputs as never },
      })
    expect(await change({ stack: [{ from: 'upload', ...fileOf('gone.tif', 'x') }] })).toMatchObject({
      kind: 'asset-missing',
      errors: [{ path: '/body/inputs/stack/0' }],
    })
    expect(await change({ movie: [{ from: 'upload', ...stackFile }] })).toMatchObject({
      kind: 'invalid-run',
      errors: [{ path: '/body/inputs/movie' }],
    })
    expect(
      await change({
        stack: [
          { from: 'upload', ...stackFile },
          { from: 'upload', ...stackFile },
        ],
      }),
    ).toMatchObject({ kind: 'invalid-run', errors: [{ path: '/body/inputs/stack/1' }] })
    expect(await change({ stack: [{ from: 'run', jobId: `job_${'a'.repeat(32)}`, path: 'x' }] })).toMatchObject({
      kind: 'invalid-run',
      errors: [{ path: '/body/inputs/stack/0/jobId' }],
    })
    expect(await change({ stack: [{ from: 'dataset', datasetId: `dat_${'a'.repeat(32)}` }] })).toMatchObject({
      kind: 'invalid-run',
      errors: [{ path: '/body/inputs/stack/0/datasetId' }],
    })
  })
  it('is its maker’s until it is shared, and never another organisation’s', async () => {
    const prepared = await experiment()
    const see = (as: Caller) =>
      on
        .answer('pipelines', 'experiment', { as, params: { experimentId: prepared.experimentId } })
        .then((r) => r.status)
    expect([await see(rosa), await see(anil), await see(cleo), await see(sam)]).toEqual([200, 404, 200, 404])
    const { rev } = await on.call('pipelines', 'changeExperiment', {
      as: rosa,
      params: { experimentId: prepared.experimentId },
      body: { rev: prepared.rev, shared: true },
    })
    expect([await see(anil), await see(sam)]).toEqual([200, 404])
    expect(
      (await on.call('pipelines', 'experiments', { as: anil, params: { organisationId } })).items.map((listed) => [
        listed.experimentId,
        listed.may,
      ]),
    ).toEqual([[prepared.experimentId, []]])
    expect(
      await on.refused('pipelines', 'start', { as: anil, params: { experimentId: prepared.experimentId }, body: {} }),
    ).toMatchObject({ kind: 'forbidden' })
    expect(
      await on.refused('pipelines', 'changeExperiment', {
        as: rosa,
        params: { experimentId: prepared.experimentId },
        body: { rev: rev - 1, title: 'Old' },
      }),
    ).toMatchObject({ kind: 'changed-meanwhile' })
    expect(
      (await on.answer('pipelines', 'deleteExperiment', { as: rosa, params: { experimentId: prepared.experimentId } }))
        .status,
    ).toBe(204)
    expect(await see(rosa)).toBe(404)
  })
})

describe('a run', () => {
  let ending: ReturnType<typeof experiment> | undefined
  it('is what it was started with, whatever the experiment becomes', async () => {
    const prepared = await experiment()
    const made = await start(prepared.experimentId, { parameters: { method: 'median' } })
    expect(made).toMatchObject({
      number: 1,
      state: 'queued',
      parameters: { width: 3, method: 'median', frames: 1 },
      resources: { memoryMb: 1024 },
      inputs: [{ name: 'stack', files: 1 }],
    })
    let seen: PipelineManifest | undefined
    await walk(made.jobId, (manifest) => {
      seen = manifest
      return report(made.jobId)
    })
    expect(seen).toMatchObject({
      command: ['sh', 'run.sh', '3', '--from', '{{inputs.stack}}', '--to={{output}}', 'median'],
      code: [{ path: 'run.sh' }],
      inputs: [
        { name: 'stack', kind: 'images', files: [{ path: 'stack.tif', sha256: stackFile.sha256 }] },
        { name: 'notes', files: [] },
      ],
    })
    expect(seen!.artifacts).toHaveLength(200)
    const done = await get(made.jobId)
    expect(done).toMatchObject({
      state: 'succeeded',
      exitCode: 0,
      seconds: 2.5,
      used: { cpuSeconds: 1.25, peakMemoryMb: 50 },
      artifacts: 1,
      metrics: [{ name: 'cells', value: 12 }],
      steps: [{ name: 'read' }],
      may: ['again', 'log'],
    })
    expect(archived).toContain(made.jobId)
    expect((await on.call('pipelines', 'artifacts', { as: rosa, params: { jobId: made.jobId } })).items).toMatchObject([
      { path: 'means.csv', kind: 'table', title: 'Means', declared: true },
    ])
    expect(
      (
        await on.call('pipelines', 'artifact', {
          as: rosa,
          params: { jobId: made.jobId },
          query: { path: 'means.csv' },
        })
      ).url,
    ).toContain('/objects/')
    // Nothing of it lies where only the steps look, and its addresses are its own.
    for (const bucket of ['quarantine', 'protected'] as const) {
      const keys: string[] = []
      for await (const key of on.deps.objects.list(bucket, `jobs/${made.jobId}/`)) keys.push(key)
      expect(keys).toEqual([])
    }
    expect((await on.answer('jobs', 'get', { as: rosa, params: { jobId: made.jobId } })).status).toBe(404)
    expect((await on.call('jobs', 'list', { as: rosa })).items).toEqual([])
    for (const name of ['run', 'artifacts', 'cancel', 'again'] as const)
      expect(
        (await on.answer('pipelines', name, { as: sam, params: { jobId: made.jobId }, body: {} as never })).status,
      ).toBe(404)
    const now = await on.call('pipelines', 'experiment', { as: rosa, params: { experimentId: prepared.experimentId } })
    await on.call('pipelines', 'changeExperiment', {
      as: rosa,
      params: { experimentId: prepared.experimentId },
      body: { rev: now.rev, inputs: { stack: [] }, parameters: { width: 9 } },
    })
    on.clock.advance(1)
    const again = await on.call('pipelines', 'again', {
      as: rosa,
      params: { jobId: made.jobId },
      body: { parameters: { width: 5 } },
    })
    expect(again).toMatchObject({
      number: 2,
      againOf: made.jobId,
      parameters: { width: 5, method: 'median' },
      inputs: done.inputs,
    })
    await walk(again.jobId, () =>
      report(again.jobId, { end: 'exit-code', exitCode: 3, metrics: [{ name: 'cells', value: 4, count: 1 }] }),
    )
    expect(await get(again.jobId)).toMatchObject({
      state: 'failed',
      exitCode: 3,
      problem: { code: 'exit-code', message: 'The command ended with exit code 3.' },
    })
    const both = await on.call('pipelines', 'compare', { as: rosa, query: { runs: `${made.jobId},${again.jobId}` } })
    expect(both.parameters.filter((p) => p.differs)).toEqual([
      { name: 'width', unit: 'px', values: [3, 5], differs: true },
    ])
    expect(both.metrics).toEqual([{ name: 'cells', values: [12, 4], differs: true }])
    expect(both.code.differs).toBe(false)
    expect(
      await on.refused('pipelines', 'compare', { as: sam, query: { runs: `${made.jobId},${again.jobId}` } }),
    ).toMatchObject({ kind: 'not-found' })
    const names = async (query: object) =>
      (
        await on.call('pipelines', 'runsOf', { as: rosa, params: { experimentId: prepared.experimentId }, query })
      ).items.map((r) => r.number)
    expect([
      await names({}),
      await names({ sort: 'metric:cells', direction: 'up' }),
      await names({ sort: 'parameter:width', direction: 'up' }),
      await names({ state: 'failed' }),
      await names({ text: 'run 1' }),
    ]).toEqual([[2, 1], [2, 1], [1, 2], [2], [1]])
    expect((await on.call('pipelines', 'runs', { as: rosa, query: { limit: 1 } })).items.map((r) => r.number)).toEqual([
      2,
    ])
    expect(
      await on.refused('pipelines', 'deleteExperiment', { as: rosa, params: { experimentId: prepared.experimentId } }),
    ).toMatchObject({ kind: 'wrong-state' })
  })
  it('is made once for a key', async () => {
    const prepared = await experiment()
    const [first, again] = await Promise.all([
      start(prepared.experimentId, { title: 'Mine' }, rosa, 'k1'),
      start(prepared.experimentId, { title: 'Mine' }, rosa, 'k1'),
    ])
    expect(first.jobId).toBe(again.jobId)
    expect(
      await on.refused('pipelines', 'start', {
        as: rosa,
        params: { experimentId: prepared.experimentId },
        body: { title: 'Other' },
        idempotencyKey: 'k1',
      }),
    ).toMatchObject({ kind: 'already-exists' })
    expect((await on.call('pipelines', 'cancel', { as: rosa, params: { jobId: first.jobId } })).state).toBe('cancelled')
    expect(await on.refused('pipelines', 'cancel', { as: rosa, params: { jobId: first.jobId } })).toMatchObject({
      kind: 'wrong-state',
    })
  })
  it.each<[Partial<PipelineReport> | undefined, string, RegExp]>([
    [{ end: 'memory-limit', oom: true }, 'memory-limit', /more memory than its limit of 1024 MB/],
    [{ end: 'signal', signal: 'SIGKILL', oom: true }, 'memory-limit', /memory/],
    [{ end: 'time-limit' }, 'time-limit', /3600 seconds/],
    [{ end: 'signal', signal: 'SIGSEGV' }, 'killed', /SIGSEGV/],
    [
      { end: 'not-started', startError: 'command-not-found', missing: 'smoothen' },
      'command-not-found',
      /no program “smoothen”/,
    ],
    [{ end: 'not-started', startError: 'input-missing', missing: 'stack' }, 'input-missing', /“stack”/],
    [{ end: 'cancelled' }, 'interrupted', /stopped or restarted/],
    [undefined, 'interrupted', /stopped or restarted/],
    [{ artifacts: [{ path: '../../x', slot: 0, size: 1, sha256: 'a'.repeat(64) }] }, 'interrupted', /stopped/],
  ])('that ends with %j is failed as %s', async (over, code, words) => {
    const prepared = await (ending ??= experiment())
    const { jobId } = await start(prepared.experimentId)
    await walk(jobId, () =>
      over
        ? report(jobId, { ...(over.end === undefined ? {} : { exitCode: undefined as never }), ...over })
        : undefined,
    )
    const run = await get(jobId)
    expect(run).toMatchObject({ state: 'failed', problem: { code } })
    expect(run.problem!.message).toMatch(words)
    expect(run.problem!.todo.length).toBeGreaterThan(20)
  })
  it('sweeps a grid of parameters', async () => {
    const prepared = await experiment()
    const sweep = (over: object[], idempotencyKey = 's1') =>
      on.answer('pipelines', 'sweep', {
        as: rosa,
        params: { experimentId: prepared.experimentId },
        body: { over: over as never },
        idempotencyKey,
      })
    expect(
      paths(
        (
          await sweep(
            [
              { parameter: 'width', values: [1, 20] },
              { parameter: 'depth', values: [1] },
            ],
            'refused',
          )
        ).body as never,
      ),
    ).toEqual(['/body/over/0/values/1', '/body/over/1/parameter'])
    expect(
      (await on.call('pipelines', 'runsOf', { as: rosa, params: { experimentId: prepared.experimentId } })).items,
    ).toEqual([])
    const over = [
      { parameter: 'width', values: [1, 2] },
      { parameter: 'method', values: ['mean', 'median'] },
    ]
    const made = (await sweep(over)).body as {
      sweep: string
      runs: { jobId: string; parameters: object; sweep: object }[]
    }
    expect(made.runs.map((r) => r.parameters)).toEqual([
      { width: 1, method: 'mean', frames: 1 },
      { width: 1, method: 'median', frames: 1 },
      { width: 2, method: 'mean', frames: 1 },
      { width: 2, method: 'median', frames: 1 },
    ])
    expect(((await sweep(over)).body as typeof made).runs.map((r) => r.jobId)).toEqual(made.runs.map((r) => r.jobId))
    expect(
      (
        await on.call('pipelines', 'runsOf', {
          as: rosa,
          params: { experimentId: prepared.experimentId },
          query: { sweep: made.sweep },
        })
      ).items,
    ).toHaveLength(4)
    for (const run of made.runs) await on.call('pipelines', 'cancel', { as: cleo, params: { jobId: run.jobId } })
  })
})

describe('the queue', () => {
  const queue = async () => (await on.deps.table.get<RunQueueItem>(keyOf.runQueue()))!.atWork.map((a) => a.run)
  it('lets nobody’s many stand before another’s one, and shows the order in which runs start', async () => {
    const [mine, theirs] = [await experiment(rosa), await experiment(anil)]
    const runsOfRosa: string[] = []
    for (let i = 0; i < 3; i++) {
      runsOfRosa.push((await start(mine.experimentId)).jobId)
      on.clock.advance(1)
    }
    const runsOfAnil = [(await start(theirs.experimentId, {}, anil)).jobId]
    on.clock.advance(1)
    runsOfAnil.push((await start(theirs.experimentId, {}, anil)).jobId)
    // One each: the quota of a person.
    expect(await queue()).toEqual([runsOfRosa[0], runsOfAnil[0]])
    expect((await get(runsOfRosa[0]!)).queue).toBeUndefined()
    expect((await get(runsOfRosa[1]!)).queue).toEqual({
      position: 1,
      waiting: 3,
      running: 2,
      slots: 2,
      mine: 1,
      perOwner: 1,
    })
    expect(
      (await on.call('pipelines', 'queue', { as: anil, params: { organisationId } })).waiting.map((waits) => [
        waits.position,
        waits.mine,
        waits.jobId,
      ]),
    ).toEqual([
      [1, false, undefined],
      [2, true, runsOfAnil[1]],
      [3, false, undefined],
    ])
    await walk(runsOfRosa[0]!)
    expect(await queue()).toEqual([runsOfAnil[0], runsOfRosa[1]])
    await on.call('pipelines', 'cancel', { as: rosa, params: { jobId: runsOfRosa[1]! } })
    expect((await get(runsOfRosa[1]!)).state).toBe('cancelled')
    expect(await queue()).toEqual([runsOfAnil[0], runsOfRosa[2]])
    await walk(runsOfAnil[0]!)
    await walk(runsOfRosa[2]!)
    await walk(runsOfAnil[1]!)
    expect(await queue()).toEqual([])
  })
  it('goes on after a crash between any two steps of a start', async () => {
    const prepared = await experiment()
    quota = { slots: 0, perOwner: 0 }
    const waiting = await start(prepared.experimentId)
    expect(executions.some((x) => x.jobId === waiting.jobId)).toBe(false)
    await createRecoverJobs(on.deps)()
    expect(executions.some((x) => x.jobId === waiting.jobId)).toBe(false)
    quota = { slots: 2, perOwner: 2 }
    const { start: begin } = on.deps.workflow
    on.deps.workflow.start = async () => {
      throw new Error('killed here')
    }
    await createRecoverJobs(on.deps)().catch(() => undefined)
    on.deps.workflow.start = begin
    await createRecoverJobs(on.deps)()
    expect(executions.filter((x) => x.jobId === waiting.jobId)).toEqual([{ jobId: waiting.jobId, attempt: 1 }])
    // Its host goes away while it computes: taken up again with what it has done.
    await createPrepare(on.deps)({ jobId: waiting.jobId, attempt: 1 })
    const began = (await get(waiting.jobId)).started
    running.clear()
    await createRecoverJobs(on.deps)()
    expect(executions.at(-1)).toEqual({ jobId: waiting.jobId, attempt: 2 })
    await createPrepare(on.deps)({ jobId: waiting.jobId, attempt: 2 })
    expect((await get(waiting.jobId)).started).toBe(began)
    await walk(waiting.jobId)
    expect(await get(waiting.jobId)).toMatchObject({ state: 'succeeded' })
    expect(await on.deps.table.get<JobItem>(keyOf.jobLive(waiting.jobId))).toBeUndefined()
  })
  it('loses no place when many look at once', async () => {
    const prepared = await experiment()
    quota = { slots: 3, perOwner: 3 }
    const { replace } = on.deps.table
    let refusals = 0
    // Every other write of the queue meets somebody else's.
    on.deps.table.replace = async (item, rev) => {
      if (item.sk === 'QUEUE' && refusals++ % 2 === 0) throw new ConditionFailed('busy')
      return replace.call(on.deps.table, item, rev) as never
    }
    const made = await Promise.all(Array.from({ length: 5 }, () => start(prepared.experimentId)))
    on.deps.table.replace = replace
    await createRecoverJobs(on.deps)()
    const atWork = await queue()
    expect(atWork).toHaveLength(3)
    expect(new Set(executions.filter((x) => made.some((m) => m.jobId === x.jobId)).map((x) => x.jobId))).toEqual(
      new Set(atWork),
    )
    for (const run of made) await on.call('pipelines', 'cancel', { as: rosa, params: { jobId: run.jobId } })
  })
})
