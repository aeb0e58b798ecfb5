/** The host's names: who answers by which, over real sockets and real TLS. Its functions only say who asked. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testObjects } from '../adapters/local/testing.ts'
import { allRoutes } from '../contracts/index.ts'
import type { LambdaHandler } from '../functions/kernel/handler.ts'
import { type Authority, certificateAuthority } from '../test/certificates.ts'
import { startGateway } from './gateway.ts'
import type { Listening } from './listen.ts'
import { reachFrom } from './reach.ts'
import { freePort } from './testing.ts'

const names = ['cloister.uni.example', 'studies.uni.example', 'old.uni.example', 'old-studies.uni.example']
let folder: string
let authority: Authority
let gateway: Listening
let inside: number
let outside: number

/** Answers whose address it was told. */
const says: LambdaHandler = async (event) => ({
  statusCode: 200,
  body: JSON.stringify({ from: event.requestContext.http.sourceIp }),
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-names-'))
  authority = certificateAuthority(folder)
  const { certificate, key } = authority.sign({ names }, 'server')
  inside = await freePort()
  outside = await freePort()
  const reach = reachFrom(
    {
      CLOISTER_MAIN_ORIGIN: `https://cloister.uni.example:${outside}`,
      CLOISTER_STUDY_ORIGIN: `https://studies.uni.example:${outside}`,
      CLOISTER_FORMER_ORIGINS: `https://old.uni.example:${outside},https://old-studies.uni.example:${outside}`,
      CLOISTER_LISTEN: `127.0.0.1:${outside}`,
      CLOISTER_CERTIFICATE: certificate,
      CLOISTER_KEY: key,
      CLOISTER_TRUSTED_PROXY: '127.0.0.1',
    },
    inside,
  )
  gateway = await startGateway(reach, {
    settings: { version: 'test' },
    objects: testObjects(join(folder, 'objects'), reach.mainOrigin).objects,
    takes: async () => true,
    handlers: new Map(allRoutes.map(({ area, route }) => [`${area}/${route.function}`, says])),
    authorizer: async () => ({ isAuthorized: false }),
    login: async (request, response) => {
      response.end(JSON.stringify(request.headers))
    },
    web: join(folder, 'web'),
    log: () => {},
    doing: () => () => {},
  })
})
afterAll(async () => {
  await gateway?.close()
  await rm(folder, { recursive: true, force: true })
})

interface Heard {
  status: number
  headers: IncomingHttpHeaders
  body: string
  certificate?: PeerCertificate
}
/** Asks the host of a name; `how` is the way there. */
async function ask(
  how: 'tls' | 'plain',
  name: string,
  path: string,
  more: { method?: string; headers?: Record<string, string> } = {},
): Promise<Heard> {
  const ca = await readFile(authority.certificate)
  return new Promise((resolve, reject) => {
    const common = { path, method: more.method ?? 'GET', headers: { host: name, ...more.headers }, agent: false }
    const sent =
      how === 'tls'
        ? secureRequest({ ...common, host: '127.0.0.1', port: outside, servername: names[0], ca })
        : plainRequest({ ...common, host: '127.0.0.1', port: inside })
    sent.on('error', reject).on('response', (answer) => {
      let body = ''
      const certificate = how === 'tls' ? (answer.socket as TLSSocket).getPeerCertificate() : undefined
      answer
        .on('data', (part: Buffer) => (body += part.toString()))
        .on('end', () =>
          resolve({
            status: answer.statusCode!,
            headers: answer.headers,
            body,
            ...(certificate ? { certificate } : {}),
          }),
        )
    })
    sent.end()
  })
}
const at = (name: string): string => `${name}.uni.example:${outside}`

test('both names over TLS, apart from each other, with HSTS; no third name', async () => {
  const main = await ask('tls', at('cloister'), '/api/sign-in')
  expect(main.status).toBe(200)
  expect(main.headers).toMatchObject({ 'strict-transport-security': 'max-age=31536000' })
  expect(main.headers['content-security-policy']).toContain(`frame-src https://${at('studies')};`)
  const study = await ask('tls', at('studies'), '/s/none')
  expect(study.headers['content-security-policy']).toMatch(/^sandbox allow-scripts/)
  expect(study.headers['content-security-policy']).toContain(
    `frame-ancestors https://${at('cloister')} https://${at('old')};`,
  )
  expect(study.headers).toMatchObject({ 'strict-transport-security': 'max-age=31536000' })
  expect((await ask('tls', at('studies'), '/api/sign-in')).status).toBe(404)
  expect((await ask('tls', at('studies'), '/oidc/jwks')).status).toBe(404)
  expect((await ask('tls', 'evil.example', '/')).status).toBe(421)
  expect((await ask('tls', at('Cloister'), '/api/sign-in')).status).toBe(200)
})

