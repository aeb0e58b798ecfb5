/** The host's port: whether it can be had, and what to do when it cannot. */
import { createServer } from 'node:net'
import { Trouble } from './trouble.ts'

/** Who answers at an origin, when it is a Cloister. */
async function cloisterAt(mainOrigin: string): Promise<boolean> {
  const response = await fetch(`${mainOrigin}/api/sign-in`, { signal: AbortSignal.timeout(1500) }).catch(
    () => undefined,
  )
  return (
    response?.ok === true &&
    ((await response.json().catch(() => ({}))) as { mainOrigin?: string }).mainOrigin === mainOrigin
  )
}

/** How to run another host beside the one that is in the way. */
export const elsewhere =
  'To run a second one, give it its own: CLOISTER_PORT=4290 CLOISTER_HOME=.cloister-second npm start'

/** What is wrong with a port, in a person's words; other errors as they are. */
export async function portTrouble(error: unknown, port: number, mainOrigin: string): Promise<unknown> {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EACCES')
    return new Trouble(`Port ${port} is not for this user. Choose one above 1023: CLOISTER_PORT=4290 npm start`)
  if (code !== 'EADDRINUSE') return error
  return new Trouble(
    (await cloisterAt(mainOrigin))
      ? `Another Cloister is running at ${mainOrigin}/ already. Open that one, or stop it first.\n${elsewhere}`
      : `Port ${port} is used by another program. Stop it (\`ss -ltnp 'sport = :${port}'\` names it), or choose another port: CLOISTER_PORT=4290 npm start`,
  )
}

/** Takes and gives back the port: what is wrong with it is said before anything else is done. */
export const tryPort = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject).listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
