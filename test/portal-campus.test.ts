/**
 * The campus walk (docs/campus.md) with its own files: the host behind nginx of Debian, under two public names, with
 * real TLS; researchers show a certificate, participants need none. The names exist in this process and its browser.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import dns from 'node:dns'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tls from 'node:tls'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createClient } from '../clients/api.ts'
import { allRoutes } from '../contracts/index.ts'
import { type Host, startHost } from '../local/host.ts'
import { reachFrom } from '../local/reach.ts'
import { freePort } from '../local/testing.ts'
import { launchBrowser } from '../tools/browser.ts'
import { buildWeb } from '../tools/build-web.ts'
import { ensureFromDebian } from '../tools/debian.ts'
import { type Authority, certificateAuthority } from './certificates.ts'
import { demoHome } from './demo-home.ts'
import { eventually } from './eventually.ts'
import { finish, inState, record, takePart, webStudy } from './participant-support.ts'
import { enter } from './portal-support.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const walk = (file: string): Promise<string> => readFile(join(root, 'local/campus', file), 'utf8')
const names = ['cloister.uni.example', 'studies.uni.example']
const metricsToken = 'a-token-of-the-campus-test'

let folder: string
let authority: Authority
let server: { certificate: string; key: string }
let person: { certificate: string; key: string }
let host: Host
let home: string
let nginx: ChildProcess
let browser: Browser
let ports: { https: number; http: number; inside: number }

/** As with a name server that knows the campus' names. */
function knowNames(): void {
  type Lookup = (name: string, options: object, then: (error: null, address: unknown, family?: number) => void) => void
  const { lookup } = dns
  const here = { address: '127.0.0.1', family: 4 }
  vi.spyOn(dns, 'lookup').mockImplementation(((name, options, then) => {
    if (!names.includes(name)) return (lookup as unknown as Lookup)(name, options, then)
    return 'all' in options && options.all ? then(null, [here]) : then(null, here.address, here.family)
  }) satisfies Lookup as never)
  const { lookup: ask } = dns.promises
  vi.spyOn(dns.promises, 'lookup').mockImplementation((async (name: string, options: object) =>
    names.includes(name) ? [here] : ask(name, options)) as never)
}

/** The walk's configuration, with this test's ports and files in the place of a machine's. */
async function startNginx(): Promise<void> {
  const binary = ensureFromDebian('/usr/sbin/nginx', ['nginx-light'])
  const configuration = (await walk('nginx.conf'))
    .replace(/listen +443 ssl/g, `listen 127.0.0.1:${ports.https} ssl`)
    .replace(/listen +80/g, `listen 127.0.0.1:${ports.http}`)
    .replace('127.0.0.1:4280', `127.0.0.1:${ports.inside}`)
    .replace('/etc/cloister/tls/chain.pem', server.certificate)
    .replace('/etc/cloister/tls/key.pem', server.key)
    .replace('/etc/cloister/tls/people-ca.pem', authority.certificate)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${join(folder, what)};`)
    .join(' ')
  const file = join(folder, 'nginx.conf')
  const around = `daemon off; pid ${join(folder, 'nginx.pid')}; error_log stderr error; events {}`
  await writeFile(file, `${around}\nhttp { access_log off; ${temporary}\n${configuration}\n}\n`)
  nginx = spawn(binary, ['-c', file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'inherit'] })
  await eventually(
    'nginx listens',
    async () => (await ask('cloister', '/api/health').catch(() => undefined)) !== undefined,
  )
}

/** The settings of the walk, with this test's ports. */
async function settings(): Promise<Record<string, string>> {
  const lines = (await walk('cloister.env')).split('\n').filter((line) => /^[A-Z_]+=/.test(line))
  return Object.fromEntries(
    lines.map((line) => {
      const [name, value] = line.split(/=(.*)/s) as [string, string]
      return [name, value.startsWith('https://') ? `${value}:${ports.https}` : value]
    }),
  )
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-campus-'))
  authority = certificateAuthority(folder)
  server = authority.sign({ names }, 'server')
  person = authority.sign({ person: 'Rosa' }, 'rosa')
  ports = { https: await freePort(), http: await freePort(), inside: await freePort() }
  knowNames()
  tls.setDefaultCACertificates([await readFile(authority.certificate, 'utf8')])
  await buildWeb(() => undefined)
  home = await demoHome('cloister-campus-home-')
  const reach = reachFrom(await settings(), ports.inside)
  host = await startHost({ port: ports.inside, reach, home, quiet: true, demo: true, metricsToken, lost: () => {} })
  await startNginx()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  nginx?.kill('SIGQUIT')
  await host?.close()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
  if (home) await rm(home, { recursive: true, force: true })
})

const origin = (name: string): string => `https://${name}.uni.example:${ports.https}`

/** One request over verified TLS; with a client certificate where `as` has one. */
async function ask(
  name: string,
  path: string,
  more: { method?: string; headers?: Record<string, string>; as?: { certificate: string; key: string } } = {},
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: string }> {
  const ca = await readFile(authority.certificate)
  const own = more.as ? { cert: await readFile(more.as.certificate), key: await readFile(more.as.key) } : {}
  return new Promise((resolve, reject) => {
    request(`${origin(name)}${path}`, {
      method: more.method ?? 'GET',
      headers: more.headers ?? {},
      ca,
      ...own,
      agent: false,
    })
      .on('error', reject)
      .on('response', (answer) => {
        let body = ''
        answer
          .on('data', (part: Buffer) => (body += part.toString()))
          .on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }))
      })
      .end()
  })
}
const refusedByNginx = (answer: { status: number; body: string }): boolean =>
  answer.status === 403 && answer.body.includes('nginx')

