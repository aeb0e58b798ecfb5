/**
 * By which name, how and from where a request was asked. What a trusted proxy says of it is believed, and what anybody
 * else says is not; what is found out is written back into the request's own headers, so that all parts of the host
 * (the login among them) read the same answer.
 */
import type { IncomingMessage } from 'node:http'
import { type BlockList, isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { forwardedAddress } from '../functions/kernel/address.ts'

export interface Asked {
  /** As in a URL: name, and port unless it is the usual one; in lower case. */
  host: string
  secure: boolean
  /** A proxy that is trusted does not say whether it was asked by https. */
  unsaid: boolean
  /** Address of who asked: the last one that no trusted proxy has. */
  address: string
}

/** `::ffff:10.0.0.1` is 10.0.0.1, asked of a socket that takes both families. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')

export const isTrusted = (proxies: BlockList, address: string): boolean =>
  isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

const wordsOf = (header: string | string[] | undefined): string[] =>
  String(header ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)

/** The address that the nearest trusted proxy was asked from: those to the left of it are anybody's word. */
function addressBehind(proxies: BlockList, chain: readonly string[], nearest: string): string {
  let address = nearest
  for (const before of chain.toReversed()) {
    if (!isTrusted(proxies, address)) break
    address = plainAddress(before)
  }
  return address
}

/** Finds out how `request` was asked, and makes its X-Forwarded-* headers say that and nothing else. */
export function askedOf(request: IncomingMessage, proxies: BlockList): Asked {
  const { headers } = request
  const peer = plainAddress(request.socket.remoteAddress ?? '')
  const proxied = isTrusted(proxies, peer)
  const host = (proxied && wordsOf(headers['x-forwarded-host']).at(-1)) || headers.host || ''
  const protocol = proxied ? wordsOf(headers['x-forwarded-proto']).at(-1) : undefined
  const asked: Asked = {
    host: host.toLowerCase(),
    secure: (request.socket as Partial<TLSSocket>).encrypted === true || protocol === 'https',
    unsaid: proxied && protocol === undefined,
    address: proxied ? addressBehind(proxies, wordsOf(headers['x-forwarded-for']), peer) : peer,
  }
  headers['x-forwarded-for'] = asked.address
  headers['x-forwarded-proto'] = asked.secure ? 'https' : 'http'
  headers['x-forwarded-host'] = asked.host
  return asked
}

/** From where a request that came through the gateway was asked: what `askedOf` has written into it. */
export const addressOf = ({ headers }: IncomingMessage): string =>
  forwardedAddress(headers['x-forwarded-for'] as string | undefined) ?? ''
