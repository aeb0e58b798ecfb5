/** Under which names people reach the host, where it listens, and whose word it takes for who is asking. */
import { BlockList, isIP } from 'node:net'
import { Trouble } from './trouble.ts'

/** The two origins of an installation, without trailing slashes. */
export interface Origins {
  mainOrigin: string
  studyOrigin: string
}
export interface Reach extends Origins {
  /** Where the host always listens, for itself and what stands on this machine: 127.0.0.1 and ::1, without TLS. */
  port: number
  /** Names it had before: what was begun there still comes to its end there. */
  former: readonly Origins[]
  /** A further address, for other machines. */
  listen?: { address: string; port: number }
  /** Files of the certificate chain and its key; the further address speaks TLS then. */
  certificate?: { certificate: string; key: string }
  /** Reverse proxies, whose X-Forwarded-* headers are believed. */
  proxies: BlockList
}

/** A laptop: nobody else reaches it. */
export const loopbackReach = (port: number): Reach => ({
  port,
  mainOrigin: `http://127.0.0.1:${port}`,
  studyOrigin: `http://localhost:${port}`,
  former: [],
  proxies: new BlockList(),
})

/** Where the host reaches itself, whatever its public names are: its key set, and its runners' signed links. */
export const insideOrigin = ({ port }: { port: number }): string => `http://127.0.0.1:${port}`

/** Whether an origin is asked by https. */
export const isHttps = (origin: string): boolean => origin.startsWith('https:')

/** The settings' names in the environment. */
export type ReachSettings = Readonly<Record<string, string | undefined>>

/** Whether a name of a URL is this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)

/** An origin as browsers write it; `Trouble` for what is none. */
function originFrom(name: string, text: string): string {
  const shape = `${name} is "${text}"; it must be an origin such as https://cloister.uni.example, without a path.`
  if (!URL.canParse(text)) throw new Trouble(shape)
  const url = new URL(text)
  if (!['http:', 'https:'].includes(url.protocol) || url.href !== `${url.origin}/`) throw new Trouble(shape)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new Trouble(
      `${name} is "${text}"; without https anybody on the way could read and change what people send. Only this machine's own names (127.0.0.1, localhost) may do without.`,
    )
  return url.origin
}

/** Refuses two names under which a study's pages would come too near to the portal's cookies. */
function keepApart({ mainOrigin, studyOrigin }: Origins): void {
  const [main, study] = [new URL(mainOrigin), new URL(studyOrigin)]
  if (main.hostname === study.hostname)
    throw new Trouble(
      `The portal (${mainOrigin}) and study pages (${studyOrigin}) need names of their own: cookies of one would reach the other under the same name, whatever the port.`,
    )
  const below = (inner: URL, outer: URL): boolean => inner.hostname.endsWith(`.${outer.hostname}`)
  if (below(main, study) || below(study, main))
    throw new Trouble(
      `One of ${mainOrigin} and ${studyOrigin} lies below the other, so a study's page could set cookies for the portal. Give them names side by side, such as cloister.uni.example and studies.uni.example.`,
    )
  if (main.protocol !== study.protocol)
    throw new Trouble(`${mainOrigin} and ${studyOrigin} must both be https, or both be names of this machine.`)
}

function originsFrom(settings: ReachSettings, usual: Origins): Origins {
  const [main, study] = [settings['CLOISTER_MAIN_ORIGIN'], settings['CLOISTER_STUDY_ORIGIN']]
  if (!main && !study) return usual
  if (!main || !study)
    throw new Trouble(
      `CLOISTER_${main ? 'MAIN' : 'STUDY'}_ORIGIN is set and CLOISTER_${main ? 'STUDY' : 'MAIN'}_ORIGIN is not: an installation has two public names, one for the portal and one for study pages.`,
    )
  return {
    mainOrigin: originFrom('CLOISTER_MAIN_ORIGIN', main),
    studyOrigin: originFrom('CLOISTER_STUDY_ORIGIN', study),
  }
}

const listOf = (text: string | undefined): string[] => (text ?? '').split(/[\s,]+/).filter(Boolean)

