/** One tab at a time: whoever holds the lock of a link runs its study and sends its records. */
interface TabLock {
  release: () => void
  /** Resolves when another tab asks to go on there. */
  asked: Promise<void>
}

const lockName = (code: string): string => `cloister ${code}`

function hold(code: string, options: LockOptions): Promise<TabLock | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockName(code), options, (lock) => {
        if (!lock) {
          resolve(undefined)
          return undefined
        }
        const channel = new BroadcastChannel(lockName(code))
        return new Promise<void>((done) => {
          const release = (): void => {
            channel.close()
            done()
          }
          resolve({
            release,
            asked: new Promise((ask) => {
              channel.onmessage = () => ask()
            }),
          })
        })
      })
      .catch(reject)
  })
}

/** The lock of a link, or undefined while another tab has it. */
export const takeTabLock = (code: string): Promise<TabLock | undefined> => hold(code, { ifAvailable: true })
/** The lock of a link as soon as the other tab is closed or lets go. */
export const awaitTabLock = async (code: string): Promise<TabLock> => (await hold(code, {}))!
/** Asks the tab that has the lock to let go. */
export function askForTabLock(code: string): void {
  const channel = new BroadcastChannel(lockName(code))
  channel.postMessage('hand over')
  channel.close()
}
export type { TabLock }
