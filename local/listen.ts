/** The host's sockets: loopback always; a further address by its settings, with TLS where it has a certificate. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import { isTrusted } from './asked.ts'
import { keepPace } from './pace.ts'
import type { Reach } from './reach.ts'
import { Trouble } from './trouble.ts'

export interface Listening {
  /** Reads the certificate again, for connections from now on. `Trouble` when it is none: the old one stays in use. */
  renew: () => void
  close: () => Promise<void>
}

const options: ServerOptions = {
  keepAlive: true,
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5000,
  requestTimeout: 0,
  keepAliveTimeout: 65_000,
}
/** What is under way when the host stops may finish within this time. */
const closeMilliseconds = 1000

/** Certificate and key as they lie there now; `Trouble` when they cannot be read or do not belong together. */
function readCertificate({ certificate, key }: { certificate: string; key: string }): { cert: Buffer; key: Buffer } {
  try {
    const found = { cert: readFileSync(certificate), key: readFileSync(key) }
    createSecureContext(found)
    return found
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Trouble(
      `The certificate ${certificate} and its key ${key} cannot be used (${code ?? 'they are not PEM'}). Both must be readable by this user and belong together.`,
    )
  }
}

const listening = <S extends Server | TlsServer>(
  server: S,
  { proxies }: Reach,
  port: number,
  address: string,
): Promise<S> =>
  new Promise((resolve, reject) => {
    // Behind a proxy all have its address; it has bounds of its own.
    keepPace(server, { isBounded: (from) => !isTrusted(proxies, from) })
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      resolve(server)
    })
  })

async function closeAll(servers: readonly (Server | TlsServer)[]): Promise<void> {
  const closed = Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve)
          server.closeIdleConnections()
        }),
    ),
  )
  const cut = setTimeout(() => {
    for (const server of servers) server.closeAllConnections()
  }, closeMilliseconds)
  await closed
  clearTimeout(cut)
}

/** Begins to listen; rejects with the system's error, such as EADDRINUSE, when an address cannot be had. */
export async function listen(reach: Reach, serve: RequestListener): Promise<Listening> {
  const servers: (Server | TlsServer)[] = []
  let renew = (): void => {}
  try {
    servers.push(await listening(createServer(options, serve), reach, reach.port, '127.0.0.1'))
    // Browsers may try ::1 first for "localhost"; a machine without IPv6 does without.
    const second = listening(createServer(options, serve), reach, reach.port, '::1')
    await second.then(
      (server) => servers.push(server),
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') throw error
      },
    )
    const { listen: further, certificate: files } = reach
    if (further && files) {
      const secure = createTlsServer({ ...options, ...readCertificate(files) }, serve)
      servers.push(await listening(secure, reach, further.port, further.address))
      renew = () => secure.setSecureContext(readCertificate(files))
    } else if (further)
      servers.push(await listening(createServer(options, serve), reach, further.port, further.address))
  } catch (error) {
    await closeAll(servers)
    throw error
  }
  return { renew, close: () => closeAll(servers) }
}
