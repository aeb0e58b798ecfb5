/**
 * What jobs run on: bubblewrap, and Python and R with the packages of the image; where nothing of the system's own can
 * shut a script in, Python in WebAssembly.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bringPackages } from '../local/packages.mjs'

const packages = [
  'bubblewrap',
  'python3-numpy',
  'python3-pandas',
  'python3-scipy',
  'python3-statsmodels',
  'python3-sklearn',
  'python3-nibabel',
  'python3-tifffile',
  'python3-pil',
  'r-base-core',
  'r-recommended',
]
const modules = ['numpy', 'pandas', 'scipy', 'statsmodels', 'sklearn', 'nibabel', 'tifffile', 'PIL']

/**
 * What is not there of the programs and Python packages. Looks for files only: importing them all would take seconds.
 */
function missing(): string[] {
  const programs = ['/usr/bin/bwrap', '/usr/bin/python3', '/usr/bin/Rscript'].filter((p) => !existsSync(p))
  if (programs.includes('/usr/bin/python3')) return programs
  const look = `import importlib.util as u; print(' '.join(m for m in ${JSON.stringify(modules)} if u.find_spec(m) is None))`
  return [
    ...programs,
    ...spawnSync('/usr/bin/python3', ['-s', '-c', look], { encoding: 'utf8' }).stdout.split(/\s+/).filter(Boolean),
  ]
}

/** How this user installs Debian packages, or undefined where that needs somebody else. */
function installer(): string | undefined {
  if (!existsSync('/usr/bin/apt-get')) return undefined
  if (process.getuid?.() === 0) return 'env'
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? 'sudo' : undefined
}

const apt = (by: string, ...words: string[]): Promise<boolean> =>
  new Promise((resolve) => {
    spawn(by, ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
      .on('error', () => resolve(false))
      .on('close', (code) => resolve(code === 0))
  })

/**
 * Finds the runtimes, or installs them on Debian where this user may; rejects with what to do otherwise. `say` hears of
 * an installation. Answers whether there was one.
 */
export async function ensureRuntimes(say: (text: string) => void = console.log): Promise<boolean> {
  const lacking = missing()
  if (lacking.length === 0) return false
  const by = installer()
  const how = `Jobs need ${lacking.join(', ')}. On Debian: apt-get install ${packages.join(' ')}`
  if (by === undefined) throw new Error(how)
  say('Installing bubblewrap, Python packages and R with apt-get (once; about a minute) ...')
  const install = (): Promise<boolean> => apt(by, 'install', '--no-install-recommends', ...packages)
  if (!(await install()) && !((await apt(by, 'update')) && (await install()))) throw new Error(how)
  if (missing().length > 0) throw new Error(how)
  return true
}

/** Fetches Deno and pyodide, once (about 100 MB); rejects with what to do where they cannot be had. */
export async function ensureWebAssembly(say: (text: string) => void = console.log): Promise<void> {
  const folder = fileURLToPath(new URL('../runner/webassembly', import.meta.url))
  const trouble = await bringPackages({ folder, what: 'Python in WebAssembly (once; about 100 MB)', say })
  if (trouble !== undefined) throw new Error(trouble)
}
