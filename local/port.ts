/** The host's addresses: whether they can be had, and what to do when one cannot. */
import { createServer } from 'node:net'
import { insideOrigin, type Reach } from './reach.ts'
import { Trouble } from './trouble.ts'

/** The main origin of the Cloister that answers on this machine's port, when there is one. */
async function cloisterAt(reach: Reach): Promise<string | undefined> {
  const response = await fetch(`${insideOrigin(reach)}/api/sign-in`, { signal: AbortSignal.timeout(1500) }).catch(
    () => undefined,
  )
  if (!response?.ok) return undefined
  const said = (await response.json().catch(() => ({}))) as { mainOrigin?: unknown; studyOrigin?: unknown }
  return typeof said.mainOrigin === 'string' && said.studyOrigin !== undefined ? said.mainOrigin : undefined
}

/** How to run another host beside the one that is in the way. */
export const elsewhere =
  'To run a second one, give it its own: CLOISTER_PORT=4290 CLOISTER_HOME=.cloister-second npm start'

/** What is wrong with an address of the settings: `code` is the system's. */
function listenTrouble(code: string | undefined, { address, port }: { address: string; port: number }): string {
  const where = `${address} port ${port} (CLOISTER_LISTEN)`
  if (code === 'EADDRINUSE') return `${where} is used by another program: \`ss -ltnp 'sport = :${port}'\` names it.`
  if (code === 'EADDRNOTAVAIL') return `${where} is no address of this machine; 0.0.0.0 means all of them.`
  return `${where} is not for this user. Let every user have it (\`sysctl net.ipv4.ip_unprivileged_port_start=443\`), choose a port above 1023, or stand behind a reverse proxy.`
}

/** What is wrong with an address, in a person's words; other errors as they are. */
export async function portTrouble(error: unknown, reach: Reach): Promise<unknown> {
  const { code, port: refused } = error as NodeJS.ErrnoException & { port?: number }
  if (!['EACCES', 'EADDRINUSE', 'EADDRNOTAVAIL'].includes(code ?? '')) return error
  const { port, listen } = reach
  if (listen && refused === listen.port) return new Trouble(listenTrouble(code, listen))
  if (code === 'EADDRNOTAVAIL') return error
  if (code === 'EACCES')
    return new Trouble(`Port ${port} is not for this user. Choose one above 1023: CLOISTER_PORT=4290 npm start`)
  const other = await cloisterAt(reach)
  return new Trouble(
    other
      ? `Another Cloister is running at ${other}/ already. Open that one, or stop it first.\n${elsewhere}`
      : `Port ${port} is used by another program. Stop it (\`ss -ltnp 'sport = :${port}'\` names it), or choose another port: CLOISTER_PORT=4290 npm start`,
  )
}

/** Takes and gives back the port: what is wrong with it is said before anything else is done. */
export const tryPort = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject).listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
