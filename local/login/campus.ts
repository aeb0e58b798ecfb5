/**
 * Sign-in by the campus' provider: code with PKCE, bound to the browser that began it. Who comes that way has an
 * account of that origin: no password here, and its address is never taken for another account's.
 */
import { createHash } from 'node:crypto'
import * as client from 'openid-client'
import { groupsIn } from '../../domain/access/group-rules.ts'
import { Email } from '../../contracts/shapes.ts'
import type { Campus } from './campus-port.ts'
import { problemPage } from './pages.ts'
import { type Exchange, html, type LoginParts, redirect } from './parts.ts'
import type { Begun } from './sign-in.ts'
import { type Account, campusPrefix } from './state.ts'

/** Where the campus' provider sends people back to: one address for all, as it must be registered there. */
export const campusReturn = '/oidc/campus'

/** A sign-in at the campus takes no longer than this. */
const patienceSeconds = 15 * 60
/** Between a fresh sign-in there and its return. */
const freshSeconds = 5 * 60

interface Underway {
  verifier: string
  nonce: string
  state: string
  fresh: boolean
}

const subOf = (issuer: string, sub: string): string =>
  `${campusPrefix}${createHash('sha256').update(`${issuer}\0${sub}`).digest('base64url')}`

/** Whether the campus says that it asked for a second factor (RFC 8176, or as federations say it). */
const byTwoFactors = ({ amr, acr }: Record<string, unknown>): boolean =>
  (Array.isArray(amr) && amr.includes('mfa')) || acr === 'https://refeds.org/profile/mfa'

const text = (value: unknown, most: number): string => (typeof value === 'string' ? value.trim().slice(0, most) : '')

