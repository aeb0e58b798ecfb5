/** Programs of Debian that tests need: found, or installed where this user may. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/**
 * Makes sure that a program is there.
 *
 * @param program Its path, or a file of its package.
 * @param packages What to install where it is missing.
 * @throws With a sentence that says what to install, where that is not for this user or did not work.
 */
export function ensureFromDebian(program: string, packages: readonly string[]): string {
  if (existsSync(program)) return program
  const how = `This needs ${program}. On Debian: apt-get install ${packages.join(' ')}`
  const root = process.getuid?.() === 0
  const sudo = !root && spawnSync('sudo', ['-n', 'true']).status === 0
  if (!existsSync('/usr/bin/apt-get') || (!root && !sudo)) throw new Error(how)
  console.log(`Installing ${packages.join(', ')} with apt-get (once) ...`)
  const apt = (...words: string[]): boolean =>
    spawnSync(sudo ? 'sudo' : 'env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status === 0
  const install = (): boolean => apt('install', '--no-install-recommends', ...packages)
  if (!install() && !(apt('update') && install())) throw new Error(how)
  if (!existsSync(program)) throw new Error(how)
  return program
}
