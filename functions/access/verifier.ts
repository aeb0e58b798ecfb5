/** Verifies what the identity provider signed: access tokens at the gateway, ID tokens at sign-in. */
import { JwtVerifier } from 'aws-jwt-verify'
import { FetchError, JwtBaseError } from 'aws-jwt-verify/error'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import type { JwtPayload } from 'aws-jwt-verify/jwt-model'
import type { Settings } from '../kernel/deps.ts'

export interface VerifierOptions {
  /** Reads the provider's key set; by default with `fetch`, over http only from this machine. */
  fetchJwks?: (uri: string) => Promise<ArrayBuffer>
}

/** The signature is not the provider's, or a claim is not as it must be. */
export class NotVerified extends Error {
  override name = 'NotVerified'
}

async function fetchKeys(uri: string): Promise<ArrayBuffer> {
  const { protocol, hostname } = new URL(uri)
  if (protocol !== 'https:' && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
    throw new FetchError(uri, 'The key set must be read over https')
  const response = await fetch(uri, { redirect: 'error', signal: AbortSignal.timeout(5000) })
  if (!response.ok) throw new FetchError(uri, `Status ${response.status}`)
  return response.arrayBuffer()
}

const refuse = (claim: string): never => {
  throw new NotVerified(`${claim} is not as expected`)
}
// An id that could not stand in a key or a path is nobody's.
const checkSubject = (payload: JwtPayload): void => {
  if (typeof payload.sub !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(payload.sub)) refuse('sub')
}

export interface Verifier {
  /**
   * Claims of an access token of our client. `NotVerified`; any other error is the provider's key set being out of
   * reach.
   */
  access(jwt: string): Promise<JwtPayload>
  /** Claims of an ID token made for our client. */
  id(jwt: string): Promise<JwtPayload>
}

/**
 * Keys are fetched at the first token and again when a token names an unknown key; unknown keys are looked for at most
 * every ten seconds.
 */
export function createVerifier(
  settings: Pick<Settings, 'issuer' | 'jwksUri' | 'clientId'>,
  { fetchJwks = fetchKeys }: VerifierOptions = {},
): Verifier {
  const { issuer, jwksUri, clientId } = settings
  const jwksCache = new SimpleJwksCache({ fetcher: { fetch: fetchJwks } })
  const accessTokens = JwtVerifier.create(
    {
      issuer,
      jwksUri,
      audience: null,
      customJwtCheck: ({ payload }) => {
        checkSubject(payload)
        if (payload['token_use'] !== 'access') refuse('token_use')
        if (payload['client_id'] !== clientId) refuse('client_id')
        if (typeof payload.exp !== 'number') refuse('exp')
      },
    },
    { jwksCache },
  )
  const idTokens = JwtVerifier.create(
    {
      issuer,
      jwksUri,
      audience: clientId,
      customJwtCheck: ({ payload }) => {
        checkSubject(payload)
        if (payload['token_use'] !== undefined && payload['token_use'] !== 'id') refuse('token_use')
        if (typeof payload.exp !== 'number') refuse('exp')
      },
    },
    { jwksCache },
  )
  const checked = async (verify: Promise<JwtPayload>): Promise<JwtPayload> => {
    try {
      return await verify
    } catch (e) {
      if (e instanceof JwtBaseError && !(e instanceof FetchError)) throw new NotVerified(e.name)
      throw e
    }
  }
  return { access: (jwt) => checked(accessTokens.verify(jwt)), id: (jwt) => checked(idTokens.verify(jwt)) }
}