test('what participants ask is open, and nothing else is without a certificate', async () => {
  const open = allRoutes.filter(
    ({ area, route }) => area === 'runs' && ['anyone', 'run-token'].includes(route.access.kind),
  )
  expect(open.length).toBeGreaterThan(4)
  for (const { route } of open) {
    const answer = await ask('cloister', route.path.replaceAll(/\{\w+\}/g, 'none'), { method: route.method })
    expect(refusedByNginx(answer), `${route.method} ${route.path}`).toBe(false)
  }
  expect((await ask('cloister', '/api/health')).body).toBe('{"state":"ready"}')
  expect((await ask('cloister', '/p/none')).status).toBe(200)
  for (const path of ['/', '/studies', '/oidc/auth', '/api/me', '/api/device', '/metrics', '/API/health'])
    expect(refusedByNginx(await ask('cloister', path)), path).toBe(true)
  expect((await ask('cloister', '/', { as: person })).status).toBe(200)
  expect((await ask('studies', '/s/none')).headers['content-security-policy']).toMatch(/^sandbox/)
})

test('metrics by their token, through the proxy and on the machine', async () => {
  const headers = { authorization: `Bearer ${metricsToken}` }
  expect((await ask('cloister', '/metrics', { as: person })).status).toBe(401)
  expect((await ask('cloister', '/metrics', { as: person, headers })).body).toContain('cloister_request_seconds_bucket')
  const own = await fetch(`http://127.0.0.1:${ports.inside}/metrics`, { headers })
  expect(own.headers.get('content-type')).toContain('text/plain')
  expect(await own.text()).toMatch(/cloister_request_seconds_count\{route="GET \/api\/health",status="200"\} \d/)
})

