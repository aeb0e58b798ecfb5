/** GLOSSARY.md and CONTRIBUTING.md name files, exports, commands and their options: those are there. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { areas } from '../contracts/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Paths of files in a text: in backticks, with a folder and an ending, or a page or a dotfile at the top. */
const filesNamed = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/`([\w.<>-]+(?:\/[\w.<>-]+)+\.(?:tsx?|mjs|json|md)|[\w-]+\.md|\.[\w-]+\.cjs)`/g)].map(
      ([, file]) => file!,
    ),
  ),
]

/** What one entry of the glossary says. */
interface Entry {
  word: string
  meaning: string
  files: string[]
}
const glossary: Entry[] = [...read('GLOSSARY.md').matchAll(/^\| (\*\*.+?) \| (.+) \| (.+) \|$/gm)].map(
  ([, word, meaning, where]) => ({ word: word!, meaning: meaning!, files: filesNamed(where!) }),
)

describe('GLOSSARY.md', () => {
  it('says of every word that a newcomer trips over', () => {
    const words = glossary.flatMap(({ word }) => [...word.matchAll(/\*\*(.+?)\*\*/g)].map(([, one]) => one))
    expect(words).toEqual(
      expect.arrayContaining(
        (
          'seal,pin,twin,trial,gate,settle,slot,due,hold,held,release,told before,kind of job,area,room,entity,grant,' +
          'place,pointer,walk,attempt,share,look,stage,custodian,checker,analyst,unwrap,run,record,chunk,link,code,' +
          'charge,reservation,rho,nano-rho,cohort,fingerprint,receipt'
        ).split(','),
      ),
    )
  })

  it.each(glossary)('$word: a sentence, and files that are there', ({ meaning, files }) => {
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(files).not.toEqual([])
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})

const guide = read('CONTRIBUTING.md')
/** The walks and lists of the page by their heading. */
const sections = new Map(
  guide
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), text] as const),
)
const backticked = [...new Set([...guide.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!))]

/** Whether it is there: of every area where it says so, of any name where another word is in angle brackets. */
function isThere(file: string): boolean {
  const ofAreas = file.includes('<area>') ? Object.keys(areas).map((area) => file.replaceAll('<area>', area)) : [file]
  return ofAreas.every((path) => globSync(path.replaceAll(/<\w+>/g, '*'), { cwd: root }).length > 0)
}

const exportedNames = new Map<string, ReadonlySet<string>>()
/** Names that a file exports: declarations, and lists in braces. */
function exportsOf(file: string): ReadonlySet<string> {
  const known = exportedNames.get(file)
  if (known) return known
  const names = new Set<string>()
  const isExported = (node: ts.Node): boolean =>
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  const addNames = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text)
    else for (const element of name.elements) if (ts.isBindingElement(element)) addNames(element.name)
  }
  const addOf = (statement: ts.Statement): void => {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause))
      for (const { name } of statement.exportClause.elements) names.add(name.text)
    if (!isExported(statement)) return
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) addNames(name)
    else if ('name' in statement && ts.isIdentifier(statement.name as ts.Node))
      addNames(statement.name as ts.Identifier)
  }
  for (const statement of ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest).statements) addOf(statement)
  exportedNames.set(file, names)
  return names
}

const pairs = [...guide.matchAll(/`([A-Za-z]\w*)` in `([\w./-]+\.tsx?)`/g)].map(
  ([, name, file]) => [name!, file!] as const,
)

describe('CONTRIBUTING.md', () => {
  it('walks through what is added most often, in numbered steps', () => {
    const steps = [...sections].map(([heading, text]) => [heading, text.match(/^\d+\. /gm)?.length ?? 0] as const)
    expect(steps.filter(([, count]) => count >= 3).map(([heading]) => heading)).toEqual([
      'Debug one function',
      'Add a route',
      'Add a page',
      'Add a command of the command line',
      'Add an SQL function',
      'Add a release rule',
      'Add a kind of job',
      'Add an area',
      'Add an adapter',
      'Change what is kept',
      'Before you hand it in',
    ])
  })

  it('names many files and exports', () => {
    expect(filesNamed(guide).length).toBeGreaterThan(80)
    expect(pairs.length).toBeGreaterThan(50)
  })

  it.each(filesNamed(guide))('%s is there', (file) => expect(isThere(file)).toBe(true))

  it.each(pairs)('%s is exported by %s', (name, file) => expect(exportsOf(file)).toContain(name))

  it('goes the way of the new area that a test makes', () => {
    const made = read('test/new-area.test.ts').match(/const touched[\s\S]*?\n}/)![0]
    const files = [...made.matchAll(/'([\w./-]+)':/g)].map(([, file]) =>
      file!.replace('notes.handler', '<function>.handler').replaceAll('notes', '<area>'),
    )
    expect(files).toHaveLength(4)
    expect(filesNamed(sections.get('Add an area')!)).toEqual(expect.arrayContaining(files))
  })

  it('knows every port and its suite', () => {
    const walk = filesNamed(sections.get('Add an adapter')!)
    const ports = globSync('ports/*.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/'))
    expect(walk).toEqual(expect.arrayContaining(ports))
  })
})

