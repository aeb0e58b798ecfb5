/** For tests: glewlwyd of Debian, an OpenID provider that nobody here wrote, on a port and a database of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { freePort } from '../local/testing.ts'
import { ensureFromDebian } from '../tools/debian.ts'
import { eventually } from './eventually.ts'

const schema = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3'
const administrator = { username: 'admin', password: 'password' }

export interface Glewlwyd {
  issuer: string
  client: { clientId: string; clientSecret: string }
  /** Makes a person, or changes them. */
  person: (username: string, what: { password: string; email: string; name: string; groups: string[] }) => Promise<void>
  /** Signs somebody in at the provider, as their browser would, and answers where it is sent from `address`. */
  signIn: (address: string, username: string, password: string) => Promise<string>
  /** From now on signs with another key; the one before is gone. */
  rotateKeys: () => Promise<void>
  close: () => Promise<void>
}

/** A browser's jar: the last cookie of each name. */
class Jar {
  readonly #cookies = new Map<string, string>()
  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', ...init, headers: { ...init.headers, cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      this.#cookies.set(name!, value!)
    }
    return response
  }
  async send(method: string, url: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    const response = await this.fetch(url, { method, headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
    return response
  }
}

const newKeys = (): { key: string; cert: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  }
}

/** Starts it with one client, whose people come back to `redirect`. */
export async function startGlewlwyd(redirect: string): Promise<Glewlwyd> {
  const binary = ensureFromDebian('/usr/bin/glewlwyd', ['glewlwyd'])
  const folder = await mkdtemp(join(tmpdir(), 'cloister-glewlwyd-'))
  const port = await freePort()
  const base = `http://localhost:${port}`
  const issuer = `${base}/api/oidc`
  const database = join(folder, 'glewlwyd.db')
  const db = new DatabaseSync(database)
  db.exec(await readFile(schema, 'utf8'))
  db.exec(
    `UPDATE g_user_module_instance SET gumi_parameters = json_set(gumi_parameters, '$."data-format".groups', json('{"multiple":true,"read":true,"write":true}'))`,
  )
  db.close()
  const modules = Object.entries({
    user_module_path: 'user',
    client_module_path: 'client',
    user_auth_scheme_module_path: 'scheme',
    plugin_module_path: 'plugin',
  }).map(([name, where]) => `${name}="/usr/lib/glewlwyd/${where}"`)
  const file = join(folder, 'glewlwyd.conf')
  await writeFile(
    file,
    [
      `port=${port}`,
      'bind_address="127.0.0.1"',
      `external_url="${base}"`,
      'login_url="login.html"',
      'api_prefix="api"',
      'log_mode="console"',
      'log_level="ERROR"',
      'session_key="GLEWLWYD"',
      'session_expiration=3600',
      'admin_scope="g_admin"',
      'profile_scope="g_profile"',
      'hash_algorithm="SHA512"',
      ...modules,
      `database = { type = "sqlite3"; path = "${database}"; };`,
    ].join('\n'),
  )
  const child: ChildProcess = spawn(binary, ['--config-file', file], { stdio: 'ignore' })
  await eventually('glewlwyd answers', async () => (await fetch(`${base}/config`).catch(() => undefined))?.ok === true)

  const admin = new Jar()
  await admin.send('POST', `${base}/api/auth`, administrator)
  const plugin = (keys: { key: string; cert: string }): unknown => ({
    module: 'oidc',
    name: 'oidc',
    display_name: 'OpenID Connect',
    order_rank: 0,
    readonly: false,
    enabled: true,
    parameters: {
      iss: issuer,
      'jwt-type': 'rsa',
      'jwt-key-size': '256',
      ...keys,
      'jwks-show': true,
      'code-duration': 60,
      'access-token-duration': 600,
      'refresh-token-duration': 600,
      'auth-type-code-enabled': true,
      'subject-type': 'public',
      'session-management-allowed': true,
      'session-cookie-name': 'GLEWLWYD_OIDC',
      'session-cookie-expiration': 3600,
      'pkce-allowed': true,
      'name-claim': 'mandatory',
      'email-claim': 'mandatory',
      claims: [
        { name: 'groups', 'user-property': 'groups', type: 'string', mandatory: true, 'on-demand': false, scope: [] },
      ],
    },
  })
  await admin.send('POST', `${base}/api/mod/plugin/`, plugin(newKeys()))
  const client = { clientId: 'cloister', clientSecret: 'ofThisTestAlone4711' }
  await admin.send('POST', `${base}/api/client/`, {
    client_id: client.clientId,
    password: client.clientSecret,
    name: 'Cloister',
    confidential: true,
    token_endpoint_auth_method: ['client_secret_basic'],
    enabled: true,
    scope: [],
    redirect_uri: [redirect],
    authorization_type: ['code'],
  })
  const people = new Set<string>()
  return {
    issuer,
    client,
    person: async (username, what) => {
      const [method, path] = people.has(username) ? ['PUT', `/api/user/${username}`] : ['POST', '/api/user/']
      people.add(username)
      await admin.send(method!, `${base}${path}`, { username, ...what, scope: ['openid'], enabled: true })
    },
    signIn: async (address, username, password) => {
      const browser = new Jar()
      const page = new URL((await browser.fetch(address)).headers.get('location')!, base)
      await browser.send('POST', `${base}/api/auth`, { username, password })
      await browser.send('PUT', `${base}/api/auth/grant/${client.clientId}`, { scope: 'openid' })
      // What its login page does once a person has answered it.
      const response = await browser.fetch(`${page.searchParams.get('callback_url')}&g_continue`)
      return response.headers.get('location') ?? `${response.status}: ${await response.text()}`
    },
    rotateKeys: async () => {
      await admin.send('PUT', `${base}/api/mod/plugin/oidc`, plugin(newKeys()))
      await admin.fetch(`${base}/api/mod/reload/`, { method: 'PUT' })
    },
    close: async () => {
      const gone = new Promise((resolve) => {
        child.once('exit', resolve)
      })
      child.kill()
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}
