/** A unit test starts at once: it needs no browser, no build and no runtime, and neither does anything it imports. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, matchesGlob, relative } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { projects } from '../test/projects.ts'
import { root } from './steps.ts'

/** What starts a browser, a build, a confinement or a whole host. */
const heavy = [
  'playwright-core',
  'tools/browser.ts',
  'tools/chromium.ts',
  'tools/debian.ts',
  'tools/build-web.ts',
  'tools/runtimes.ts',
  'local/host.ts',
  'runner/confine/choose.ts',
]
const imported = new Map<string, string[]>()

/** Whether an import or export is there for its types alone: it is gone when the file runs. */
function isForTypes(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly
  const clause = statement.importClause
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const named = clause.namedBindings
  return clause.name === undefined && !!named && ts.isNamedImports(named) && named.elements.every((e) => e.isTypeOnly)
}

/** What a file imports when it runs, by path from the root; packages by their name. */
function importsOf(file: string): string[] {
  const known = imported.get(file)
  if (known) return known
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest)
  const found = source.statements
    .filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
    .filter((statement) => !isForTypes(statement))
    .flatMap(({ moduleSpecifier: to }) => (to && ts.isStringLiteral(to) ? [to.text] : []))
    .map((name) => (name.startsWith('.') ? relative(root, join(root, dirname(file), name)) : name))
  imported.set(file, found)
  return found
}

/** The way by imports from a file to something heavy, or undefined. */
function wayToHeavy(file: string, seen = new Set<string>()): string[] | undefined {
  if (heavy.includes(file)) return [file]
  if (seen.has(file) || !/\.tsx?$/.test(file) || !existsSync(join(root, file))) return undefined
  seen.add(file)
  for (const next of importsOf(file)) {
    const way = wayToHeavy(next, seen)
    if (way) return [file, ...way]
  }
  return undefined
}

const unitFiles = globSync(projects.unit, { cwd: root }).filter(
  (file) => ![...projects.platform, ...projects.browser].some((glob) => matchesGlob(file, glob)),
)

it('a unit test imports nothing that needs a browser, a build, a confinement or a host', () => {
  expect(unitFiles.length).toBeGreaterThan(50)
  expect(unitFiles.map((file) => wayToHeavy(file)).filter(Boolean)).toEqual([])
})

it('what does need one is seen', () => {
  expect(wayToHeavy('test/portal-studies.test.ts')).toEqual([
    'test/portal-studies.test.ts',
    'test/portal-support.ts',
    'local/host.ts',
  ])
  expect(wayToHeavy('runner/job.test.ts')?.at(-1)).toBe('runner/confine/choose.ts')
})
