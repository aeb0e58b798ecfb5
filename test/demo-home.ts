/**
 * A home that holds the demo already. Making it takes seconds, so it is made once for the sources as they are, and
 * copied.
 */
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startHost } from '../local/host.ts'
import { freePort } from '../local/testing.ts'
import { eventually } from './eventually.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = ['adapters', 'clients', 'contracts', 'domain', 'functions', 'local', 'ports', 'runner', 'examples']
const cache = join(root, 'node_modules/.cache/demo-home')

/** Changes whenever a file does that the demo could hang on. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of sources) {
    const files = (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name))
      .sort()
    for (const f of files) {
      const s = await stat(f)
      hash.update(`${f} ${s.size} ${s.mtimeMs}\n`)
    }
  }
  return hash.digest('hex').slice(0, 24)
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Whether this process has the lock now. Who held it and has died loses it, for the next look. */
async function takes(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const pid = Number(await readFile(lock, 'utf8').catch(() => '0'))
    if (pid > 0 && !alive(pid)) await rm(lock, { force: true })
    return false
  }
}

/**
 * Homes of other sources may be in the making, or being copied, while those sources change: only what has lain for an
 * hour goes.
 */
async function removeOld(): Promise<void> {
  for (const old of await readdir(cache)) {
    const made = await stat(join(cache, old)).catch(() => undefined)
    if (made && made.mtimeMs < Date.now() - 3_600_000) await rm(join(cache, old), { recursive: true, force: true })
  }
}

/** Makes the original, unless another process is at it: then waits for that one. */
async function original(): Promise<string> {
  const home = join(cache, await fingerprint())
  const lock = `${home}.lock`
  await mkdir(cache, { recursive: true })
  const turn = await eventually(
    'the home is made, or nobody else makes it',
    async () => ((await isThere(home)) ? 'made' : (await takes(lock)) && 'ours'),
    { within: 180, every: 100 },
  )
  if (turn === 'made') return home
  try {
    if (await isThere(home)) return home
    await removeOld()
    const making = `${home}.making`
    await rm(making, { recursive: true, force: true })
    const host = await startHost({ port: await freePort(), home: making, quiet: true })
    await host.close()
    await rename(making, home)
    return home
  } finally {
    await rm(lock, { force: true })
  }
}

/** Puts a home with the demo in it at `to`, which is not there yet. */
export const putDemoHome = async (to: string): Promise<void> => cp(await original(), to, { recursive: true })

/** A temporary home of one's own with the demo in it; whoever asks removes it. */
export async function demoHome(prefix: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), prefix))
  await putDemoHome(home)
  return home
}
