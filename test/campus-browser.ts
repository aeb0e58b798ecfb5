/** For tests: goes through the pages of providers as a browser would that knows no scripts. */

/** A browser that knows no scripts: cookies by host, redirects, and forms that would send themselves. */
export class CampusBrowser {
  readonly #jar = new Map<string, Map<string, string>>()
  async request(url: string, form?: Record<string, string>): Promise<Response> {
    const { host } = new URL(url)
    const own = this.#jar.get(host) ?? new Map<string, string>()
    this.#jar.set(host, own)
    const cookie = [...own].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, accept: 'text/html' },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      own.set(name!, value!)
    }
    return response
  }
  /** Follows redirects and forms without a question, until somebody has to answer or the host is not one of these. */
  async follow(
    url: string,
    hosts: readonly string[],
    form?: Record<string, string>,
  ): Promise<{ at: string; html: string; status: number }> {
    let at = url
    let sent = form
    for (let steps = 0; steps < 20; steps++) {
      if (!hosts.includes(new URL(at).host)) return { at, html: '', status: 0 }
      const response = await this.request(at, sent)
      sent = undefined
      const location = response.headers.get('location')
      const html = await response.text()
      if (location) at = new URL(location, at).href
      else {
        const next = formOf(html)
        if (!next || 'password' in next.fields || !/SAMLRe(quest|sponse)/.test(html))
          return { at, html, status: response.status }
        at = new URL(next.action, at).href
        sent = next.fields
      }
    }
    throw new Error(`No end of redirects, the last to ${at}`)
  }
}

const plain = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#039;', "'")
    .replaceAll('&#x3D;', '=')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The first form of a page: where it is sent, and its fields as they stand. */
export function formOf(html: string): { action: string; fields: Record<string, string> } | undefined {
  const form = /<form\b[^>]*>[\s\S]*?<\/form>/i.exec(html)?.[0]
  if (!form) return undefined
  const fields: Record<string, string> = {}
  for (const [input] of form.matchAll(/<input\b[^>]*>/gi)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1]
    if (name) fields[name] = plain(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? '')
  }
  return { action: plain(/\baction="([^"]*)"/.exec(form)?.[1] ?? ''), fields }
}
