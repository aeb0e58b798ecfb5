/** What the bench of power cuts traces system calls with. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const places = ['/usr/bin/strace', '/bin/strace', '/usr/local/bin/strace']
const find = (): string | undefined => places.find((path) => existsSync(path))

/** Finds strace, or installs it on Debian where this user may; says what to do otherwise. */
export function ensureStrace(): string {
  const found = find()
  if (found) return found
  const how = 'The bench of power cuts needs strace. On Debian: apt-get install strace'
  const isRoot = process.getuid?.() === 0
  if (!existsSync('/usr/bin/apt-get') || (!isRoot && spawnSync('sudo', ['-n', 'true']).status !== 0))
    throw new Error(how)
  const apt = (...words: string[]): boolean =>
    spawnSync(isRoot ? 'env' : 'sudo', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status === 0
  const install = (): boolean => apt('install', '--no-install-recommends', 'strace')
  if (!install() && !(apt('update') && install())) throw new Error(how)
  const installed = find()
  if (!installed) throw new Error(how)
  return installed
}
