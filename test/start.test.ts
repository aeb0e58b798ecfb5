/** The host as a process: what it says, what it survives. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient } from '../clients/api.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { putDemoHome } from './demo-home.ts'
import { eventually } from './eventually.ts'

// Hosts are started, killed and started again: on a busy machine they take their time.
vi.setConfig({ testTimeout: 240_000 })

const program = fileURLToPath(new URL('../local/run.ts', import.meta.url))
interface Running {
  child: ChildProcess
  output: () => string
  ready: Promise<void>
  exited: Promise<number | null>
}
let folder: string
let running: Running[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-start-'))
})
afterEach(async () => {
  for (const one of running) one.child.kill('SIGKILL')
  await Promise.all(running.map((r) => r.exited))
  running = []
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
})

function start(port: number, home = join(folder, 'home'), more: { uid?: number } = {}): Running {
  const child = spawn(process.execPath, [program], {
    ...more,
    env: { ...process.env, CLOISTER_PORT: String(port), CLOISTER_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        text += part.toString()
        if (text.includes('Cloister is ready')) resolve()
      })
    void exited.then((code) => reject(new Error(`It ended with ${code}: ${text}`)))
  })
  ready.catch(() => {})
  const one = { child, output: () => text, ready, exited }
  running.push(one)
  return one
}

/** Process ids of those who have the table of a home open. */
async function holders(home: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const opened = async (pid: string): Promise<string[]> => {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
    return Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')))
  }
  const all = await Promise.all(pids.map(async (pid) => [Number(pid), await opened(pid)] as const))
  return all.filter(([, files]) => files.includes(join(home, 'store', 'table.sqlite'))).map(([pid]) => pid)
}
/** How many files the objects of a home are. */
const objectsIn = async (home: string): Promise<number> =>
  (await readdir(join(home, 'objects'), { recursive: true }).catch(() => [])).length

const api = async (origin: string, email = 'rosa@demo.cloister'): Promise<ReturnType<typeof createClient>> => {
  const { access_token: token } = await new Visitor(origin).signIn(email, demoPassword)
  return createClient({ baseUrl: origin, token: () => token })
}

test('a port that another program uses is named, and how to choose another', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => {
    other.once('listening', resolve)
  })
  const { port } = other.address() as { port: number }
  const host = start(port)
  expect(await host.exited).toBe(1)
  expect(host.output()).toContain(`Port ${port} is used by another program`)
  expect(host.output()).toContain('CLOISTER_PORT=')
  expect(host.output()).not.toContain('    at ')
  other.close()
})

test('a second host says where the first one is, on the same port and on the same home', async () => {
  await putDemoHome(join(folder, 'home'))
  const port = await freePort()
  const first = start(port)
  await first.ready
  const samePort = start(port, join(folder, 'other'))
  expect(await samePort.exited).toBe(1)
  expect(samePort.output()).toContain(`Another Cloister is running at http://127.0.0.1:${port}/`)
  const sameHome = start(await freePort())
  expect(await sameHome.exited).toBe(1)
  expect(sameHome.output()).toContain(`http://127.0.0.1:${port}/ (process ${first.child.pid})`)
  // Neither has hurt the first.
  expect((await (await api(`http://127.0.0.1:${port}`)).access.me()).memberships).toHaveLength(1)
})

test('a home that cannot be made, and a port that is no number', async () => {
  await writeFile(join(folder, 'file'), '')
  const inFile = start(await freePort(), join(folder, 'file', 'home'))
  expect(await inFile.exited).toBe(1)
  expect(inFile.output()).toContain('CLOISTER_HOME')
  expect(inFile.output()).not.toContain('    at ')
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, CLOISTER_PORT: 'eighty', CLOISTER_HOME: join(folder, 'h') },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.on('data', (part: Buffer) => {
    text += part.toString()
  })
  expect(
    await new Promise((resolve) => {
      child.once('close', resolve)
    }),
  ).toBe(1)
  expect(text).toContain('CLOISTER_PORT is "eighty"')
})

test('where few files may be open, it says so before it touches anything', async () => {
  for (const most of [26, 40, 120]) {
    const home = join(folder, `few-${most}`)
    const child = spawn('sh', ['-c', `ulimit -n ${most}; exec "$0" "$1"`, process.execPath, program], {
      env: { ...process.env, CLOISTER_PORT: String(await freePort()), CLOISTER_HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let text = ''
    child.stderr.on('data', (part: Buffer) => (text += part.toString()))
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1)
    expect.soft(text).toMatch(/Too few files may be open here \(EMFILE\).*ulimit -n/)
    expect.soft(text).not.toContain('    at ')
    expect.soft(existsSync(home)).toBe(false)
  }
})

test('a home that never answers, and one where no files can be, are each answered by a sentence', async () => {
  await mkdir(join(folder, 'stuck'))
  execFileSync('mkfifo', [join(folder, 'stuck', 'secrets.json')])
  const hosts = [join(folder, 'stuck'), '/proc/x'].map(async (home) => {
    const host = start(await freePort(), home)
    await host.exited
    expect.soft(host.output(), home).toMatch(/CLOISTER_HOME/)
    expect.soft(host.output(), home).not.toContain('    at ')
  })
  await Promise.all(hosts)
})

// Who may do everything everywhere cannot be refused a folder.
test.runIf(process.getuid?.() === 0)('a folder without rights, as somebody who has none', async () => {
  await chmod(folder, 0o711)
  const mine = join(folder, 'mine')
  await mkdir(mine, { mode: 0o700 })
  const host = start(await freePort(), join(mine, 'home'), { uid: 65_534 })
  expect(await host.exited).toBe(1)
  expect(host.output()).toMatch(/cannot be written \(EACCES\)/)
})

test('whoever read its errors goes away, and a browser leaves in the middle of a form: it stays', async () => {
  await putDemoHome(join(folder, 'home'))
  const port = await freePort()
  const host = start(port)
  await host.ready
  host.child.stdout!.destroy()
  host.child.stderr!.destroy()
  const begun = [
    ['/oidc/token', 'application/x-www-form-urlencoded'],
    ['/oidc/interaction/abcd', 'application/x-www-form-urlencoded'],
    ['/api/device', 'application/json'],
    ['/nothing', 'text/plain'],
  ]
  for (const [path, type] of begun)
    for (const leave of ['destroy', 'resetAndDestroy'] as const)
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {}).once('close', () => resolve())
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: ${type}\r\nContent-Length: 999\r\n\r\n{"a`,
        )
        setTimeout(() => socket[leave](), 50)
      })
  await pause(300)
  expect((await fetch(`http://127.0.0.1:${port}/api/sign-in`)).status).toBe(200)
  expect(host.child.exitCode).toBe(null)
})

