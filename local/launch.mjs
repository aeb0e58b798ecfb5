// Plain JavaScript for Node 18 and newer: the one file that runs before anything is installed.
// It brings what package-lock.json names (to start, only what runs the platform), then hands over to a Node 24.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bringPackages } from './packages.mjs'

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
  sbom: 'tools/supply/sbom.ts',
}

const say = (text) => process.stderr.write(`${text}\n`)
const stop = (text) => {
  say(`\n${text}`)
  process.exit(1)
}
const major = (version) => Number(/^v?(\d+)/.exec(version)?.[1] ?? 0)

/** Brings packages, or ends with what is wrong. */
async function bring(packages) {
  const trouble = await bringPackages({ ...packages, say })
  if (trouble) stop(trouble)
}

/** The Node 24 to run on: this one when it is new enough, else one that is fetched once. */
async function nodeToRun() {
  if (major(process.version) >= needed) return process.execPath
  const folder = join(root, 'local/fetched/node')
  await bring({ folder, what: `Node ${needed}, since this is ${process.version} (once; about 190 MB)` })
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const version = existsSync(binary)
    ? (spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '')
    : ''
  if (major(version) >= needed) return binary
  return stop(
    `Cloister runs on Node ${needed} or newer; this is ${process.version}${version ? `, and the packaged one answered ${version}` : `, and there is no packaged one for ${process.platform} ${process.arch}`}.\n` +
      `Install Node ${needed} (https://nodejs.org), then run this again.`,
  )
}

const [task, ...rest] = process.argv.slice(2)
if (!task || !(task in tasks)) stop(`Usage: node local/launch.mjs ${Object.keys(tasks).join(' | ')}`)
if (major(process.version) < 18) stop(`Node 18 or newer is needed to begin with; this is ${process.version}.`)
await bring({
  folder: root,
  production: task === 'start',
  what: 'the packages that package-lock.json names (about half a minute)',
})
const node = await nodeToRun()

const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH].join(
  process.platform === 'win32' ? ';' : ':',
)
// Every process of ours, runners and engines too, starts in a third of the time when Node keeps what it compiled.
const compiled = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compiled')
const begin = (stdio, more = {}) => {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, tasks[task]), ...rest], {
    cwd: root,
    stdio,
    env: { ...process.env, PATH: path, NODE_COMPILE_CACHE: compiled, ...more },
  })
  child.on('error', (e) => stop(`${node} could not be started: ${e.message}`))
  return child
}
const over = (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143))
// A reader of our words that went away is no reason to stop.
process.stderr.on('error', () => {})
/** What passes a signal on to the child, which is waited for. */
let tell
if (task === 'start') {
  const { keep } = await import('./keeper.mjs')
  tell = keep(() => begin(['inherit', 'inherit', 'inherit', 'ipc'], { CLOISTER_KEPT: '1' }), over, say)
} else {
  const child = begin('inherit').on('exit', over)
  tell = (name) => child.kill(name)
}
// On Ctrl-C the terminal has told the child already; hearing it twice does no harm.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => tell(signal))
