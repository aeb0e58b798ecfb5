/** Every package that a lock file of the project names: what the checks of the supply chain read. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../steps.ts'

/** Folders with a package.json and a lock of their own, from the root, and when their packages are brought. */
export const installations = {
  '.': 'with the platform',
  'local/fetched/node': 'where Node is older than 24',
  'runner/webassembly': 'where nothing of the system’s own can shut a script in',
} as const
export type Installation = keyof typeof installations

/** One package as a lock file names it. */
export interface LockedPackage {
  installation: Installation
  /** Where it lies, from the installation's folder. */
  path: string
  name: string
  version: string
  /** An SPDX expression; '' where the package says nothing. */
  licence: string
  /** Subresource integrity, as npm checks it. */
  integrity: string | undefined
  /** Needed to develop, not to run. */
  development: boolean
  /** Whether package.json names it. */
  direct: boolean
  /** For one kind of system, of which others have another: what is installed differs by machine. */
  ofPlatform: boolean
}

interface Lock {
  packages: Record<
    string,
    {
      version?: string
      license?: string
      integrity?: string
      dev?: boolean
      optional?: boolean
      os?: unknown
      cpu?: unknown
      libc?: unknown
      dependencies?: Record<string, string>
      devDependencies?: Record<string, string>
      optionalDependencies?: Record<string, string>
    }
  >
}

const compare = (one: string, other: string): number => Number(one > other) - Number(one < other)

function packagesOf(installation: Installation): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, installation, 'package-lock.json'), 'utf8')) as Lock
  const own = packages['']!
  const named = { ...own.dependencies, ...own.devDependencies, ...own.optionalDependencies }
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version = '', license = '', integrity, dev = false, optional = false, os, cpu, libc }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      return {
        installation,
        path,
        name,
        version,
        licence: license,
        integrity,
        development: dev,
        direct: path === `node_modules/${name}` && name in named,
        ofPlatform: optional || os !== undefined || cpu !== undefined || libc !== undefined,
      }
    })
}

/** All packages of all lock files, by name and version; throws what `JSON.parse` and the file system throw. */
export const lockedPackages = (): LockedPackage[] =>
  (Object.keys(installations) as Installation[])
    .flatMap(packagesOf)
    .sort((one, other) => compare(one.name, other.name) || compare(one.version, other.version))