describe('in a browser', () => {
  let rosa: BrowserContext
  let page: Page
  let token: string | undefined

  test(
    'a researcher with a certificate signs in; the cookies are bound to the name',
    { timeout: 120_000 },
    async () => {
      rosa = await browser.newContext({
        ignoreHTTPSErrors: true,
        clientCertificates: [{ origin: origin('cloister'), certPath: person.certificate, keyPath: person.key }],
      })
      page = await rosa.newPage()
      page.on('request', (sent) => {
        token ??= /^Bearer (.+)$/.exec(sent.headers()['authorization'] ?? '')?.[1]
      })
      await page.goto(`${origin('cloister')}/`)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await enter(page, 'rosa@demo.cloister')
      await page.getByRole('navigation', { name: 'Areas' }).waitFor()
      expect(page.url()).toBe(`${origin('cloister')}/`)
      const cookies = await rosa.cookies()
      const session = cookies.find(({ name }) => name === '__Host-cloister_session')
      expect(session).toMatchObject({ secure: true, httpOnly: true, domain: 'cloister.uni.example', path: '/' })
      expect(cookies.filter(({ secure }) => !secure)).toEqual([])
      expect(token).toBeDefined()
    },
  )

  test('a participant without one takes a study of hers, and everything arrives', { timeout: 120_000 }, async () => {
    const throughBrowser: typeof fetch = async (input, init) => {
      const answer = await rosa.request.fetch(String(input), {
        method: init?.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init?.headers)),
        ...(typeof init?.body === 'string' ? { data: init.body } : {}),
      })
      return new Response(answer.status() === 204 ? null : new Uint8Array(await answer.body()), {
        status: answer.status(),
        headers: answer.headers(),
      })
    }
    const api = createClient({ baseUrl: origin('cloister'), token: () => token, fetch: throughBrowser })
    const { organisationId } = (await api.access.me()).memberships[0]!
    const study = await webStudy(api, organisationId)
    const { url } = await study.link()
    expect(url).toMatch(new RegExp(`^${origin('cloister')}/p/`))
    const somebody = await launchBrowser({
      args: [
        '--no-sandbox',
        '--disable-gpu',
        `--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`,
      ],
    })
    try {
      const participant = await (await somebody.newContext({ ignoreHTTPSErrors: true })).newPage()
      const complaints: string[] = []
      participant.on('console', (message) => {
        if (/Content.Security.Policy|Mixed Content/i.test(message.text())) complaints.push(message.text())
      })
      const frame = await takePart(participant, url)
      expect(frame.url()).toMatch(new RegExp(`^${origin('studies')}/s/`))
      await record(frame, 1, 5)
      await finish(frame)
      await inState(participant, 'finished')
      expect(complaints).toEqual([])
    } finally {
      await somebody.close()
    }
    const { items } = await api.runs.list({ params: { studyId: study.studyId }, query: {} })
    expect(items).toMatchObject([{ state: 'completed' }])
  })
})

describe('the page', () => {
  test('names files that are there, and the same ones as the service and nginx', async () => {
    const text = await readFile(join(root, 'docs/campus.md'), 'utf8')
    for (const [file] of text.matchAll(/local\/campus\/[\w.]+/g)) expect(existsSync(join(root, file)), file).toBe(true)
    const [unit, proxy] = [await walk('cloister.service'), await walk('nginx.conf')]
    for (const installed of [...proxy.matchAll(/\/etc\/cloister\/tls\/[\w.-]+/g)].map(([path]) => path))
      expect(text, installed).toContain(` ${installed}\n`)
    expect(unit).toContain('EnvironmentFile=/etc/cloister/cloister.env')
    expect(text).toContain(' /etc/cloister/cloister.env\n')
    expect(unit).toContain('/opt/cloister/local/launch.mjs start')
  })

  test('its commands are ones that a shell can read', async () => {
    const text = await readFile(join(root, 'docs/campus.md'), 'utf8')
    const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!)
    expect(commands.length).toBeGreaterThan(5)
    for (const block of commands)
      expect(spawnSync('sh', ['-n'], { input: block, encoding: 'utf8' }).stderr, block).toBe('')
  })

  test('its unit is one that systemd takes, with little left open', async () => {
    const analyze = ensureFromDebian('/usr/bin/systemd-analyze', ['systemd'])
    const unit = join(folder, 'cloister.service')
    // Verification wants to find the program, which is of the machine that is installed to.
    await writeFile(unit, (await walk('cloister.service')).replace('/usr/bin/node', process.execPath))
    const verified = spawnSync(analyze, ['verify', '--man=no', unit], { encoding: 'utf8' })
    expect(verified.stderr).toBe('')
    const security = spawnSync(analyze, ['security', '--offline=true', '--threshold=32', unit], { encoding: 'utf8' })
    expect(security.status, security.stdout.split('\n').at(-2)).toBe(0)
  })
})
