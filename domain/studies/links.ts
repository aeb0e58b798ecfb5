/** Links: kinds, when they still work, and where they may send a participant. */
import { own } from '../own.ts'
import type { StudyState } from './life.ts'

export const linkKinds = ['general', 'single', 'personal', 'preview'] as const
export type LinkKind = (typeof linkKinds)[number]
export const linkKindMeaning: Record<LinkKind, string> = {
  general: 'Many participants, each starts once per browser',
  single: 'Exactly one run',
  personal: 'One person, as often as they like',
  preview: 'For you: works before launch and never counts',
}

export interface LinkFacts {
  kind: LinkKind
  expires: string
  quota?: number | undefined
  started: number
  revoked: boolean
  usedBy?: string | undefined
}
export type LinkState = 'open' | 'expired' | 'used' | 'full' | 'revoked'

/** How a link stands at `now`. */
export function linkState(link: LinkFacts, now: Date): LinkState {
  if (link.revoked) return 'revoked'
  if (now.toISOString() >= link.expires) return 'expired'
  if (link.kind === 'single' && (link.usedBy !== undefined || link.started > 0)) return 'used'
  if (link.quota !== undefined && link.started >= link.quota) return 'full'
  return 'open'
}

export type Refusal = 'study-not-open' | 'study-closed' | 'study-full' | 'link-used' | 'link-expired'

/**
 * Why a new run cannot start by this link, or undefined when it can. Preview links work in every state of the study.
 */
export function refusal(link: LinkFacts, study: StudyState, now: Date): Refusal | undefined {
  const state = linkState(link, now)
  if (state === 'expired' || state === 'revoked') return 'link-expired'
  if (state === 'used') return 'link-used'
  if (state === 'full') return 'study-full'
  if (link.kind === 'preview' || study === 'live') return undefined
  return study === 'closed' ? 'study-closed' : 'study-not-open'
}

/**
 * The host of a redirect when it is an https address to one of `hosts` (http only to loopback); undefined otherwise.
 * Placeholders may stand anywhere after the host.
 */
export function redirectHost(address: string, hosts: readonly string[]): string | undefined {
  const authority = /^(https?):\/\/([^/?#\\{}@\s]+)(?=[/?#]|$)/i.exec(address)
  if (!authority) return undefined
  let url: URL
  try {
    url = new URL(address.replaceAll(/\{[^{}]*\}/g, 'x'))
  } catch {
    return undefined
  }
  const loopback = url.hostname === 'localhost' || url.hostname === '127.0.0.1'
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) return undefined
  if (url.username || url.password) return undefined
  return hosts.includes(url.hostname) ? url.hostname : undefined
}

interface RedirectValues {
  runId: string
  outsideId?: string | undefined
  state: string
  parameters: Record<string, string>
}

const fromQuery = 'parameter:'
function valueOf(name: string, values: RedirectValues): string {
  if (name.startsWith(fromQuery)) return own(values.parameters, name.slice(fromQuery.length)) ?? ''
  return values[name as 'runId' | 'outsideId' | 'state'] ?? ''
}

/**
 * A redirect address with {runId}, {outsideId}, {state} and {parameter:NAME} filled in, percent-encoded; what is
 * unknown becomes empty.
 */
export const fillRedirect = (address: string, values: RedirectValues): string =>
  address.replaceAll(/\{(runId|outsideId|state|parameter:[A-Za-z0-9_.-]+)\}/g, (_, name: string) =>
    encodeURIComponent(valueOf(name, values).toWellFormed()),
  )
