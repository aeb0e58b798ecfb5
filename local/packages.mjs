// Plain JavaScript for Node 18 and newer: makes a folder's node_modules what its package-lock.json says. It runs before
// anything is installed (launch.mjs), and later for runtimes that are fetched when they are first needed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
// Nothing that a package brings along runs while it is installed: what our packages need is in their files.
const always = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

/** Runs npm; answers its exit code and what it said of trouble, or the error of a start that failed. */
const runNpm = (folder, words) =>
  new Promise((resolve) => {
    const child = spawn(npm, [...words, ...always], {
      cwd: folder,
      stdio: ['ignore', 2, 'pipe'],
      shell: process.platform === 'win32',
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (part) => {
      stderr += part
    })
    child.on('error', (error) => resolve({ error, stderr }))
    child.on('close', (status) => resolve({ status, stderr }))
  })

const reasons = [
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network|ERR_SOCKET_TIMEOUT/i,
    'The package registry cannot be reached. Check the connection (or `npm config get registry` and the proxy), then run this again.',
  ],
  [/ENOSPC/, 'The disk is full. Free about 1.5 GB, then run this again.'],
  [/EACCES|EPERM|EROFS/, 'node_modules cannot be written. Check who owns the project folder, then run this again.'],
  [
    /EINTEGRITY/,
    'A package is not the one that package-lock.json names. Try another registry or `npm cache clean --force`; do not go on with it.',
  ],
]

/** Says what npm said, and then what to do about it. */
function explain({ error, stderr }, say) {
  if (error) return `npm could not be started (${error.message}). Install npm, then run this again.`
  say(stderr.trim())
  return reasons.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'npm failed; its own words are above.'
}

/**
 * Brings the packages of `folder`, unless a stamp with the lock's hash says that they are there. `production` leaves
 * out what only development needs; packages that were brought whole serve for both. Answers undefined, or what is wrong
 * and what to do. `say` hears lines for the person at the keyboard.
 */
export async function bringPackages({ folder, production = false, what, say }) {
  const modules = join(folder, 'node_modules')
  const stamp = join(modules, '.cloister-lock')
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  const [there, scope] = existsSync(stamp) ? readFileSync(stamp, 'utf8').trim().split(' ') : []
  if (there === hash && (production || scope === 'all')) return undefined
  const first = !existsSync(modules)
  say(`${first ? 'Installing' : 'Updating'} ${what} ...`)
  const omit = production ? ['--omit=dev'] : []
  // `npm ci` empties node_modules, which a host that runs may be reading, so it is for the first time only. It refuses
  // a lock made where a registry lacked another platform's optional packages: `npm install` keeps to the lock as well.
  const strict = first ? await runNpm(folder, ['ci', ...omit]) : undefined
  const refused = strict === undefined || /EUSAGE/.test(strict.stderr)
  const done = refused ? await runNpm(folder, ['install', '--no-save', ...omit]) : strict
  if (done.error || done.status !== 0) return explain(done, say)
  writeFileSync(stamp, `${hash} ${production ? 'production' : 'all'}\n`)
  return undefined
}
