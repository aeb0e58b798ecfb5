/**
 * People of a campus that speaks SAML (docs/campus.md, section 9): SimpleSAMLphp of Debian knows them, LemonLDAP::NG
 * of Debian is the bridge, and the whole host stands behind it with an organisation whose admin has made a rule.
 */
import { readFile, rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../clients/api.ts'
import { type Host, startHost } from '../local/host.ts'
import { claimsOf, freePort, type Tokens, Visitor } from '../local/testing.ts'
import type { CampusBrowser } from './campus-browser.ts'
import { demoHome } from './demo-home.ts'
import { debian, missingHere, type SamlCampus, startSamlCampus } from './saml-campus.ts'

let campus: SamlCampus
let host: Host
let home: string
const mia = { password: 'mia-at-campus', mail: 'mia@uni.example', cn: 'Mia Berg', groups: ['lab', 'staff'] }

const missing = missingHere()

beforeAll(async () => {
  if (missing) return
  const port = await freePort()
  campus = await startSamlCampus(`http://127.0.0.1:${port}`)
  await campus.people({ mia })
  home = await demoHome('cloister-saml-home-')
  const settings = {
    name: 'Campus',
    issuer: campus.issuer,
    ...campus.client,
    groupsClaim: 'groups',
    scope: 'openid profile email',
  }
  host = await startHost({ port, home, quiet: true, lost: () => {}, campus: settings })
})
afterAll(async () => {
  await host?.close()
  await campus?.close()
  if (home) await rm(home, { recursive: true, force: true })
})

interface Came {
  tokens: Tokens
  visitor: Visitor
  browser: CampusBrowser
  /** How often the campus asked for a password. */
  asked: number
}

/** From the login page by the bridge to the campus and back. */
async function come(
  more: { visitor?: Visitor; browser?: CampusBrowser; begin?: Record<string, string> } = {},
): Promise<Came> {
  const { visitor = new Visitor(host.mainOrigin), browser = campus.browser() } = more
  const { response, verifier } = await visitor.begin(more.begin)
  const html = await (await visitor.follow(response)).text()
  const leaving = await visitor.request(/href="([^"]+\/campus)"/.exec(html)![1]!)
  const { at, asked } = await campus.signIn(browser, leaving.headers.get('location')!, 'mia')
  expect(at).toMatch(new RegExp(`^${host.mainOrigin}/oidc/campus\\?`))
  const back = await visitor.follow(await visitor.request(at))
  return { tokens: await visitor.finish(back, verifier), visitor, browser, asked }
}
const apiOf = ({ access_token }: Tokens): ReturnType<typeof createClient> =>
  createClient({ baseUrl: host.mainOrigin, token: async () => access_token })
const rolesOf = async ({ tokens }: Came): Promise<string[][]> => {
  const me = await apiOf(tokens).access.me()
  return me.memberships.map((membership) => [...membership.roles])
}

describe.skipIf(missing !== undefined)(`by bridge and campus${missing ? `: ${missing}` : ''}`, () => {
  test('in by SAML, with name, address and groups; an admin’s rule makes a group a role, and takes it', async () => {
    const first = await come()
    expect(claimsOf(first.tokens.id_token)).toMatchObject({
      email: mia.mail,
      name: mia.cn,
      sub: expect.stringMatching(/^campus_/),
    })
    expect(await rolesOf(first)).toEqual([])
    const admin = await new Visitor(host.mainOrigin).signIn('ada@demo.cloister', 'cloister-demo')
    const api = apiOf(admin)
    const { memberships } = await api.access.me()
    const { organisationId } = memberships.find(({ roles }) => roles.includes('admin'))!
    await api.access.makeGroupRule({ params: { organisationId }, body: { group: 'lab', role: 'analyst' } })
    const second = await come()
    expect(claimsOf(second.tokens.id_token)['sub']).toBe(claimsOf(first.tokens.id_token)['sub'])
    expect(await rolesOf(second)).toEqual([['analyst']])
    await campus.people({ mia: { ...mia, groups: ['staff'] } })
    expect(await rolesOf(await come())).toEqual([])
    await campus.people({ mia })
  })

  test('a sign-in that must be fresh asks the campus, whatever bridge and campus remember', async () => {
    const first = await come()
    expect(first.asked).toBe(1)
    await campus.pass(301)
    const again = await come({ visitor: first.visitor, browser: first.browser, begin: { prompt: 'login' } })
    expect(again.asked).toBe(1)
    expect(claimsOf(again.tokens.access_token)['auth_time']).toBeGreaterThanOrEqual(
      claimsOf(first.tokens.access_token)['auth_time'] as number,
    )
  })

  test('signing out here signs out at the bridge and at the campus', async () => {
    const { tokens, visitor, browser } = await come()
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: `${host.mainOrigin}/`,
    })
    const page = await visitor.request(`/oidc/session/end?${query}`)
    const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(await page.text())!
    const done = await visitor.form('/oidc/session/end/confirm', { xsrf: xsrf!, logout: 'yes' })
    // The campus sends people back to the bridge, and that is where they stay.
    expect(await campus.signOut(browser, done.headers.get('location')!)).toMatch(
      /\/saml\/proxySingleLogoutReturn\?.*: 200/s,
    )
    expect(await campus.remembers(browser)).toEqual({ bridge: false, campus: false })
  })

  test('the bridge signs with a new key, and sign-in goes on', async () => {
    await campus.rotateBridgeKeys()
    expect(claimsOf((await come()).tokens.id_token)).toMatchObject({ email: mia.mail })
  })

  test('the campus announces its next key, the bridge reads of it, and sign-in goes on when it is used', async () => {
    await campus.nextCampusKey('announce')
    await campus.readMetadata()
    await come()
    await campus.nextCampusKey('use')
    expect(claimsOf((await come()).tokens.id_token)).toMatchObject({ email: mia.mail })
    // One that the bridge has not read of is nobody's: it might be anybody's.
    await campus.nextCampusKey('announce')
    await campus.nextCampusKey('use')
    await expect(come()).rejects.toThrow('/saml/proxySing')
    await campus.readMetadata()
    await come()
  })
})

test('the walk installs what the bridge needs here', async () => {
  const walk = await readFile(new URL('../docs/campus.md', import.meta.url), 'utf8')
  const line = /apt-get install .*liblemonldap-ng-portal-perl.*/.exec(walk)![0].split(' ')
  const { '/usr/share/simplesamlphp/www': _, ...bridge } = debian
  expect(line).toEqual(expect.arrayContaining(Object.values(bridge).flat()))
})
