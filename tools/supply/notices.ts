/**
 * Writes docs/third-party-notices.md, the licences of every package that the platform runs on, in full, from the
 * packages that are installed: `node tools/supply/notices.ts`, or with `--check` to compare only. Builds for one kind
 * of system are named with the package that they are builds of: which of them is installed differs by machine.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../steps.ts'
import { type LockedPackage, lockedPackages } from './packages.ts'

const file = join(root, 'docs/third-party-notices.md')

/** The texts that a package brings about its licence; those with a text of their own in a subfolder keep it there. */
function textsOf({ path }: LockedPackage): string {
  const folder = join(root, path)
  if (!existsSync(folder)) throw new Error(`${path} is not installed. Run: npm run check`)
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
    .map(({ name }) => name)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n')
}

/** The page. Packages with the same text stand together. */
export function noticesPage(): string {
  const shipped = lockedPackages().filter((one) => one.installation === '.' && !one.development)
  const byText = new Map<string, string[]>()
  for (const one of shipped.filter(({ ofPlatform }) => !ofPlatform)) {
    const text = textsOf(one)
    const heading = `${one.licence}\n${text}`
    byText.set(heading, [...(byText.get(heading) ?? []), `${one.name} ${one.version}`])
  }
  const builds = shipped
    .filter(({ ofPlatform }) => ofPlatform)
    .map((one) => `${one.name} ${one.version} (${one.licence})`)
  const parts = [...byText].map(([heading, names]) => {
    const [licence = '', ...lines] = heading.split('\n')
    const text = lines.join('\n')
    const body = text === '' ? 'The package names its licence and brings no text.' : `\`\`\`\`text\n${text}\n\`\`\`\``
    return `## ${licence}: ${names.join(', ')}\n\n${body}\n`
  })
  return `# Third-party notices

This page is made by \`node tools/supply/notices.ts\` from the packages that are installed. What each is for: [dependencies](dependencies.md).

Builds of these for one kind of system each: ${builds.join(', ')}.

${parts.join('\n')}`
}

if (import.meta.main) {
  const page = noticesPage()
  if (!process.argv.includes('--check')) writeFileSync(file, page)
  else if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/third-party-notices.md is not what is installed. Run: node tools/supply/notices.ts')
    process.exitCode = 1
  }
}
