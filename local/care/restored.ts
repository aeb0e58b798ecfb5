/** What a restored home knows of the time between its backup and its restore. */
import { join } from 'node:path'
import type { Finding } from '../../domain/care/finding.ts'
import { readJson, writeWhole } from '../files.ts'

export interface Restored {
  /** ISO 8601: when the backup was made, and when it was restored. */
  backup: string
  at: string
  /** Withdrawals since the backup: nobody has said which; they are still to be done; they are done. */
  withdrawals: 'unknown' | 'due' | 'done'
}

const file = (home: string): string => join(home, 'restored.json')

export const readRestored = (home: string): Promise<Restored | undefined> => readJson<Restored>(file(home))
export const writeRestored = (home: string, restored: Restored): Promise<void> =>
  writeWhole(file(home), JSON.stringify(restored))

/** Said at every start and by the doctor until somebody has said which runs were withdrawn. */
export const unknownWithdrawals = ({ backup }: Restored): { says: string; todo: string } => ({
  says: `This home was restored from a backup of ${backup}, and nobody has said which runs were withdrawn since.`,
  todo: 'Withdraw them again before anybody opens results: "cloister withdrawals LIST" takes the list, an empty one too.',
})

/** The restore of a home, while withdrawals since its backup are not done again. */
export async function openRestore(
  home: string,
): Promise<{ backup: string; withdrawals: 'unknown' | 'due' } | undefined> {
  const restored = await readRestored(home)
  return restored === undefined || restored.withdrawals === 'done'
    ? undefined
    : { backup: restored.backup, withdrawals: restored.withdrawals }
}

export async function restoredState(home: string): Promise<Finding[]> {
  const restored = await readRestored(home).catch(() => undefined)
  return restored?.withdrawals === 'unknown'
    ? [{ part: 'restore', ...unknownWithdrawals(restored), grade: 'note' }]
    : []
}
