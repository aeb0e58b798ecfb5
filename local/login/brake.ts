/**
 * A brake on guessing. Every attempt is counted before it is tried, so that many at once are no way around; what waits
 * is not counted, so that nobody's knocking keeps a door shut for longer. A counter is forgotten by itself.
 */
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** How attempts under one name are slowed. */
export interface BrakeRule {
  /** Attempts that need not wait. */
  free: number
  /** The longest wait, in seconds; each failure after the free ones doubles it from one second. */
  longest: number
}
const forgottenSeconds = 3600

/** Seconds to wait after so many failures. */
export const waitAfter = (failures: number, { free, longest }: BrakeRule): number =>
  failures < free ? 0 : Math.min(longest, 2 ** Math.min(30, failures - free))

export interface Brake {
  /** Counts an attempt under all `names`; answers the seconds to wait when it may not be made yet, or 0. */
  attempt(names: readonly { name: string; rule: BrakeRule }[]): number
  /** Takes back what an attempt that succeeded has counted, or all of a name's failures. */
  succeeded(name: string, all: boolean): void
}

/** Names are kept as digests: some of them are addresses that strangers typed. */
const digestOf = (name: string): string => createHash('sha256').update(name).digest('base64url')

/** The counters in the login's database; `now` in milliseconds. */
export function createBrake(db: DatabaseSync, now: () => number): Brake {
  const find = db.prepare('SELECT failures, last FROM attempts WHERE name = ? AND forgotten > ?')
  const count = db.prepare(
    'INSERT INTO attempts (name, failures, last, forgotten) VALUES (?, 1, ?, ?) ON CONFLICT (name) DO UPDATE SET failures = iif(forgotten > ?, failures + 1, 1), last = excluded.last, forgotten = excluded.forgotten',
  )
  const sweep = db.prepare('DELETE FROM attempts WHERE forgotten <= ?')
  const clear = db.prepare('DELETE FROM attempts WHERE name = ?')
  const back = db.prepare('UPDATE attempts SET failures = failures - 1 WHERE name = ? AND failures > 0')
  const waitOf = ({ name, rule }: { name: string; rule: BrakeRule }): number => {
    const found = find.get(digestOf(name), now()) as { failures: number; last: number } | undefined
    if (!found) return 0
    // A clock that was set back must not make anybody wait for longer than the rule says.
    const since = Math.max(0, now() - found.last)
    return Math.max(0, Math.ceil(waitAfter(found.failures, rule) - since / 1000))
  }
  return {
    attempt: (names) => {
      const wait = Math.max(0, ...names.map(waitOf))
      if (wait > 0) return wait
      sweep.run(now())
      for (const { name } of names) count.run(digestOf(name), now(), now() + forgottenSeconds * 1000, now())
      return 0
    },
    succeeded: (name, all) => {
      if (all) clear.run(digestOf(name))
      else back.run(digestOf(name))
    },
  }
}