function formerFrom(text: string | undefined, now: Origins): Origins[] {
  const origins = listOf(text).map((origin) => originFrom('CLOISTER_FORMER_ORIGINS', origin))
  if (origins.length % 2 !== 0)
    throw new Trouble(
      'CLOISTER_FORMER_ORIGINS must list pairs, parted by commas: a former main origin, then its study origin, and so on.',
    )
  const former = Array.from({ length: origins.length / 2 }, (_, pair) => ({
    mainOrigin: origins[2 * pair]!,
    studyOrigin: origins[2 * pair + 1]!,
  }))
  const mains = new Set([now, ...former].map((pair) => pair.mainOrigin))
  const both = [now, ...former].find((pair) => mains.has(pair.studyOrigin))
  if (both)
    throw new Trouble(`${both.studyOrigin} is among the main origins and the study origins of CLOISTER_FORMER_ORIGINS.`)
  return former
}

function listenFrom(text: string | undefined, inside: number): { address: string; port: number } | undefined {
  if (!text) return undefined
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const address = bracketed ?? plain ?? ''
  const port = Number(digits)
  if (isIP(address) === 0 || port < 1 || port > 65535)
    throw new Trouble(
      `CLOISTER_LISTEN is "${text}"; it must be an address and a port, such as 0.0.0.0:443 or [::]:443.`,
    )
  if (port === inside)
    throw new Trouble(
      `CLOISTER_LISTEN has the port ${port}, on which the host listens for itself at 127.0.0.1. Give one of them another: CLOISTER_PORT=4290 npm start`,
    )
  return { address, port }
}

function certificateFrom(settings: ReachSettings): { certificate: string; key: string } | undefined {
  const [certificate, key] = [settings['CLOISTER_CERTIFICATE'], settings['CLOISTER_KEY']]
  if (!certificate && !key) return undefined
  if (!certificate || !key)
    throw new Trouble('CLOISTER_CERTIFICATE and CLOISTER_KEY belong together: two PEM files, the chain and its key.')
  return { certificate, key }
}

function proxiesFrom(text: string | undefined): BlockList {
  const proxies = new BlockList()
  for (const entry of listOf(text)) {
    const [address = '', bits, ...more] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const most = family === 'ipv6' ? 128 : 32
    const prefix = bits === undefined ? most : Number(bits)
    if (isIP(address) === 0 || more.length > 0 || !/^\d*$/.test(bits ?? '') || prefix < 1 || prefix > most)
      throw new Trouble(
        `CLOISTER_TRUSTED_PROXY names "${entry}"; it must list addresses or networks, such as 127.0.0.1 or 10.3.0.0/24.`,
      )
    proxies.addSubnet(address, prefix, family)
  }
  return proxies
}

/**
 * How the host is reached, from the settings of its environment. Nothing set is a laptop on its loopback names.
 *
 * @throws {Trouble} for settings that make no sense, that would serve people without TLS, or that would bring study
 *   pages near the portal.
 */
export function reachFrom(settings: ReachSettings, port: number): Reach {
  const usual = loopbackReach(port)
  const origins = originsFrom(settings, usual)
  keepApart(origins)
  const former = formerFrom(settings['CLOISTER_FORMER_ORIGINS'], origins)
  former.forEach(keepApart)
  const listen = listenFrom(settings['CLOISTER_LISTEN'], port)
  const certificate = certificateFrom(settings)
  const proxies = proxiesFrom(settings['CLOISTER_TRUSTED_PROXY'])
  const behindProxy = proxies.rules.length > 0
  const isPublic = isHttps(origins.mainOrigin)
  if (certificate && !listen)
    throw new Trouble(
      'CLOISTER_CERTIFICATE is set, but nothing listens with it: set CLOISTER_LISTEN, such as 0.0.0.0:443.',
    )
  if (listen && !isPublic)
    throw new Trouble(
      'CLOISTER_LISTEN opens the host to other machines, which need names to ask for: set CLOISTER_MAIN_ORIGIN and CLOISTER_STUDY_ORIGIN.',
    )
  if (listen && !certificate && !behindProxy)
    throw new Trouble(
      'CLOISTER_LISTEN would answer without https. Set CLOISTER_CERTIFICATE and CLOISTER_KEY, or name the reverse proxy in front of it in CLOISTER_TRUSTED_PROXY.',
    )
  if (isPublic && !certificate && !behindProxy)
    throw new Trouble(
      `Nobody would answer at ${origins.mainOrigin}: set CLOISTER_LISTEN with CLOISTER_CERTIFICATE and CLOISTER_KEY, or name the reverse proxy in CLOISTER_TRUSTED_PROXY (127.0.0.1 for one on this machine).`,
    )
  return {
    ...origins,
    port,
    former,
    proxies,
    ...(listen ? { listen } : {}),
    ...(certificate ? { certificate } : {}),
  }
}
