// Plain JavaScript for Node 18 and newer: the one file that runs before anything is installed.
// It installs what package-lock.json names, then hands over to the Node 24 that came with it.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const needed = 24
const tasks = {
  start: 'local/start.ts',
  test: 'tools/test.ts',
  check: 'tools/check.ts',
  bench: 'tools/bench.ts',
  synth: 'lib/synth.ts',
  build: 'tools/build.ts',
  docs: 'tools/docs.ts',
}

const say = (text) => process.stderr.write(`${text}\n`)
const stop = (text) => {
  say(`\n${text}`)
  process.exit(1)
}
const major = (version) => Number(/^v?(\d+)/.exec(version)?.[1] ?? 0)

/** Makes node_modules what package-lock.json says; a stamp of the lock's hash tells when nothing is to do. */
function install() {
  const lock = join(root, 'package-lock.json')
  const stamp = join(root, 'node_modules', '.cloister-lock')
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === wanted) return
  const first = !existsSync(join(root, 'node_modules'))
  say(
    `${first ? 'Installing' : 'Updating'} the packages that package-lock.json names (${first ? 'once; ' : ''}about a minute) ...`,
  )
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  // Not `npm ci`: it refuses a lock made where the registry lacked some other platform's optional packages. This keeps
  // to the lock as well, and writes nothing.
  const done = spawnSync(npm, ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (done.error) stop(`npm could not be started (${done.error.message}). Install npm, then run this again.`)
  if (done.status !== 0) {
    say(done.stderr.trim())
    const reasons = [
      [
        /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network|ERR_SOCKET_TIMEOUT/i,
        'The package registry cannot be reached. Check the connection (or `npm config get registry` and the proxy), then run this again.',
      ],
      [/ENOSPC/, 'The disk is full. Free about 1.5 GB, then run this again.'],
      [/EACCES|EPERM|EROFS/, 'node_modules cannot be written. Check who owns the project folder, then run this again.'],
    ]
    stop(reasons.find(([pattern]) => pattern.test(done.stderr))?.[1] ?? 'npm failed; its own words are above.')
  }
  writeFileSync(stamp, `${wanted}\n`)
}

/** The Node 24 to run on: this one when it is new enough, else the one that was installed as an optional dependency. */
function nodeToRun() {
  if (major(process.version) >= needed) return process.execPath
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const binary = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const version = existsSync(binary)
    ? (spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '')
    : ''
  if (major(version) >= needed) return binary
  return stop(
    `Cloister runs on Node ${needed} or newer; this is ${process.version}${version ? `, and the packaged one answered ${version}` : `, and there is no packaged one for ${process.platform} ${process.arch}`}.\n` +
      `Install Node ${needed} (https://nodejs.org), then run this again. If packages were installed with --omit=optional, remove node_modules and run this again without it.`,
  )
}

const [task, ...rest] = process.argv.slice(2)
if (!task || !(task in tasks)) stop(`Usage: node local/launch.mjs ${Object.keys(tasks).join(' | ')}`)
if (major(process.version) < 18) stop(`Node 18 or newer is needed to begin with; this is ${process.version}.`)
install()
const node = nodeToRun()

const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH].join(
  process.platform === 'win32' ? ';' : ':',
)
// Every process of ours, runners and engines too, starts in a third of the time when Node keeps what it compiled.
const compiled = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compiled')
const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, tasks[task]), ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: path, NODE_COMPILE_CACHE: compiled },
})
// Signals are passed on and the child is waited for. On Ctrl-C the terminal has told the child already; hearing it
// twice does no harm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (e) => stop(`${node} could not be started: ${e.message}`))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
