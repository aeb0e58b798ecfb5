/** What jobs run on: bubblewrap, and Python and R with the packages of the image. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const packages = ['bubblewrap', 'python3-numpy', 'python3-pandas', 'python3-scipy', 'python3-statsmodels', 'python3-sklearn', 'python3-nibabel', 'r-base-core', 'r-recommended']
const modules = ['numpy', 'pandas', 'scipy', 'statsmodels', 'sklearn', 'nibabel']

/** What is not there of the programs and Python packages. Looks for files only: importing them all would take seconds. */
function missing(): string[] {
  const programs = ['/usr/bin/bwrap', '/usr/bin/python3', '/usr/bin/Rscript'].filter((p) => !existsSync(p))
  if (programs.includes('/usr/bin/python3')) return programs
  const look = `import importlib.util as u; print(' '.join(m for m in ${JSON.stringify(modules)} if u.find_spec(m) is None))`
  return [...programs, ...spawnSync('/usr/bin/python3', ['-s', '-c', look], { encoding: 'utf8' }).stdout.split(/\s+/).filter(Boolean)]
}

/** Finds the runtimes, or installs them on Debian where this user may; throws with what to do otherwise. `say` hears of an installation. */
export function ensureRuntimes(say: (text: string) => void = console.log): void {
  const lacking = missing()
  if (lacking.length === 0) return
  const root = process.getuid?.() === 0
  const sudo = !root && spawnSync('sudo', ['-n', 'true']).status === 0
  const how = `Jobs need ${lacking.join(', ')}. On Debian: apt-get install ${packages.join(' ')}`
  if (!existsSync('/usr/bin/apt-get') || (!root && !sudo)) throw new Error(how)
  say('Installing bubblewrap, Python packages and R with apt-get (once) ...')
  const run = (...words: string[]): boolean => spawnSync(sudo ? 'sudo' : 'env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...words], { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  if (!run('install', '--no-install-recommends', ...packages) && !(run('update') && run('install', '--no-install-recommends', ...packages))) throw new Error(how)
  if (missing().length > 0) throw new Error(how)
}
