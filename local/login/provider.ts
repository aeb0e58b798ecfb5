/**
 * The OpenID provider of the local host: what Cognito is in AWS. Code flow with PKCE, JWT access tokens for the API.
 */
import { generateKeyPair, randomBytes } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { type ClientMetadata, type Configuration, errors, type JWKS, Provider } from 'oidc-provider'
import { founders } from '../../functions/access/session.ts'
import { readText, writeWhole } from '../files.ts'
import { openText, type Seal, sealText } from '../../adapters/local/seal.ts'
import { isHttps } from '../reach.ts'
import { beganHere, interactionSeconds } from './browser.ts'
import { escapeHtml, problemPage, signedOutPage, signOutPage } from './pages.ts'
import type { Account, LoginState } from './state.ts'

interface KeyFile {
  jwks: JWKS
  cookies: string[]
}
export const clientId = 'cloister-portal'
/** The pages of one's own account: they need the session that a sign-in leaves, and no tokens. */
export const accountClient = 'cloister-account'
export const accountPath = '/oidc/account'
export const scope = 'openid profile email'
/** RFC 8707 resource, also the audience of access tokens. */
export const resourceOf = (mainOrigin: string): string => `${mainOrigin}/api`

/** The signing and cookie keys of this installation, made at first use. */
async function loginKeys(file: string, seal: Seal | undefined): Promise<KeyFile> {
  const name = basename(file)
  const found = await readText(file)
  if (found !== undefined) return JSON.parse(openText(seal, name, found)) as KeyFile
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const kid = randomBytes(12).toString('base64url')
  const made: KeyFile = {
    jwks: {
      keys: [{ ...(privateKey.export({ format: 'jwk' }) as JWKS['keys'][number]), kid, alg: 'RS256', use: 'sig' }],
    },
    cookies: [randomBytes(32).toString('base64url')],
  }
  await writeWhole(file, sealText(seal, name, JSON.stringify(made)))
  return made
}

const claimsOf = (account: Account, groups: readonly string[]): Record<string, unknown> & { sub: string } => ({
  sub: account.sub,
  email: account.email,
  email_verified: true,
  name: account.name,
  'cognito:groups': groups,
})

/**
 * Cookies of 127.0.0.1 are shared by all its ports: names of our own, and nothing but the session's id in them. Under
 * https their names have browsers refuse what a neighbouring name, or somebody without TLS, would set in their place;
 * of those that have a path of their own, somebody without TLS alone (browser.ts holds against neighbours).
 */
function cookiesOf(secure: boolean): Configuration['cookies'] {
  const kept = { httpOnly: true, sameSite: 'lax', signed: true, secure } as const
  const [host, path] = secure ? ['__Host-', '__Secure-'] : ['', '']
  return {
    names: {
      session: `${host}cloister_session`,
      interaction: `${path}cloister_interaction`,
      resume: `${path}cloister_resume`,
    },
    long: kept,
    short: kept,
  }
}

