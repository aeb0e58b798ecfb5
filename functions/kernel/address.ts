/** Where a request comes from: for counting, and never kept as it is. */

/** What an event says of where it comes from. */
interface Arrival {
  headers: Record<string, string | undefined>
  requestContext: { http: { sourceIp: string } }
}

/**
 * The one rule for `X-Forwarded-For`. In AWS a request comes through the distribution, which has appended the viewer's
 * address to those the viewer sent, and the gateway has appended the distribution's: the last but one is the viewer's.
 * The host on one's own machine has found out who asked and names that address alone (local/asked.ts).
 */
export function forwardedAddress(forwarded: string | undefined): string | undefined {
  const named = (forwarded ?? '').split(',').map((name) => name.trim())
  return (named.length > 1 ? named.at(-2) : named[0]) || undefined
}

/** The address of whoever asks, as an event tells it. */
export const addressOf = ({ headers, requestContext }: Arrival): string =>
  forwardedAddress(headers['x-forwarded-for']) ?? requestContext.http.sourceIp

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'))

/**
 * The network that one customer of a provider has: the address, or of the new kind its first half, which is written in
 * one way, whichever the address is written in.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('%')[0]!.split('::')
  const [first, last] = [groupsOf(before), groupsOf(after ?? '')]
  const zeros = after === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')
}