/** The pages of coming and going by the campus' provider. */
export function createCampus(
  parts: LoginParts,
  { settings, arrived, log }: Campus,
): {
  leave: (exchange: Exchange, begun: Begun) => Promise<void>
  /** Back from there: sends the browser on to the sign-in that it began. */
  back: (exchange: Exchange) => Promise<void>
  finish: (exchange: Exchange, begun: Begun) => Promise<void>
} {
  const { provider, state, mainOrigin } = parts
  const returnAddress = `${mainOrigin}${campusReturn}`
  const home = `${mainOrigin}/`
  let known: Promise<client.Configuration> | undefined
  /** What the provider publishes of itself; asked again when it could not be had. Its keys are read as they change. */
  const configuration = (): Promise<client.Configuration> => {
    const insecure = settings.issuer.startsWith('http:') ? [client.allowInsecureRequests] : []
    known ??= client
      .discovery(
        new URL(settings.issuer),
        settings.clientId,
        undefined,
        client.ClientSecretBasic(settings.clientSecret),
        { execute: insecure },
      )
      .catch((error: unknown) => {
        known = undefined
        throw error
      })
    return known
  }
  const refuse = (exchange: Exchange, detail: string, status = 403): Promise<void> =>
    html(exchange, problemPage(`${settings.name} did not sign you in`, detail, home), status)
  const unreachable = (exchange: Exchange, error: unknown): Promise<void> => {
    log(error instanceof Error ? ((error as { code?: string }).code ?? error.name) : typeof error)
    return refuse(
      exchange,
      `Its sign-in could not be completed. Try again, or tell whoever runs this installation.`,
      502,
    )
  }

  const leave = async (exchange: Exchange, { uid, again }: Begun): Promise<void> => {
    try {
      const config = await configuration()
      const under: Underway = {
        verifier: client.randomPKCECodeVerifier(),
        nonce: client.randomNonce(),
        state: `${uid}.${client.randomState()}`,
        fresh: again !== undefined,
      }
      state.secrets.keep('campus', uid, { value: JSON.stringify(under), seconds: patienceSeconds })
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: returnAddress,
        scope: settings.scope,
        code_challenge: await client.calculatePKCECodeChallenge(under.verifier),
        code_challenge_method: 'S256',
        state: under.state,
        nonce: under.nonce,
        ...(under.fresh ? { prompt: 'login', max_age: String(freshSeconds) } : {}),
      })
      return await redirect(exchange, address.href)
    } catch (error) {
      return unreachable(exchange, error)
    }
  }

  const back = (exchange: Exchange): Promise<void> => {
    const { search, searchParams } = new URL(exchange.request.url ?? '', mainOrigin)
    const [, uid] = /^([\w-]{1,64})\./.exec(searchParams.get('state') ?? '') ?? []
    return uid
      ? redirect(exchange, `/oidc/interaction/${uid}/campus-done${search}`)
      : refuse(exchange, 'Its answer belongs to no sign-in of this browser.', 400)
  }

  /** Claims of the ID token; those that it lacks are asked for where the provider has more to say. */
  const claimsFor = async (exchange: Exchange, under: Underway): Promise<Record<string, unknown> & { sub: string }> => {
    const config = await configuration()
    const { search } = new URL(exchange.request.url ?? '', mainOrigin)
    const tokens = await client.authorizationCodeGrant(config, new URL(`${returnAddress}${search}`), {
      pkceCodeVerifier: under.verifier,
      expectedState: under.state,
      expectedNonce: under.nonce,
      idTokenExpected: true,
      ...(under.fresh ? { maxAge: freshSeconds } : {}),
    })
    const claims = tokens.claims()!
    const whole = claims['email'] !== undefined && claims[settings.groupsClaim] !== undefined
    if (whole || config.serverMetadata().userinfo_endpoint === undefined) return { ...claims }
    return { ...(await client.fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims }
  }

  const finish = async (exchange: Exchange, { uid }: Begun): Promise<void> => {
    const held = state.secrets.take('campus', uid)
    if (!held) return refuse(exchange, 'This sign-in is too old, or was finished already. Begin again.', 400)
    const asked = new URL(exchange.request.url ?? '', mainOrigin).searchParams
    if (asked.has('error')) return refuse(exchange, `It answered: ${text(asked.get('error'), 60)}.`)
    let claims: Record<string, unknown> & { sub: string }
    try {
      claims = await claimsFor(exchange, JSON.parse(held.value) as Underway)
    } catch (error) {
      return unreachable(exchange, error)
    }
    const email = text(claims['email'], 254)
    if (!Email.safeParse(email).success || claims['email_verified'] === false)
      return refuse(exchange, 'It does not say an address of yours that it has verified, and accounts need one.')
    const account: Account = {
      sub: subOf(settings.issuer, claims.sub),
      email,
      name: text(claims['name'], 120) || text(claims['preferred_username'], 120) || email,
      password: '',
      groups: [],
      created: new Date(parts.now()).toISOString(),
    }
    if (!state.putCampusAccount(account))
      return refuse(exchange, 'There is an account with your address already. Sign in with its password instead.', 409)
    try {
      await arrived({ sub: account.sub, groups: groupsIn(claims[settings.groupsClaim]) })
    } catch (error) {
      log(error instanceof Error ? error.name : typeof error)
      return refuse(exchange, 'Your roles here could not be brought up to date. Try again in a moment.', 503)
    }
    return provider.interactionFinished(
      exchange.request,
      exchange.response,
      { login: { accountId: account.sub, remember: true, amr: ['campus', ...(byTwoFactors(claims) ? ['mfa'] : [])] } },
      { mergeWithLastSubmission: false },
    )
  }

  /** Where a browser ends its session at the campus; undefined where the campus has no such page. */
  const endThere = async (): Promise<string | undefined> => {
    const config = await configuration().catch(() => undefined)
    if (config?.serverMetadata().end_session_endpoint === undefined) return undefined
    return client.buildEndSessionUrl(config, { client_id: settings.clientId, post_logout_redirect_uri: home }).href
  }
  // Who signs out here and came by the campus is sent there to sign out, too.
  provider.use(async (ctx, next) => {
    const ends = ctx.method === 'POST' && ctx.path.endsWith('/session/end/confirm')
    const session = ends ? await provider.Session.get(ctx) : undefined
    await next()
    if (!session?.accountId?.startsWith(campusPrefix) || ctx.response.get('location') !== home) return
    const there = await endThere()
    if (there) ctx.redirect(there)
  })
  return { leave, back, finish }
}