/** The provider at `<mainOrigin>/oidc`. `keyFile` keeps its keys (0600), sealed where the home is. */
export async function createProvider(options: {
  mainOrigin: string
  keyFile: string
  seal?: Seal | undefined
  state: LoginState
  /** Addresses, in lower case, of those who may found organisations by the host's settings. */
  founders?: ReadonlySet<string>
  /** Told of an error in between: most are browsers that went away. */
  failed: (error: unknown) => void
}): Promise<Provider> {
  const { mainOrigin, state } = options
  const groupsOf = ({ email, groups }: Account): string[] =>
    options.founders?.has(email) ? [...new Set([...groups, founders])] : groups
  const keys = await loginKeys(options.keyFile, options.seal)
  const resource = resourceOf(mainOrigin)
  const portal: ClientMetadata = {
    client_id: clientId,
    client_name: 'Cloister',
    token_endpoint_auth_method: 'none',
    application_type: 'web',
    redirect_uris: [`${mainOrigin}/signed-in`, `${mainOrigin}/signed-in/popup`],
    post_logout_redirect_uris: [`${mainOrigin}/`],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
  }
  const ownAccount: ClientMetadata = {
    client_id: accountClient,
    client_name: 'Cloister',
    token_endpoint_auth_method: 'none',
    application_type: 'web',
    redirect_uris: [`${mainOrigin}${accountPath}`],
    response_types: ['none'],
    grant_types: [],
  }
  const configuration: Configuration = {
    adapter: (model: string) => state.store(model) as never,
    clients: [portal, ownAccount],
    jwks: keys.jwks,
    cookies: { keys: keys.cookies, ...cookiesOf(isHttps(mainOrigin)) },
    scopes: ['openid', 'profile', 'email'],
    responseTypes: ['code', 'none'],
    // The portal asks from the provider's own origin; nobody else has business there.
    clientBasedCORS: (_ctx, origin) => origin === mainOrigin,
    claims: { openid: ['sub', 'cognito:groups'], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    interactions: { url: (_ctx, interaction) => `/oidc/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => {
      const account = state.accountBySub(sub)
      return account && { accountId: sub, claims: () => claimsOf(account, groupsOf(account)) }
    },
    // The portal is part of the installation: nobody is asked to consent to it.
    loadExistingGrant: async (ctx) => {
      const { client, session, provider, account } = ctx.oidc
      const existing = client && session?.grantIdFor(client.clientId)
      const found = existing ? await provider.Grant.find(existing) : undefined
      if (found || !client || !account) return found
      const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId })
      grant.addOIDCScope(scope)
      grant.addResourceScope(resource, '')
      await grant.save()
      return grant
    },
    extraTokenClaims: (ctx, token) => {
      const account = 'accountId' in token ? state.accountBySub(String(token.accountId)) : undefined
      const { AuthorizationCode: code, RefreshToken: refresh } = ctx.oidc.entities
      return {
        token_use: 'access',
        auth_time: refresh?.authTime ?? code?.authTime ?? ctx.oidc.session?.authTime(),
        'cognito:groups': account ? groupsOf(account) : [],
        // How the session of this token signed in: what it was given out with stays with it.
        ...((refresh?.amr ?? code?.amr ?? []).includes('mfa') ? { second_factor: true } : {}),
      }
    },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // A refresh token works once, and only as long as the session that it was given in. One that is used again, after
    // the grace that the store gives, was copied: all that its session gave out ends.
    rotateRefreshToken: true,
    expiresWithSession: async () => true,
    ttl: {
      AccessToken: 15 * 60,
      IdToken: 15 * 60,
      AuthorizationCode: 60,
      Interaction: interactionSeconds,
      Session: 12 * 3600,
      Grant: 14 * 24 * 3600,
      RefreshToken: 12 * 3600,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true, allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: async () => true,
        getResourceServerInfo: (_ctx, indicator) => {
          if (indicator !== resource) throw new errors.InvalidTarget()
          return {
            scope: '',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 15 * 60,
            jwt: { sign: { alg: 'RS256' } },
          }
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (ctx, form) => {
          ctx.body = signOutPage(form.replace('</form>', '<input type="hidden" name="logout" value="yes"></form>'))
        },
        postLogoutSuccessSource: async (ctx) => {
          ctx.body = signedOutPage(`${mainOrigin}/`)
        },
      },
    },
    renderError: async (ctx, out) => {
      ctx.type = 'html'
      ctx.body = problemPage(
        'This sign-in cannot go on',
        out.error === 'invalid_request' || out.error === 'server_error'
          ? `It may be too old, or was opened twice (${escapeHtml(out.error)}).`
          : `The login answered: ${out.error}.`,
        `${mainOrigin}/`,
      )
    },
  }
  const provider = new Provider(`${mainOrigin}/oidc`, configuration)
  // The gateway has written into these headers how the request was really asked (local/asked.ts).
  provider.proxy = true
  provider.on('interaction.started', ({ req, res, oidc }) => {
    const begun = oidc.entities.Interaction
    if (begun) beganHere({ request: req, response: res }, begun.uid, { state, mainOrigin })
  })
  provider.on('authorization.success', ({ oidc, req }) => {
    const { session } = oidc
    if (session?.accountId)
      state.began({ uid: session.uid, sub: session.accountId, agent: (req.headers['user-agent'] ?? '').slice(0, 300) })
  })
  // Without a listener Koa writes the whole error to the terminal: a browser that goes away is none of its business.
  const emitter: EventEmitter = provider
  emitter.on('error', options.failed)
  return provider
}
