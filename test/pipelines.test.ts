/**
 * Pipelines as people use them, over HTTP on a whole host: published, set up, run by the real runner, stopped, looked
 * at, run again.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../clients/api.ts'
import { openStage, refusedWith, type Stage } from './jobs-support.ts'
import { eventually } from './eventually.ts'

type Run = Awaited<ReturnType<Client['pipelines']['run']>>
let stage: Stage
let rosa: Client
let anil: Client
beforeAll(async () => {
  stage = await openStage()
  ;[rosa, anil] = [await stage.as('rosa@demo.cloister'), await stage.as('anil@demo.cloister')]
}, 300_000)
afterAll(async () => {
  await stage?.close()
})

const bytesOf = (content: string | Uint8Array) => Buffer.from(content)
const fileOf = (path: string, content: string | Uint8Array) => ({
  path,
  size: bytesOf(content).length,
  sha256: createHash('sha256').update(content).digest('hex'),
})
async function send(
  uploads: { path: string; upload?: { url: string; method: string; headers: Record<string, string> } | undefined }[],
  content: (path: string) => string | Uint8Array,
): Promise<void> {
  for (const { path, upload } of uploads) {
    if (!upload) continue
    const r = await fetch(upload.url, { method: upload.method, headers: upload.headers, body: bytesOf(content(path)) })
    if (!r.ok) throw new Error(`The upload of ${path} answered ${r.status}`)
  }
}

const code: Record<string, string> = {
  'run.sh':
    'echo "cloister: step reading"\nawk -F, -v k="$2" \'{ s += $1 * k } END { print "total"; print s }\' "$1" > "$3/total.csv"\necho "cloister: metric total $(tail -n 1 "$3/total.csv")"\nmkdir -p "$3/deep" && cp "$CLOISTER_PARAMETERS" "$3/deep/parameters.json"\n',
  'ages.py':
    'import csv, sys\nrows = list(csv.DictReader(open(sys.argv[1])))\nprint("people", len(rows))\nprint("cloister: metric people", len(rows))\nopen(sys.argv[2] + "/n.csv", "w").write(f"n\\n{len(rows)}\\n")\n',
  'odd.py':
    'import os, sys, time\nact = sys.argv[1]\nprint("begun", flush=True)\nif act == "exit": sys.exit(7)\nif act == "wait": time.sleep(600)\nif act == "memory":\n    held = []\n    while True: held.append(bytearray(20_000_000)); [b.__setitem__(0, 1) for b in held]\n',
}
async function publish(definition: object): Promise<string> {
  const files = Object.entries(code).map(([path, content]) => fileOf(path, content))
  const { uploads } = await rosa.pipelines.uploads({
    params: { organisationId: stage.organisationId },
    body: { name: (definition as { name: string }).name, files },
  })
  await send(uploads, (path) => code[path]!)
  return (
    await rosa.pipelines.publish({
      params: { organisationId: stage.organisationId },
      body: { definition: definition as never, files },
    })
  ).pipelineId
}
const sum = {
  name: 'weighted-sum',
  title: 'Weighted sum',
  runtime: 'shell',
  command: ['sh', 'run.sh', '{{inputs.numbers}}', '{{weight}}', '{{output}}'],
  inputs: [{ name: 'numbers', kind: 'table' }],
  outputs: [{ match: 'total.csv', kind: 'table', title: 'Total' }],
  resources: { memoryMb: 256, seconds: 60 },
  parameters: {
    type: 'object',
    required: ['weight'],
    properties: { weight: { type: 'integer', minimum: 1, maximum: 10 } },
  },
}
const odd = {
  name: 'odd',
  title: 'Odd',
  runtime: 'python',
  command: ['python3', 'odd.py', '{{act}}'],
  resources: { memoryMb: 256, seconds: 60 },
  parameters: {
    type: 'object',
    required: ['act'],
    properties: { act: { type: 'string', enum: ['exit', 'wait', 'memory'] } },
  },
}
const ages = {
  name: 'ages',
  title: 'Ages',
  runtime: 'python',
  command: ['python3', 'ages.py', '{{inputs.people}}', '{{output}}'],
  inputs: [{ name: 'people', kind: 'table' }],
  resources: { memoryMb: 256, seconds: 60 },
  parameters: { type: 'object', properties: {} },
}
const lost = {
  name: 'lost',
  title: 'Lost',
  runtime: 'shell',
  command: ['no-such-program'],
  parameters: { type: 'object', properties: {} },
}

async function experiment(
  client: Client,
  pipelineId: string,
  more: object = {},
): Promise<{ experimentId: string; rev: number }> {
  return client.pipelines.createExperiment({
    params: { organisationId: stage.organisationId },
    body: { pipelineId, title: 'Tried', ...more },
  })
}
const until = (client: Client, jobId: string, there: (r: Run) => boolean): Promise<Run> =>
  eventually(
    `the run ${jobId} came to that`,
    async () => {
      const run = await client.pipelines.run({ params: { jobId } })
      return there(run) && run
    },
    { within: 180 },
  )
const over = (r: Run): boolean => ['succeeded', 'failed', 'cancelled'].includes(r.state)
const logOf = async (client: Client, jobId: string): Promise<string[]> =>
  (await client.pipelines.log({ params: { jobId } })).records.filter((r) => r.s !== 'sys').map((r) => r.x)

describe('the command line', () => {
  it('publishes a folder, runs it with the log in the terminal, and fetches what it left', async () => {
    const { secret } = await rosa.access.createToken({
      body: { name: 'terminal', scopes: ['studies:read', 'pipelines:read', 'pipelines:write', 'pipelines:run'] },
    })
    const home = await mkdtemp(join(tmpdir(), 'cloister-cli-'))
    const cloister = (...args: string[]) =>
      new Promise<{ code: number; out: string; err: string }>((resolve) => {
        execFile(
          process.execPath,
          ['--disable-warning=ExperimentalWarning', 'clients/cli/cloister.mjs', ...args],
          {
            env: {
              ...process.env,
              HOME: home,
              XDG_CONFIG_HOME: home,
              XDG_STATE_HOME: home,
              CLOISTER_SERVER: stage.host.mainOrigin,
              CLOISTER_TOKEN: secret,
            },
          },
          (e, out, err) => resolve({ code: e ? Number(e.code) : 0, out, err }),
        )
      })
    try {
      const folder = join(home, 'sum')
      await mkdir(folder)
      await writeFile(join(folder, 'run.sh'), code['run.sh']!)
      await writeFile(join(home, 'numbers.csv'), '4,a\n')
      await writeFile(
        join(folder, 'pipeline.json'),
        JSON.stringify({ ...sum, name: 'from-a-folder', command: [...sum.command, '{{factor}}'] }),
      )
      expect(await cloister('pipeline', 'publish', folder)).toMatchObject({
        code: 1,
        err: expect.stringContaining('pipeline.json#/command/5') as string,
      })
      await writeFile(join(folder, 'pipeline.json'), JSON.stringify({ ...sum, name: 'from-a-folder' }))
      expect(await cloister('pipeline', 'publish', folder)).toMatchObject({
        code: 0,
        out: expect.stringContaining('version 1') as string,
      })
      const input = `numbers=${join(home, 'numbers.csv')}`
      const ran = await cloister('pipeline', 'run', 'from-a-folder', '--input', input, '--set', 'weight=3', '--wait')
      expect([ran.code, ran.out]).toEqual([0, expect.stringContaining('cloister: metric total 12')])
      const jobId = /job_[a-z2-7]+/.exec(ran.out)![0]
      expect((await cloister('run', 'log', jobId)).out).toContain('cloister: step reading')
      expect((await cloister('run', 'artifacts', jobId, '-o', join(home, 'out'))).code).toBe(0)
      expect(await readFile(join(home, 'out/total.csv'), 'utf8')).toBe('total\n12\n')
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  }, 240_000)
})

describe('a pipeline', () => {
  it('runs on an upload, is run again with edits, is compared, and its artifact is the next one’s input', async () => {
    const pipelineId = await publish(sum)
    const { experimentId, rev } = await experiment(rosa, pipelineId, { parameters: { weight: 2 } })
    const params = { experimentId }
    // Nothing runs before its input is there.
    const refused = await refusedWith(rosa.pipelines.start({ params, body: { parameters: { weight: 11 } } }))
    expect([refused.kind, refused.errors.map((e) => e.path)]).toEqual([
      'invalid-run',
      ['/body/parameters/weight', '/body/inputs/numbers'],
    ])
    const numbers = '1,a\n2,b\n3,c\n'
    const file = fileOf('numbers.csv', numbers)
    await send((await rosa.pipelines.inputUploads({ params, body: { files: [file] } })).uploads, () => numbers)
    await rosa.pipelines.changeExperiment({ params, body: { rev, inputs: { numbers: [{ from: 'upload', ...file }] } } })
    const one = await rosa.pipelines.start({ params, body: {}, headers: { 'idempotency-key': 'first' } })
    const done = await until(rosa, one.jobId, over)
    expect(done).toMatchObject({
      state: 'succeeded',
      exitCode: 0,
      number: 1,
      metrics: [{ name: 'total', value: 12 }],
      steps: [{ name: 'reading' }],
      artifacts: 2,
      parameters: { weight: 2 },
    })
    expect(done.used).toBeDefined()
    expect((await rosa.pipelines.start({ params, body: {}, headers: { 'idempotency-key': 'first' } })).jobId).toBe(
      one.jobId,
    )
    const { items } = await rosa.pipelines.artifacts({ params: { jobId: one.jobId } })
    expect(items.map((a) => [a.path, a.kind, a.declared])).toEqual([
      ['total.csv', 'table', true],
      ['deep/parameters.json', 'json', false],
    ])
    const { url } = await rosa.pipelines.artifact({
      params: { jobId: one.jobId },
      query: { path: 'deep/parameters.json' },
    })
    expect(await (await fetch(url)).json()).toEqual({ weight: 2 })
    expect(await logOf(rosa, one.jobId)).toContain('cloister: step reading')

    const two = await until(
      rosa,
      (await rosa.pipelines.again({ params: { jobId: one.jobId }, body: { parameters: { weight: 5 } } })).jobId,
      over,
    )
    expect(two).toMatchObject({
      state: 'succeeded',
      number: 2,
      againOf: one.jobId,
      metrics: [{ name: 'total', value: 30 }],
    })
    const compared = await rosa.pipelines.compare({ query: { runs: `${one.jobId},${two.jobId}` } })
    expect(compared.parameters).toEqual([{ name: 'weight', values: [2, 5], differs: true }])
    expect(compared.artifacts.find((a) => a.path === 'total.csv')).toMatchObject({ differs: true })

    // An artifact of a run as an input; and what is not there is refused by its field.
    const next = await experiment(rosa, pipelineId, { parameters: { weight: 1 } })
    const change = (inputs: object) =>
      rosa.pipelines.changeExperiment({
        params: { experimentId: next.experimentId },
        body: { rev: next.rev, inputs: inputs as never },
      })
    expect(
      (await refusedWith(change({ numbers: [{ from: 'run', jobId: one.jobId, path: 'gone.csv' }] }))).errors.map(
        (e) => e.path,
      ),
    ).toEqual(['/body/inputs/numbers/0/path'])
    await change({ numbers: [{ from: 'run', jobId: two.jobId, path: 'total.csv' }] })
    const third = await rosa.pipelines.start({ params: { experimentId: next.experimentId }, body: {} })
    expect(await until(rosa, third.jobId, over)).toMatchObject({
      state: 'succeeded',
      metrics: [{ name: 'total', value: 30 }],
      inputs: [{ name: 'numbers', files: 1 }],
    })
    expect((await refusedWith(anil.pipelines.run({ params: { jobId: third.jobId } }))).kind).toBe('not-found')
  }, 240_000)

  it('runs on a protected dataset: held for two checkers, and its log is the custodian’s alone', async () => {
    const [cleo, chen, dora] = (await Promise.all(
      ['cleo', 'chen', 'dora'].map((n) => stage.as(`${n}@demo.cloister`)),
    )) as [Client, Client, Client]
    const dataset = (await anil.datasets.list({ params: { organisationId: stage.organisationId } })).items.find(
      (deps) => deps.name === 'demo_dataset',
    )!
    const { experimentId, rev } = await experiment(anil, await publish(ages))
    await anil.pipelines.changeExperiment({
      params: { experimentId },
      body: { rev, inputs: { people: [{ from: 'dataset', datasetId: dataset.datasetId }] } },
    })
    const { jobId } = await anil.pipelines.start({ params: { experimentId }, body: {} })
    const params = { jobId }
    const held = await until(anil, jobId, (r) => over(r) || r.waiting === 'checkers')
    expect(held).toMatchObject({
      state: 'running',
      waiting: 'checkers',
      confidential: true,
      metrics: [],
      artifacts: 0,
      may: ['cancel', 'again'],
    })
    expect((await refusedWith(anil.pipelines.artifacts({ params }))).kind).toBe('result-not-released')
    expect((await refusedWith(anil.pipelines.log({ params }))).kind).toBe('forbidden')
    expect(await logOf(cleo, jobId)).toContain('people 50')
    expect((await chen.jobs.review({ params })).files).toMatchObject([
      { name: 'n.csv', base64: Buffer.from('n\n50\n').toString('base64') },
    ])
    for (const checker of [chen, dora]) await checker.jobs.vote({ params, body: { vote: 'approve' } })
    expect(await anil.pipelines.run({ params })).toMatchObject({ state: 'succeeded', artifacts: 1, metrics: [] })
    const { url } = await anil.pipelines.artifact({ params, query: { path: 'n.csv' } })
    expect(await (await fetch(url)).text()).toBe('n\n50\n')
    expect((await refusedWith(anil.pipelines.log({ params }))).kind).toBe('forbidden')
  }, 240_000)

  it('ends as what it was, with its log and a sentence that says what to do', async () => {
    const [oddId, lostId] = [await publish(odd), await publish(lost)]
    const { experimentId } = await experiment(anil, oddId, { parameters: { act: 'exit' } })
    const start = async (body: object): Promise<string> =>
      (await anil.pipelines.start({ params: { experimentId }, body })).jobId
    const never = await experiment(rosa, lostId)
    const [waits, exits, greedy, slow, missing] = [
      await start({ parameters: { act: 'wait' } }),
      await start({}),
      await start({ parameters: { act: 'memory' } }),
      await start({ parameters: { act: 'wait' }, resources: { seconds: 2 } }),
      (await rosa.pipelines.start({ params: { experimentId: never.experimentId }, body: {} })).jobId,
    ]
    await until(anil, waits, (r) => r.state === 'running')
    await eventually('it has begun', async () => (await logOf(anil, waits)).includes('begun'))
    expect(await anil.pipelines.cancel({ params: { jobId: waits } })).toMatchObject({
      state: 'cancelled',
      problem: { code: 'cancelled' },
    })
    const ends = await Promise.all([exits, greedy, slow].map((id) => until(anil, id, over)))
    expect(ends.map((r) => [r.state, r.problem?.code])).toEqual([
      ['failed', 'exit-code'],
      ['failed', 'memory-limit'],
      ['failed', 'time-limit'],
    ])
    expect(ends[0]!.exitCode).toBe(7)
    expect(await until(rosa, missing, over)).toMatchObject({
      state: 'failed',
      problem: {
        code: 'command-not-found',
        message: expect.stringContaining('no-such-program') as string,
        todo: expect.stringMatching(/publish/) as string,
      },
    })
    for (const id of [waits, exits, greedy, slow]) expect(await logOf(anil, id)).toContain('begun')
    // Whoever may not see the experiment sees none of it; the custodian does.
    expect((await refusedWith(rosa.pipelines.log({ params: { jobId: exits } }))).kind).toBe('not-found')
    expect(
      (
        await anil.pipelines.runsOf({
          params: { experimentId },
          query: { state: 'failed', sort: 'number', direction: 'up' },
        })
      ).items.map((r) => r.number),
    ).toEqual([2, 3, 4])
  }, 240_000)
})