test('HEAD answers as GET does, without a body, where there is a GET', async () => {
  const read = await ask('tls', at('cloister'), '/api/health')
  const head = await ask('tls', at('cloister'), '/api/health', { method: 'HEAD' })
  expect(head).toMatchObject({ status: read.status, body: '' })
  expect(head.headers['content-length']).toBe(String(read.body.length))
  expect(read.body).not.toBe('')
  expect((await ask('tls', at('cloister'), '/api/device', { method: 'HEAD' })).status).toBe(404)
})

test('without TLS a name of https sends readers on and takes nothing', async () => {
  const forwarded = { 'x-forwarded-proto': 'http' }
  const page = await ask('plain', at('cloister'), '/studies?x=1', { headers: forwarded })
  expect(page.status).toBe(308)
  expect(page.headers.location).toBe(`https://${at('cloister')}/studies?x=1`)
  const post = await ask('plain', at('cloister'), '/api/device', { method: 'POST', headers: forwarded })
  expect(post.status).toBe(421)
  const unsaid = await ask('plain', at('cloister'), '/')
  expect(unsaid.status).toBe(502)
  expect(unsaid.body).toContain('X-Forwarded-Proto')
})

test('what a proxy says is believed of the nearest address that is none; what its client made up is not', async () => {
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': at('cloister') }
  const from = async (chain: string): Promise<unknown> =>
    JSON.parse(
      (await ask('plain', 'whatever', '/api/sign-in', { headers: { ...headers, 'x-forwarded-for': chain } })).body,
    )
  expect(await from('203.0.113.7')).toEqual({ from: '203.0.113.7' })
  expect(await from('10.0.0.1, 203.0.113.7')).toEqual({ from: '203.0.113.7' })
  expect(await from('198.51.100.1, 203.0.113.7, 127.0.0.1')).toEqual({ from: '203.0.113.7' })
  const login = await ask('plain', 'whatever', '/oidc/auth', {
    headers: { ...headers, 'x-forwarded-for': '10.0.0.1, 203.0.113.7' },
  })
  expect(JSON.parse(login.body)).toMatchObject({
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': at('cloister'),
  })
})

test('within the machine only what the host asks of itself', async () => {
  const own = `127.0.0.1:${inside}`
  expect((await ask('plain', own, '/api/sign-in')).status).toBe(200)
  expect((await ask('plain', own, '/oidc/jwks')).status).toBe(200)
  expect((await ask('plain', own, '/objects/assets/eA?expires=9&signature=AA')).status).toBe(403)
  for (const path of ['/', '/studies', '/api/me', '/oidc/auth'])
    expect((await ask('plain', own, path)).status).toBe(421)
})

test('a former name goes on for participants and programs, and sends people on', async () => {
  const portal = await ask('tls', at('old'), '/studies/1?tab=links')
  expect(portal.status).toBe(308)
  expect(portal.headers.location).toBe(`https://${at('cloister')}/studies/1?tab=links`)
  expect((await ask('tls', at('old'), '/oidc/auth')).status).toBe(308)
  expect((await ask('tls', at('old'), '/oidc/token', { method: 'POST' })).status).toBe(421)
  expect((await ask('tls', at('old'), '/api/sign-in')).status).toBe(200)
  const participant = await ask('tls', at('old'), '/p/abc')
  // There are no built pages in this test: 503 says that it would have been served here.
  expect(participant.status).toBe(503)
  expect(participant.headers['content-security-policy']).toContain(
    `connect-src 'self' https://${at('studies')} https://${at('cloister')};`,
  )
  const files = await ask('tls', at('old-studies'), '/s/none')
  expect(files.headers['content-security-policy']).toContain(`default-src 'self' https://${at('old-studies')} `)
})

test('a page of a former name may use the links of objects; no other origin may', async () => {
  const preflight = (origin: string): Promise<Heard> =>
    ask('tls', at('cloister'), '/objects/assets/eA?expires=9&signature=AA', { method: 'OPTIONS', headers: { origin } })
  const known = await preflight(`https://${at('old')}`)
  expect(known.status).toBe(204)
  expect(known.headers).toMatchObject({ 'access-control-allow-origin': `https://${at('old')}` })
  const strange = await preflight('https://evil.example')
  expect(strange.status).toBe(403)
  expect(strange.headers['access-control-allow-origin']).toBeUndefined()
})

test('a new certificate is used from the next connection on; what is none changes nothing', async () => {
  const serial = async (): Promise<string> =>
    (await ask('tls', at('cloister'), '/api/sign-in')).certificate!.serialNumber
  const before = await serial()
  const next = authority.sign({ names }, 'next')
  await copyFile(next.certificate, join(folder, 'server.pem'))
  expect(() => gateway.renew()).toThrow(/belong together/)
  expect(await serial()).toBe(before)
  await copyFile(next.key, join(folder, 'server.key'))
  gateway.renew()
  expect(await serial()).not.toBe(before)
})
