import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compute, ContainerFailed, createCompute } from './compute.ts'
import { FairQueue } from './compute-queue.ts'

const never = new AbortController().signal
const soon = (): Promise<void> => new Promise((r) => setImmediate(r))

describe('whose turn it is', () => {
  it('lets in as many as there are places, serves short before long, and who has least before who has more', async () => {
    const q = new FairQueue(1)
    const order: string[] = []
    const first = await q.enter({ share: 'ada', long: false }, never)
    const all = (['ada1', 'ada2', 'bea1', 'ada3L', 'cy1L', 'bea2'] as const).map(async (name) => {
      const leave = await q.enter(
        { share: name.slice(0, -1).replace(/\d$/, '').replace(/\d/, ''), long: name.endsWith('L') },
        never,
      )
      order.push(name)
      await soon()
      leave()
    })
    await soon()
    expect(order).toEqual([])
    first()
    first()
    await Promise.all(all)
    expect(order).toEqual(['bea1', 'ada1', 'bea2', 'ada2', 'cy1L', 'ada3L'])
  })
  it('forgets who went away, and gives nobody’s place twice', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.record({ share: fc.constantFrom('a', 'b', 'c'), long: fc.boolean(), leaves: fc.boolean() }), {
          maxLength: 12,
        }),
        async (slots, people) => {
          const q = new FairQueue(slots)
          let inside = 0,
            most = 0,
            served = 0
          await Promise.all(
            people.map(async (p, i) => {
              const away = new AbortController()
              if (p.leaves && i % 2 === 0) away.abort(new Error('away'))
              else if (p.leaves) setImmediate(() => away.abort(new Error('away')))
              let leave: () => void
              try {
                leave = await q.enter(p, away.signal)
              } catch {
                return
              }
              most = Math.max(most, ++inside)
              served++
              await soon()
              inside--
              leave()
            }),
          )
          expect(most).toBeLessThanOrEqual(slots)
          expect(inside).toBe(0)
          expect(served).toBeGreaterThanOrEqual(people.filter((p) => !p.leaves).length)
        },
      ),
      { numRuns: 60 },
    ))
})

