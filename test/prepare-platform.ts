/** Runs once before the tests that need the runtimes of jobs: installs them where they are missing. */
import { ensureRuntimes } from '../tools/runtimes.ts'

/** Called by vitest. What cannot be installed is said; the tests that need it fail then, each by itself. */
export default async function prepare(): Promise<void> {
  await ensureRuntimes().catch((error: Error) => console.error(error.message))
}
