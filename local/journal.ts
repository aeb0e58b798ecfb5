/** The host's log: JSON lines in a file, as CloudWatch keeps them in AWS. Ids and codes only. */
import { createWriteStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import type { Deps } from '../functions/kernel/deps.ts'

const largest = 20 * 1024 * 1024

/**
 * Opens the log; the one before is kept when it has grown large. A log that cannot be written (a full disk) stops
 * nothing.
 */
export async function openJournal(file: string): Promise<{ log: Deps['log']; close: () => Promise<void> }> {
  if (((await stat(file).catch(() => undefined))?.size ?? 0) > largest) await rename(file, `${file}.1`)
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  stream.on('error', () => {})
  return {
    log: (event, fields) => {
      if (!stream.destroyed) stream.write(`${JSON.stringify({ event, at: new Date().toISOString(), ...fields })}\n`)
    },
    close: () =>
      new Promise((resolve) => {
        if (stream.destroyed) resolve()
        else stream.end(() => resolve())
      }),
  }
}