describe('runners', () => {
  let folder: string
  const open: Compute[] = []
  // Says that it is there; writes what it was told, then does what its manifest says.
  const program = `import { appendFileSync, writeFileSync } from 'node:fs'
appendFileSync(new URL('./started', import.meta.url), process.pid + ' ')
process.on('disconnect', () => process.exit(137))
process.once('message', (told) => {
  const [what, file] = told.CLOISTER_MANIFEST.split(' ')
  if (what === 'stubborn') process.on('SIGTERM', () => {})
  writeFileSync(file, JSON.stringify({ pid: process.pid, env: process.env, told }))
  if (what === 'well') process.exit(0)
  if (what === 'badly') process.exit(1)
  setInterval(() => {}, 1000)
})
`

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cloister-compute-'))
    await writeFile(join(folder, 'runner.mjs'), program)
  })
  afterAll(async () => {
    await Promise.all(open.map((c) => c.close()))
    await rm(folder, { recursive: true, force: true })
  })
  const make = (confinement?: string): Compute => {
    const c = createCompute({
      program: join(folder, 'runner.mjs'),
      slots: 2,
      confinement: () => Promise.resolve(confinement),
      log: () => {},
    })
    open.push(c)
    return c
  }
  interface Said {
    pid: number
    env: Record<string, string>
    told: Record<string, string>
  }
  let serial = 0
  const submission = (what: string, seconds = 60): { input: object; said: () => Promise<Said> } => {
    const file = join(folder, `said-${serial++}`)
    const input = {
      JobName: `job_a-${serial}`,
      JobQueue: '${InteractiveQueueArn}',
      ShareIdentifier: 'ada',
      Timeout: { AttemptDurationSeconds: seconds },
      ContainerOverrides: { Environment: [{ Name: 'CLOISTER_MANIFEST', Value: `${what} ${file}` }] },
    }
    const said = async (): Promise<Said> => {
      for (;;) {
        try {
          return JSON.parse(await readFile(file, 'utf8')) as Said
        } catch {
          await new Promise((r) => setTimeout(r, 20))
        }
      }
    }
    return { input, said }
  }
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  }
  const gone = async (pid: number): Promise<void> => {
    while (alive(pid)) await new Promise((r) => setTimeout(r, 20))
  }

  it('are told the manifest and the confinement, and nothing of this process’s environment', async () => {
    process.env['CLOISTER_SECRET_OF_THE_HOST'] = 'x'
    const a = submission('well')
    expect(await make('bubblewrap').task(a.input, never)).toEqual({})
    const { env, told } = await a.said()
    expect(
      Object.keys(env).filter(
        (k) => !k.startsWith('__CF') && k !== 'NODE_CHANNEL_FD' && k !== 'NODE_CHANNEL_SERIALIZATION_MODE',
      ),
    ).toEqual([])
    expect(Object.keys(told).sort()).toEqual(['CLOISTER_CONFINEMENT', 'CLOISTER_MANIFEST'])
    expect(told['CLOISTER_CONFINEMENT']).toBe('bubblewrap:probed')
    const b = submission('well')
    await make().task(b.input, never)
    expect((await b.said()).told['CLOISTER_CONFINEMENT']).toBeUndefined()
  })
  it('wait for the next job once there was one; each does one job, and none waits for a host that stops', async () => {
    const own = join(folder, 'own')
    await mkdir(own)
    await writeFile(join(own, 'runner.mjs'), program)
    const c = createCompute({
      program: join(own, 'runner.mjs'),
      slots: 2,
      confinement: () => Promise.resolve(undefined),
      log: () => {},
    })
    open.push(c)
    const [a, b] = [submission('well'), submission('well')]
    const another = async (known: readonly number[]): Promise<number> => {
      for (;;) {
        const pid = (await readFile(join(own, 'started'), 'utf8'))
          .split(' ')
          .filter(Boolean)
          .map(Number)
          .find((p) => !known.includes(p))
        if (pid !== undefined) return pid
        await new Promise((r) => setTimeout(r, 20))
      }
    }
    await c.task(a.input, never)
    const first = (await a.said()).pid
    const waiting = await another([first])
    expect(c.pids()).toEqual([])
    await c.task(b.input, never)
    expect((await b.said()).pid).toBe(waiting)
    const last = await another([first, waiting])
    await c.close()
    await gone(last)
  })
  it('that fail, and that take too long, are the platform’s failures', async () => {
    await expect(make().task(submission('badly').input, never)).rejects.toThrow(ContainerFailed)
    await expect(make().task(submission('forever', 0.3).input, never)).rejects.toThrow(ContainerFailed)
  })
  it('are ended when their execution is stopped, also those that do not listen', async () => {
    for (const what of ['forever', 'stubborn']) {
      const stop = new AbortController()
      const s = submission(what)
      const running = make().task(s.input, stop.signal)
      const { pid } = await s.said()
      stop.abort(new Error('stopped'))
      await expect(running).rejects.toThrow()
      expect(alive(pid)).toBe(false)
    }
  })
  it('never start when they were stopped while they waited', async () => {
    const c = make()
    const stop = new AbortController()
    const [a, b, waiting] = [submission('forever'), submission('forever'), submission('well')]
    const running = Promise.allSettled([a, b].map((s) => c.task(s.input, stop.signal)))
    const pids = [(await a.said()).pid, (await b.said()).pid]
    expect(c.pids().sort()).toEqual(pids.sort())
    const away = new AbortController()
    const third = expect(c.task(waiting.input, away.signal)).rejects.toThrow('away')
    away.abort(new Error('away'))
    await third
    await c.close()
    expect((await running).map((r) => r.status)).toEqual(['rejected', 'rejected'])
    expect(c.pids()).toEqual([])
    await expect(
      readFile(
        (
          waiting.input as { ContainerOverrides: { Environment: { Value: string }[] } }
        ).ContainerOverrides.Environment[0]!.Value.split(' ')[1]!,
      ),
    ).rejects.toThrow('ENOENT')
  })
  it('do not outlive a host that is killed', async () => {
    const s = submission('stubborn')
    const host = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { createCompute } from ${JSON.stringify(fileURLToPath(new URL('./compute.ts', import.meta.url)))}
createCompute({ program: ${JSON.stringify(join(folder, 'runner.mjs'))}, slots: 2, confinement: async () => undefined, log: () => {} }).task(${JSON.stringify(s.input)}, new AbortController().signal)`,
      ],
      { stdio: 'ignore' },
    )
    const { pid } = await s.said()
    host.kill('SIGKILL')
    await gone(pid)
  })
})
