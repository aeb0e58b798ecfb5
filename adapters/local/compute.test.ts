import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { computeContract } from '../../ports/compute.contract.ts'
import { ComputeUnavailable, type ContainerRequest } from '../../ports/compute.ts'
import { type LocalCompute, localCompute } from './compute.ts'
import { detachedRunners } from './detached.ts'
import { localLogs } from './logs.ts'
import { eventually } from '../../test/eventually.ts'

/**
 * A runner of either kind. It says that it is there, appends what it was told to a file named by its manifest, then
 * does what the manifest says, or what a file beside it says later.
 */
const program = `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
appendFileSync(new URL('./started', import.meta.url), process.pid + ' ')
const work = (told) => {
  const [what, file] = told.CLOISTER_MANIFEST.split(' ')
  if (what === 'stubborn') process.on('SIGTERM', () => {})
  appendFileSync(file, JSON.stringify({ pid: process.pid, env: process.env, told }) + '\\n')
  if (what === 'well') process.exit(0)
  if (what === 'badly') process.exit(1)
  setInterval(() => {
    if (existsSync(file + '.end')) process.exit(Number(readFileSync(file + '.end', 'utf8')))
  }, 20)
}
if (process.env.CLOISTER_RECORD) {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const born = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const record = { pid: process.pid, born, attempt: Number(process.env.CLOISTER_ATTEMPT), until: Number(process.env.CLOISTER_UNTIL) }
  writeFileSync(process.env.CLOISTER_RECORD, JSON.stringify(record), { flag: 'wx' })
  work(process.env)
} else {
  process.on('disconnect', () => process.exit(137))
  process.once('message', work)
}
`
interface Said {
  pid: number
  env: Record<string, string>
  told: Record<string, string>
}
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const soon = (good: () => boolean | Promise<boolean>): Promise<boolean> =>
  eventually('the containers came to that', good, { within: 10 })
const gone = (pid: number): Promise<boolean> => eventually('the process has ended', () => !alive(pid), { within: 10 })
/** What the runners of a manifest said, oldest first; at least one. */
async function saidIn(file: string): Promise<Said[]> {
  let said: Said[] = []
  await soon(async () => {
    const text = await readFile(file, 'utf8').catch(() => '')
    said = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Said)
    return said.length > 0
  })
  return said
}

let folder: string
const open: LocalCompute[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-compute-'))
  await writeFile(join(folder, 'runner.mjs'), program)
})
afterAll(async () => {
  await Promise.all(open.map((c) => c.close()))
  await rm(folder, { recursive: true, force: true })
})
/** A host's compute: those with the same `home` find one another's runs of pipelines. */
async function host(
  home: string,
  { confinement, slots = 2, at = folder }: { confinement?: string; slots?: number; at?: string } = {},
): Promise<LocalCompute> {
  const logs = await localLogs({ folder: join(folder, home, 'logs') })
  const runners = { program: join(folder, 'runner.mjs'), folder: join(folder, home, 'runners'), logs }
  const made = localCompute({
    program: join(at, 'runner.mjs'),
    work: folder,
    slots,
    confinement: () => Promise.resolve(confinement),
    log: () => {},
    pipelines: await detachedRunners(runners),
  })
  open.push(made)
  return made
}
const request = (jobId: string, manifest: string, more: Partial<ContainerRequest> = {}): ContainerRequest => ({
  jobId,
  attempt: 1,
  oncePerJob: false,
  queue: 'interactive',
  share: 'ada',
  priority: 10,
  environment: { CLOISTER_MANIFEST: manifest },
  seconds: 60,
  memoryMb: 2048,
  cpus: 1,
  ...more,
})

computeContract('processes of this machine', async () => {
  const compute = await host('contract', { slots: 8 })
  const fileOf = (jobId: string): string => join(folder, `contract-${jobId}`)
  return {
    compute: {
      ...compute,
      submit: (r) =>
        compute.submit({ ...r, environment: { ...r.environment, CLOISTER_MANIFEST: `wait ${fileOf(r.jobId)}` } }),
    },
    begin: () => {},
    finish: (jobId, exitCode) => {
      void writeFile(`${fileOf(jobId)}.end`, String(exitCode))
    },
    expire: () => {},
    told: async (jobId) =>
      (await saidIn(fileOf(jobId))).map(({ told }) => ({ ...told, CLOISTER_MANIFEST: `http://signed/${jobId}` })),
    close: () => compute.close(),
  }
})

