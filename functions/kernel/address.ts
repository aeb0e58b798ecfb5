/** Where a request comes from: for counting, and never kept as it is. */

/** What an event says of where it comes from. */
interface Arrival {
  headers: Record<string, string | undefined>
  requestContext: { http: { sourceIp: string } }
}

/**
 * The address of whoever asks. In AWS a request comes through the distribution, which has appended the viewer's address
 * to those the viewer sent, and the gateway has appended the distribution's; the host on one's own machine names one.
 */
export function addressOf({ headers, requestContext }: Arrival): string {
  const named = (headers['x-forwarded-for'] ?? '').split(',').map((name) => name.trim())
  return named.length > 1 ? named.at(-2)! : requestContext.http.sourceIp
}

/** The network that one customer of a provider has: the address, or of the new kind its first half. */
export const networkOf = (address: string): string =>
  address.includes(':') ? address.split(':').slice(0, 4).join(':') : address
