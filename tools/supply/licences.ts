/**
 * Whether every package that a lock file names comes under a licence that this project may use: `node
 * tools/supply/licences.ts`, a step of `npm run check`. Licences are SPDX expressions (https://spdx.org/licenses).
 */
import satisfies from 'spdx-satisfies'
import { type LockedPackage, lockedPackages } from './packages.ts'

/** Permissive, or in the public domain: may be shipped with an Apache-2.0 project. */
const anywhere = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
  'Zlib',
]
/**
 * Copyleft by file, data under attribution: fine where we neither change them nor put them into what we ship. Each by
 * name, with why.
 */
export const exceptions: Readonly<Record<string, { licence: string; why: string }>> = {
  'axe-core': { licence: 'MPL-2.0', why: 'runs in tests, unchanged' },
  'caniuse-lite': { licence: 'CC-BY-4.0', why: 'data about browsers, read while tests are compiled' },
  lightningcss: { licence: 'MPL-2.0', why: 'a tool of the web build, unchanged; nothing of it is in what is built' },
  'spdx-exceptions': { licence: 'CC-BY-3.0', why: 'names of licences, read by the check of licences' },
  'spdx-ranges': { licence: '(MIT AND CC-BY-3.0)', why: 'names of licences, read by the check of licences' },
  pyodide: { licence: 'MPL-2.0', why: 'a program of its own, unchanged, fetched by whoever needs it' },
}

/** The exception of a package; builds for one platform stand under the name of what they are builds of. */
const exceptionOf = ({ name, ofPlatform }: LockedPackage): { licence: string } | undefined =>
  exceptions[name] ??
  (ofPlatform ? Object.entries(exceptions).find(([whole]) => name.startsWith(`${whole}-`))?.[1] : undefined)

const isAllowed = (licence: string): boolean => {
  try {
    return satisfies(licence, anywhere)
  } catch {
    // Not an SPDX expression: a file that somebody has to read first.
    return false
  }
}

/** A sentence for each package whose licence is on no list. */
export function unlicensed(packages: readonly LockedPackage[]): string[] {
  return packages
    .filter((one) => !isAllowed(one.licence) && exceptionOf(one)?.licence !== one.licence)
    .map(
      ({ name, version, licence, development }) =>
        `${name} ${version}${development ? ' (development)' : ''}: ${licence === '' ? 'no licence is named' : `"${licence}"`}; expected one of ${anywhere.join(', ')}, or an exception with its reason in tools/supply/licences.ts`,
    )
}

if (import.meta.main) {
  const found = unlicensed(lockedPackages())
  for (const sentence of found) console.error(sentence)
  if (found.length > 0) process.exitCode = 1
}