describe('runners', () => {
  let serial = 0
  const fresh = (what: string, more: Partial<ContainerRequest> = {}) => {
    const jobId = `job_${serial++}`
    const file = join(folder, `said-${jobId}`)
    return { request: request(jobId, `${what} ${file}`, more), file, said: async () => (await saidIn(file))[0]! }
  }
  const ended = (compute: LocalCompute, jobId: string, attempt = 1) =>
    compute.state({ jobId, attempt, handle: `${jobId}-${attempt}` }, 30_000)

  it('are told the manifest and the confinement, and nothing of this process’s environment', async () => {
    process.env['CLOISTER_SECRET_OF_THE_HOST'] = 'x'
    const confined = fresh('well')
    const compute = await host('told', { confinement: 'bubblewrap' })
    await compute.submit(confined.request)
    expect(await ended(compute, confined.request.jobId)).toMatchObject({ end: 'succeeded' })
    const { env, told } = await confined.said()
    expect(
      Object.keys(env).filter(
        (k) => !k.startsWith('__CF') && k !== 'NODE_CHANNEL_FD' && k !== 'NODE_CHANNEL_SERIALIZATION_MODE',
      ),
    ).toEqual([])
    expect(Object.keys(told).sort()).toEqual(['CLOISTER_CONFINEMENT', 'CLOISTER_MANIFEST', 'TMPDIR'])
    expect(told['CLOISTER_CONFINEMENT']).toBe('bubblewrap:probed')
    const plain = fresh('well')
    await (await host('untold')).submit(plain.request)
    expect((await plain.said()).told['CLOISTER_CONFINEMENT']).toBeUndefined()
  })
  it('wait for the next job once there was one; each does one job, and none waits for a host that stops', async () => {
    const own = join(folder, 'own')
    await mkdir(own)
    await writeFile(join(own, 'runner.mjs'), program)
    const compute = await host('own', { at: own })
    const [job, next] = [fresh('well'), fresh('well')]
    const another = async (known: readonly number[]): Promise<number> => {
      let pid: number | undefined
      await soon(async () => {
        const pids = (await readFile(join(own, 'started'), 'utf8')).split(' ').filter(Boolean).map(Number)
        pid = pids.find((p) => !known.includes(p))
        return pid !== undefined
      })
      return pid!
    }
    await compute.submit(job.request)
    await ended(compute, job.request.jobId)
    const first = (await job.said()).pid
    const waiting = await another([first])
    expect(compute.pids()).toEqual([])
    await compute.submit(next.request)
    await ended(compute, next.request.jobId)
    expect((await next.said()).pid).toBe(waiting)
    const last = await another([first, waiting])
    await compute.close()
    await gone(last)
  })
  it('are seen to end at once by who waits for it', async () => {
    const compute = await host('at-once')
    const job = fresh('wait')
    const container = await compute.submit(job.request)
    const { pid } = await job.said()
    const look = compute.state(container, 60_000).then(() => performance.now())
    await writeFile(`${job.file}.end`, '0')
    await gone(pid)
    const was = performance.now()
    expect((await look) - was).toBeLessThan(100)
  })
  it('are gone when they are said to have been stopped, also those that do not listen', async () => {
    const compute = await host('stopped')
    for (const what of ['forever', 'stubborn']) {
      const job = fresh(what)
      await compute.submit(job.request)
      const { pid } = await job.said()
      await compute.stop(job.request.jobId, 1)
      expect(await ended(compute, job.request.jobId)).toEqual({ state: 'ended', end: 'stopped' })
      expect(alive(pid)).toBe(false)
    }
  })
  it('never start when they were stopped while they waited', async () => {
    const compute = await host('waiting')
    const [one, other, waiting] = [fresh('forever'), fresh('forever'), fresh('well')]
    for (const job of [one, other]) await compute.submit(job.request)
    const pids = [(await one.said()).pid, (await other.said()).pid]
    expect(compute.pids().sort()).toEqual(pids.sort())
    expect(await compute.state(await compute.submit(waiting.request))).toEqual({ state: 'waiting', ahead: 0 })
    await compute.stop(waiting.request.jobId, 1)
    expect(await ended(compute, waiting.request.jobId)).toEqual({ state: 'ended', end: 'stopped' })
    await compute.close()
    expect(compute.pids()).toEqual([])
    expect(pids.map((pid) => alive(pid))).toEqual([false, false])
    await expect(readFile(waiting.file)).rejects.toThrow('ENOENT')
  })
  it('leave nobody who looks with a wrong end when the host stops', async () => {
    const compute = await host('closing')
    const [question, run] = [fresh('forever'), fresh('wait', { queue: 'pipeline', oncePerJob: true })]
    const looks = []
    for (const job of [question, run]) {
      const container = await compute.submit(job.request)
      await job.said()
      looks.push(compute.state(container, 60_000))
    }
    const ends = Promise.allSettled(looks)
    await compute.close()
    expect((await ends).map((end) => end.status === 'rejected' && end.reason instanceof ComputeUnavailable)).toEqual([
      true,
      true,
    ])
    await expect(compute.submit(fresh('well').request)).rejects.toThrow(ComputeUnavailable)
    await writeFile(`${run.file}.end`, '0')
  })
  it('do not outlive a host that is killed', async () => {
    const job = fresh('stubborn')
    const here = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)))
    const killed = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { localCompute } from ${here('./compute.ts')}
const compute = localCompute({ program: ${JSON.stringify(join(folder, 'runner.mjs'))}, work: ${JSON.stringify(folder)}, slots: 2, confinement: async () => undefined, log: () => {} })
compute.submit(${JSON.stringify(job.request)})`,
      ],
      { stdio: 'ignore' },
    )
    const { pid } = await job.said()
    killed.kill('SIGKILL')
    await gone(pid)
  })
})

describe('runs of pipelines', () => {
  const run = (jobId: string, attempt = 1): ContainerRequest =>
    request(jobId, `wait ${join(folder, jobId)}`, { attempt, queue: 'pipeline', oncePerJob: true })
  const said = (jobId: string): Promise<Said[]> => saidIn(join(folder, jobId))

  it('outlive their host, and are taken up by the next one as they are', async () => {
    const first = await host('taken')
    await first.submit(run('job_taken'))
    const [{ pid }] = (await said('job_taken')) as [Said]
    await first.close()
    expect(alive(pid)).toBe(true)

    const next = await host('taken')
    const container = await next.submit(run('job_taken', 2))
    await soon(async () => (await next.state(container)).state === 'running')
    await writeFile(join(folder, 'job_taken.end'), '0')
    expect(await next.state(container, 30_000)).toMatchObject({ state: 'ended' })
    expect(await said('job_taken')).toHaveLength(1)
    expect(alive(pid)).toBe(false)
    expect(await next.logs(container)).toContain('job_taken')
  })
  it('are stopped also when no host has taken them up', async () => {
    const first = await host('left')
    await first.submit(run('job_left'))
    const [{ pid }] = (await said('job_left')) as [Said]
    await first.close()
    const next = await host('left')
    await next.stop('job_left', 1)
    await gone(pid)
    await soon(async () => (await next.logs({ jobId: 'job_left', attempt: 1, handle: 'job_left-1' })) !== undefined)
  })
  it('that were over before are not begun anew', async () => {
    const first = await host('over')
    const container = await first.submit(run('job_over'))
    await said('job_over')
    await writeFile(join(folder, 'job_over.end'), '0')
    await first.state(container, 30_000)
    await first.close()
    const next = await host('over')
    expect(await next.state(await next.submit(run('job_over', 2)), 30_000)).toMatchObject({ end: 'succeeded' })
    expect(await said('job_over')).toHaveLength(1)
  })
})
