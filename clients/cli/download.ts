/** Fetching what the server signed a link for. */
import { writeFile } from 'node:fs/promises'
import { CliError, exits, type Io } from './io.ts'

/**
 * Saves what a link leads to, readable by its owner alone where `mode` says so.
 *
 * @param refusal What to tell for the status of a refusal.
 * @throws {CliError} when the link is refused.
 */
export async function download(
  io: Io,
  url: string,
  file: string,
  refusal: (status: number) => { message: string; hint?: string },
  mode?: number,
): Promise<void> {
  const answer = await fetch(url, { signal: io.signal })
  if (!answer.ok) {
    const { message, hint } = refusal(answer.status)
    throw new CliError(exits.unreachable, message, hint)
  }
  await writeFile(file, new Uint8Array(await answer.arrayBuffer()), mode === undefined ? {} : { mode })
}
