/** The settings of a campus' own sign-in, an OpenID provider (or a bridge from SAML that speaks as one). */
import { isLoopback } from './reach.ts'
import { Trouble } from './trouble.ts'

export interface CampusSettings {
  /** As people know it: "Sign in with NAME". */
  name: string
  issuer: string
  clientId: string
  clientSecret: string
  /** The claim that names a person's groups. */
  groupsClaim: string
  scope: string
}

const names = ['CLOISTER_CAMPUS_ISSUER', 'CLOISTER_CAMPUS_CLIENT', 'CLOISTER_CAMPUS_SECRET'] as const

/**
 * The campus' provider, when the environment names one.
 *
 * @throws {Trouble} when half of it is said, or it would be asked without https.
 */
export function campusFrom(settings: Readonly<Record<string, string | undefined>>): { campus?: CampusSettings } {
  const [issuer, clientId, clientSecret] = names.map((name) => settings[name] ?? '') as [string, string, string]
  if (!issuer && !clientId && !clientSecret) return {}
  const missing = names.find((name) => !settings[name])
  if (missing) throw new Trouble(`${missing} is not set: a campus' sign-in needs ${names.join(', ')}.`)
  if (!URL.canParse(issuer)) throw new Trouble(`CLOISTER_CAMPUS_ISSUER is "${issuer}"; it must be an address.`)
  const { protocol, hostname } = new URL(issuer)
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    throw new Trouble(`CLOISTER_CAMPUS_ISSUER is "${issuer}"; it must be https: what it says is who people are.`)
  return {
    campus: {
      name: settings['CLOISTER_CAMPUS_NAME'] || hostname,
      issuer,
      clientId,
      clientSecret,
      groupsClaim: settings['CLOISTER_CAMPUS_GROUPS'] || 'groups',
      scope: settings['CLOISTER_CAMPUS_SCOPE'] || 'openid profile email',
    },
  }
}