/** Options of a command line, without what they are set to. */
const optionsOf = (command: string): string[] => [...command.matchAll(/ (--[a-z][\w-]*)/g)].map(([, option]) => option!)
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts)

/** What is wrong with a command that the page gives; nothing when it can be typed as it stands. */
function wrongWith(command: string): string[] {
  const [program, first = '', second = ''] = command.split(' ')
  const rest = command.slice(command.indexOf(' -- ') + 4)
  if (program === 'git') return existsSync(join(root, command.split(' ').at(-1)!)) ? [] : ['names no file']
  if (program === 'npx' && first === 'vitest') return unknownToVitest(command.slice('npx '.length))
  if (program === 'npx') return existsSync(join(root, 'node_modules/.bin', first)) ? [] : ['is not installed']
  if (program === 'node')
    return wrongWithProgram(
      command.split(' ').find((word) => word.endsWith('.ts'))!,
      command,
    )
  const script = first === 'run' ? second : first
  if (!scripts.includes(script)) return [`has no script ${script}`]
  if (!command.includes(' -- ')) return []
  if (script === 'bench') return wrongWithProgram(`bench/${rest.split(' ')[0]}.ts`, rest)
  if (script === 'test') return unknownToVitest(`vitest run ${rest}`)
  return []
}
/** The options that Vitest lists, as it writes them: `--inspectBrk`. */
const vitestHelp = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', '--help'], {
  cwd: root,
  encoding: 'utf8',
}).stdout

function unknownToVitest(command: string): string[] {
  const asListed = (option: string): string =>
    option.replace(/^--no-/, '--').replaceAll(/(?<=\w)-(\w)/g, (_, letter: string) => letter.toUpperCase())
  return optionsOf(command)
    .filter((option) => !new RegExp(`${asListed(option)}\\b`).test(vitestHelp))
    .map((option) => `Vitest knows no ${option}`)
}
/** Options before the file are Node's own. */
function wrongWithProgram(file: string, command: string): string[] {
  if (!existsSync(join(root, file))) return [`${file} is not there`]
  const source = read(file)
  const own = command.slice(command.indexOf(file) + 1)
  return optionsOf(own)
    .filter((option) => !source.includes(option))
    .map((option) => `${file} knows no ${option}`)
}

const commands = backticked.filter((text) => /^(npm|npx|node|git) [a-z-]/.test(text))

describe('the commands of CONTRIBUTING.md', () => {
  it.each([
    'npm test -- cell-rules',
    'npm test -- --changed',
    'npm run check',
    'npm run bench -- mutants --only gate --survivors',
    'git config blame.ignoreRevsFile .git-blame-ignore-revs',
  ])('are those of everyday: %s', (command) => expect(commands).toContain(command))

  it.each(commands)('%s', (command) => expect(wrongWith(command)).toEqual([]))

  it('would be caught if they were not there', () => {
    expect(wrongWith('npm run tests')).toHaveLength(1)
    expect(wrongWith('npm test -- --chagned')).toHaveLength(1)
    expect(wrongWith('npm run bench -- mutant')).toHaveLength(1)
    expect(wrongWith('npm run bench -- mutants --survivers')).toHaveLength(1)
    expect(wrongWith('node tools/house-styles.ts')).toHaveLength(1)
    expect(wrongWith('npx vitest run --inspect-break a')).toHaveLength(1)
    expect(wrongWith('git config blame.ignoreRevsFile .git-blame-ignore')).toHaveLength(1)
  })
})