test('Ctrl-C stops it, nothing is left running, and everything is there again', async () => {
  await putDemoHome(join(folder, 'home'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const home = join(folder, 'home')
  const first = start(port)
  await first.ready
  expect(await holders(home)).toEqual([first.child.pid])
  const visitor = new Visitor(origin)
  const tokens = await visitor.signIn('rosa@demo.cloister', demoPassword)
  const rosa = createClient({ baseUrl: origin, token: () => tokens.access_token })
  const { organisationId } = (await rosa.access.me()).memberships[0]!
  const studies = (await rosa.studies.list({ params: { organisationId } })).items
  expect(studies.map((s) => [s.title, s.state]).sort()).toEqual([
    ['Flanker', 'live'],
    ['Places', 'live'],
  ])
  first.child.kill('SIGINT')
  expect(await first.exited).toBe(0)
  expect(await holders(home)).toEqual([])
  expect(await readdir(join(home, 'store'))).toEqual(['head', 'table.sqlite'])

  await start(port).ready
  // The token still holds, and so does the browser's session.
  expect((await rosa.studies.list({ params: { organisationId } })).items).toEqual(studies)
  expect((await visitor.begin()).response.headers.get('location')).toMatch(/\/signed-in\?code=/)
})

test('the demo has runs of both conditions, most of them whole, and they open', async () => {
  await putDemoHome(join(folder, 'home'))
  const port = await freePort()
  await start(port).ready
  const rosa = await api(`http://127.0.0.1:${port}`)
  const { organisationId } = (await rosa.access.me()).memberships[0]!
  const flanker = (await rosa.studies.list({ params: { organisationId } })).items.find((s) => s.title === 'Flanker')!
  const overview = await rosa.runs.overview({ params: { studyId: flanker.studyId } })
  expect(overview.runs).toBeGreaterThanOrEqual(12)
  expect(overview.byCondition.map((c) => c.condition).sort()).toEqual(['long pause', 'short pause'])
  expect(overview.byState).toMatchObject({ completed: 11, aborted: 1 })
  expect(overview.loss.missing).toBe(0)
  const rows = (await rosa.runs.list({ params: { studyId: flanker.studyId }, query: { state: 'completed' } })).items
  expect(rows.every((r) => r.received === 101)).toBe(true)
})

test('killed while it makes the demo, it finishes it at the next start', async () => {
  const port = await freePort()
  const first = start(port)
  // Some of it is there, and most is not.
  const files = await objectsIn(join(folder, 'home'))
  await eventually('the demo is half made', async () => (await objectsIn(join(folder, 'home'))) > files + 5)
  expect(first.output()).toContain('Making the demo')
  first.child.kill('SIGKILL')
  await first.exited
  await start(port).ready
  const rosa = await api(`http://127.0.0.1:${port}`)
  const { organisationId } = (await rosa.access.me()).memberships[0]!
  const { items } = await rosa.studies.list({ params: { organisationId } })
  expect(items.map((s) => s.title).sort()).toEqual(['Flanker', 'Places'])
  expect((await rosa.access.members({ params: { organisationId } })).items).toHaveLength(7)
  expect(
    (await (await api(`http://127.0.0.1:${port}`, 'sam@stranger.cloister')).access.me()).memberships,
  ).toMatchObject([{ organisation: 'Stranger Institute' }])
})

test('SIGKILL of the host loses nothing that was answered', async () => {
  await putDemoHome(join(folder, 'home'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const first = start(port)
  await first.ready
  const ada = await api(origin, 'ada@demo.cloister')
  const made: string[] = []
  const writer = async (): Promise<void> => {
    for (;;) {
      const created = await ada.access
        .createToken({ body: { name: `token ${made.length}`, scopes: ['studies:read'] } })
        .catch(() => undefined)
      if (!created) return
      made.push(created.tokenId)
    }
  }
  const writers = Promise.all([writer(), writer(), writer()])
  await eventually('twenty tokens are made', () => made.length > 20)
  first.child.kill('SIGKILL')
  await first.exited
  await start(port).ready
  await writers
  const found = new Set<string>()
  for (let after: string | undefined; ;) {
    const page = await ada.access.tokens({ query: { limit: 200, ...(after ? { after } : {}) } })
    for (const token of page.items) found.add(token.tokenId)
    if (!page.next) break
    after = page.next
  }
  expect(made.filter((id) => !found.has(id))).toEqual([])
})
