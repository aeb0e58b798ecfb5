/**
 * Writes docs/dependencies.md, what each package that we chose is for, from the package files and purposes.json: `node
 * tools/supply/dependencies.ts`, or with `--check` to compare only.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { exceptions } from './licences.ts'
import { type LockedPackage, lockedPackages } from './packages.ts'

const file = new URL('../../docs/dependencies.md', import.meta.url)
const purposes = JSON.parse(readFileSync(new URL('purposes.json', import.meta.url), 'utf8')) as Record<string, string>

/** The line of purposes.json that a package stands under: its name, or a family's that ends in a star. */
const lineOf = (name: string): string | undefined =>
  name in purposes
    ? name
    : Object.keys(purposes).find((line) => line.endsWith('*') && name.startsWith(line.slice(0, -1)))

/** A sentence for each package without a purpose, and for each purpose without a package. */
export function purposeless(packages: readonly Pick<LockedPackage, 'name' | 'direct'>[]): string[] {
  const direct = packages.filter((one) => one.direct)
  const used = new Set(direct.map(({ name }) => lineOf(name)))
  return [
    ...direct
      .filter(({ name }) => lineOf(name) === undefined)
      .map(({ name }) => `${name}: say in tools/supply/purposes.json what it is for`),
    ...Object.keys(purposes)
      .filter((line) => !used.has(line))
      .map((line) => `${line}: tools/supply/purposes.json names it, no package.json does`),
  ]
}

function table(packages: readonly LockedPackage[]): string {
  const rows = new Map<string, LockedPackage[]>()
  for (const one of packages) {
    const line = lineOf(one.name) ?? one.name
    rows.set(line, [...(rows.get(line) ?? []), one])
  }
  const lines = [...rows].map(([line, members]) => {
    const versions = [...new Set(members.map(({ version }) => version))]
    const licences = [...new Set(members.map(({ licence }) => licence))]
    const name = members.length > 1 ? `${line} (${members.length} packages)` : line
    const version = versions.length > 3 ? `${versions.length} versions, each pinned` : versions.join(', ')
    return `| ${name} | ${version} | ${licences.join(', ')} | ${purposes[line] ?? ''} |`
  })
  return ['| package | version | licence | what it is for |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

/** The page. */
export function dependenciesPage(): string {
  const all = lockedPackages()
  const direct = all.filter((one) => one.direct)
  const of = (test: (one: LockedPackage) => boolean): string => table(direct.filter(test))
  const shipped = all.filter((one) => one.installation === '.' && !one.development).length
  return `# What is not ours

This page is made by \`node tools/supply/dependencies.ts\` from the package files and \`tools/supply/purposes.json\`; \`npm run check\` compares it, and refuses a package without a purpose or with a licence that is on no list (\`tools/supply/licences.ts\`).
Every version is pinned, every file's hash is in a lock file, and no package runs a script of its own while it is installed. What comes along with these (${shipped} packages to run the platform, ${all.length} in all) is in the bill of materials: \`npm run sbom\` writes it in CycloneDX 1.6.
The licences of what the platform runs on, in full: [third-party notices](third-party-notices.md).

## To run the platform

\`npm start\` brings these, and what they need.

${of((one) => one.installation === '.' && !one.development)}

## When they are needed

Node 24 is fetched where the machine's own is older; Deno and pyodide where neither bubblewrap nor Landlock can shut a script in.

${of((one) => one.installation !== '.')}

## To develop it

\`npm test\` and \`npm run check\` bring these too.

${of((one) => one.installation === '.' && one.development)}

## Licences that stand for themselves

All others are permissive (MIT, ISC, BSD, Apache-2.0 and their like).

| package | licence | why it may be here |
| --- | --- | --- |
${Object.entries(exceptions)
  .map(([name, { licence, why }]) => `| ${name} | ${licence} | ${why} |`)
  .join('\n')}
`
}

if (import.meta.main) {
  const found = purposeless(lockedPackages())
  for (const sentence of found) console.error(sentence)
  const page = dependenciesPage()
  if (!process.argv.includes('--check')) writeFileSync(file, page)
  else if (readFileSync(file, 'utf8') !== page)
    found.push('docs/dependencies.md is not what the package files say. Run: node tools/supply/dependencies.ts')
  if (found.length > 0) {
    console.error(found.at(-1))
    process.exitCode = 1
  }
}
