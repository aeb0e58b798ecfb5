/** The embedded store as a child process: started, watched, restarted when it dies, stopped. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { diskFull, Trouble } from './trouble.ts'

export interface Store {
  endpoint: string
  pid: () => number | undefined
  close: () => Promise<void>
}

type Message = { port: number } | { failed: string; code?: string }
const program = fileURLToPath(new URL('./store-process.ts', import.meta.url))

function troubleOf(path: string, { failed, code }: { failed: string; code?: string }): Error {
  if (code === 'LEVEL_LOCKED') return new StoreLocked(path)
  if (/no space left|quota exceeded/i.test(failed)) return diskFull(`The folder ${path}`)
  return new Trouble(`The data in ${path} cannot be opened: ${failed}`)
}

function launch(path: string, port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(program, [path, String(port)], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`The embedded store ended at once (${signal ?? code}).`)))
    child.once('message', (message: Message) => {
      child.removeAllListeners('exit')
      if ('port' in message) return resolve({ child, port: message.port })
      reject(troubleOf(path, message))
    })
  })
}

/** Another running host has the folder open. */
export class StoreLocked extends Error {
  override name = 'StoreLocked'
}

/**
 * Starts the store on `path`, on a free port of this machine. If its process dies, it is started again on the same port
 * (the table's client retries meanwhile); after five deaths within a minute `lost` is called instead.
 */
export async function startStore(path: string, lost: (why: string) => void): Promise<Store> {
  let closing = false
  const deaths: number[] = []
  const first = await launch(path, 0)
  const { port } = first
  let { child } = first
  const watch = (): void => {
    child.once('exit', (code, signal) => {
      if (closing) return
      const now = Date.now()
      deaths.push(now)
      if (deaths.filter((d) => now - d < 60_000).length >= 5)
        return lost(`The embedded store keeps ending (${signal ?? code}).`)
      launch(path, port).then(
        (next) => {
          child = next.child
          if (closing) child.send('stop')
          else watch()
        },
        (e: Error) => lost(e.message),
      )
    })
  }
  watch()
  return {
    endpoint: `http://127.0.0.1:${port}`,
    pid: () => child.pid,
    close: () =>
      new Promise((resolve) => {
        closing = true
        if (child.exitCode !== null || child.signalCode !== null) return resolve()
        const force = setTimeout(() => child.kill('SIGKILL'), 1500)
        child.once('exit', () => {
          clearTimeout(force)
          resolve()
        })
        child.send('stop')
      }),
  }
}
