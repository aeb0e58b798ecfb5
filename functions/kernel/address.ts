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

/** The network that one customer of a provider has: the address, or of the new kind its first half. */
export const networkOf = (address: string): string =>
  address.includes(':') ? address.split(':').slice(0, 4).join(':') : address
