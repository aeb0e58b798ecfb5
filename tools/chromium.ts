/** The browser that the end-to-end tests drive. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Path of an installed Chromium, or undefined. `CLOISTER_CHROMIUM` names another. */
export const findChromium = (): string | undefined =>
  [process.env['CLOISTER_CHROMIUM'], ...places].find((p) => p !== undefined && p !== '' && existsSync(p))

/** Finds Chromium, or installs it on Debian where this user may; says what to do otherwise. */
export function ensureChromium(): string {
  const found = findChromium()
  if (found) return found
  const apt = existsSync('/usr/bin/apt-get')
  const root = process.getuid?.() === 0
  const sudo = !root && spawnSync('sudo', ['-n', 'true']).status === 0
  const how =
    'The end-to-end tests need Chromium. On Debian: apt-get install chromium. Elsewhere install it and name it in CLOISTER_CHROMIUM.'
  if (!apt || (!root && !sudo)) throw new Error(how)
  console.log('Installing chromium with apt-get (once) ...')
  const run = (...words: string[]): boolean =>
    spawnSync(sudo ? 'sudo' : 'env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }).status === 0
  if (
    !run('install', '--no-install-recommends', 'chromium', 'fonts-dejavu-core') &&
    !(run('update') && run('install', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'))
  )
    throw new Error(how)
  const installed = findChromium()
  if (!installed) throw new Error(how)
  return installed
}
