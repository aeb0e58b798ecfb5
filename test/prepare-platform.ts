/** Runs once before the tests that need the runtimes of jobs: installs them where they are missing. */
import { ensureRuntimes, ensureWebAssembly } from '../tools/runtimes.ts'

/** Called by vitest. What cannot be installed is said; the tests that need it fail then, each by itself. */
export default async function prepare(): Promise<void> {
  for (const ensure of [ensureRuntimes, ensureWebAssembly])
    await ensure().catch((error: Error) => console.error(error.message))
}
