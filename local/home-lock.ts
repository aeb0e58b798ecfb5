/**
 * One host a home: a lock on the file `lock` that the system takes back when the process ends, however it ends. It is
 * SQLite's lock, which every system has. (Nobody else may open and close that file in this process: that would let go
 * of it.)
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another running host has the home. */
export class HomeLocked extends Error {
  override name = 'HomeLocked'
}

const busy = 5
/** The process of a host that was just killed may need a moment to let go. */
const attempts = 15
const waitMilliseconds = 100

/** Takes the lock, and answers how to give it back. Throws `HomeLocked`. */
export async function lockHome(home: string): Promise<() => void> {
  const file = new DatabaseSync(join(home, 'lock'))
  for (let tries = 1; ; tries++) {
    try {
      // Both look at the file, so both may find it locked.
      file.exec('pragma journal_mode = off')
      file.exec('begin exclusive')
      return () => file.close()
    } catch (e) {
      const isBusy = ((e as { errcode?: number }).errcode ?? 0) % 256 === busy
      if (!isBusy || tries > attempts) {
        file.close()
        throw isBusy ? new HomeLocked(home) : e
      }
      await new Promise((resolve) => {
        setTimeout(resolve, waitMilliseconds)
      })
    }
  }
}
