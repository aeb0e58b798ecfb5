/** For tests: a browser without a screen that signs in at the local login and holds its cookies. */
import { createHash, randomBytes } from 'node:crypto'

export interface Tokens {
  access_token: string
  id_token: string
  refresh_token?: string
  expires_in: number
}

/** Cookies by name, and requests that follow no redirect. */
export class Visitor {
  readonly cookies = new Map<string, string>()
  readonly origin: string
  constructor(origin: string) {
    this.origin = origin
  }

  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(new URL(url, this.origin), {
      redirect: 'manual',
      ...init,
      headers: {
        ...(init.headers as Record<string, string>),
        cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; '),
      },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name!)
      else this.cookies.set(name!, value!)
    }
    return response
  }
  /** As a page of the same origin sends it. */
  form(url: string, fields: Record<string, string>): Promise<Response> {
    return this.request(url, { method: 'POST', headers: { origin: this.origin }, body: new URLSearchParams(fields) })
  }
  /** Goes where a redirect leads. */
  async follow(response: Response): Promise<Response> {
    return this.request(response.headers.get('location') ?? '')
  }

  /** Begins a sign-in; answers the response of the authorization endpoint and the PKCE verifier. */
  async begin(more: Record<string, string> = {}): Promise<{ response: Response; verifier: string }> {
    const verifier = randomBytes(32).toString('base64url')
    const query = new URLSearchParams({
      client_id: 'cloister-portal',
      redirect_uri: `${this.origin}/signed-in`,
      response_type: 'code',
      scope: 'openid profile email',
      resource: `${this.origin}/api`,
      state: randomBytes(8).toString('hex'),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...more,
    })
    return { response: await this.request(`/oidc/auth?${query}`), verifier }
  }
  /** From the answer to a right password to tokens. */
  async finish(response: Response, verifier: string): Promise<Tokens> {
    let at = response
    while (!(at.headers.get('location') ?? '').startsWith(`${this.origin}/signed-in`)) {
      if (at.status < 300 || at.status >= 400)
        throw new Error(`The sign-in stopped with ${at.status}: ${await at.text()}`)
      at = await this.follow(at)
    }
    const code = new URL(at.headers.get('location')!).searchParams.get('code')
    if (!code) throw new Error(`No code: ${at.headers.get('location')}`)
    return this.token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${this.origin}/signed-in`,
      code_verifier: verifier,
    })
  }
  async token(fields: Record<string, string>): Promise<Tokens> {
    const response = await this.form('/oidc/token', { client_id: 'cloister-portal', ...fields })
    if (!response.ok) throw new Error(`The token endpoint answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as Tokens
  }
  async signIn(email: string, password: string, more: Record<string, string> = {}): Promise<Tokens> {
    const { response, verifier } = await this.begin(more)
    return this.finish(await this.form(response.headers.get('location')!, { email, password }), verifier)
  }
}

/** The claims of a JWT, unchecked. */
export const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString('utf8')) as Record<string, unknown>

/**
 * A port of this machine that was free a moment ago. Below the range from which the system takes ports for outgoing
 * connections: no client of another test gets it meanwhile.
 */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const free = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const server = createServer()
        .on('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
  for (let tries = 0; tries < 100; tries++) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    if (await free(port)) return port
  }
  throw new Error('No port is free')
}
