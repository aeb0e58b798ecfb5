/** Every command of the table can be found, read and explained; and what its help names is there. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Command, everywhere, type Group, isGroup, type Options } from './command.ts'
import { entryOf, table } from './commands.ts'
import { chosen, optionsOf, parse, refuseOthers } from './dispatch.ts'
import { helpOf, overview, usageOf } from './help.ts'
import { referencePage } from './reference.ts'

const commandsOf = (entry: Command | Group): readonly Command[] => (isGroup(entry) ? entry.commands : [entry])

const repeated = (names: readonly string[]): string[] => names.filter((name, i) => names.indexOf(name) !== i)

/** Options that a text of the help names: `--format`, `-o`. */
const optionsIn = (text: string): string[] => [...text.matchAll(/(?<![\w-])--?([a-z]+)\b/g)].map(([, name]) => name!)

/** An example as a shell hands it over, without the program's name. */
const wordsOf = (example: string): string[] =>
  [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!).slice(1)

function faultsOfOptions(options: Options): string[] {
  return Object.entries(options).flatMap(([name, option]) => [
    ...(option.help === '' || option.help.endsWith('.') ? [`--${name} has no help, or a sentence`] : []),
    ...(option.type === 'string' && !option.value ? [`--${name} does not say what stands after it`] : []),
    ...(option.type === 'boolean' && option.value ? [`--${name} takes nothing, but says what stands after it`] : []),
    ...(option.short !== undefined && option.short.length !== 1 ? [`--${name} is not short for one letter`] : []),
  ])
}

/** Options that two commands of a group read in different ways. */
function contradictions(entry: Command | Group): string[] {
  const all = optionsOf(entry)
  const shorts = Object.values(all).flatMap(({ short }) => short ?? [])
  const read = ({ type, short, multiple }: Options[string]): string => `${type} ${short} ${multiple ?? false}`
  return [
    ...repeated(shorts).map((letter) => `-${letter} is short for two options`),
    ...commandsOf(entry).flatMap(({ name, options }) =>
      Object.keys(options)
        .filter((option) => read(options[option]!) !== read(all[option]!))
        .map((option) => `--${option} of ${name} is another option elsewhere in the group`),
    ),
  ]
}

function faultsOfCommand(command: Command, group?: Group): string[] {
  const { name, summary, usage, argument, options, detail = '', rows = [], examples = [] } = command
  const known = new Set(Object.entries(options).flatMap(([option, { short }]) => [option, short]))
  const named = [usage, detail, ...rows.flat()].flatMap((text) => optionsIn(text ?? ''))
  const wanted = `${name}${argument ? ` ${argument.name}` : ''}`
  return [
    ...(summary === '' || summary.endsWith('.') ? ['has no summary, or a sentence'] : []),
    ...(`${usage} `.startsWith(`${wanted} `) ? [] : [`its usage does not begin with ${wanted}`]),
    ...faultsOfOptions(options),
    ...named.filter((option) => !known.has(option)).map((option) => `its help names --${option}`),
    ...examples.flatMap((example) => faultsOfExample(example, command, group)),
  ].map((fault) => `${group ? `${group.name} ` : ''}${name}: ${fault}`)
}

function faultsOfExample(example: string, command: Command, group?: Group): string[] {
  const [first, ...words] = wordsOf(example)
  const entry = group ?? command
  if (first !== entry.name) return [`"${example}" is of another command`]
  const { options, args } = parse(entry, words)
  const isMeant = chosen(entry, args).command === command
  const foreign = Object.keys(options).filter((option) => !(option in command.options) && !(option in everywhere))
  return isMeant && foreign.length === 0 ? [] : [`"${example}" is of another command`]
}

/** What is wrong with a table of commands, in words. */
const faultsOf = (entries: readonly (Command | Group)[]): string[] => [
  ...repeated(entries.map(({ name }) => name)).map((name) => `two are called ${name}`),
  ...entries.flatMap((entry) => [
    ...repeated(commandsOf(entry).map(({ name }) => name)).map((name) => `${entry.name}: two are called ${name}`),
    ...contradictions(entry).map((fault) => `${entry.name}: ${fault}`),
    ...commandsOf(entry).flatMap((command) => faultsOfCommand(command, isGroup(entry) ? entry : undefined)),
  ]),
]

describe('the table of commands', () => {
  it('has commands with names, summaries, options that say what they are, and examples that can be typed', () => {
    expect(faultsOf(table)).toEqual([])
    expect(table.flatMap(commandsOf).length).toBeGreaterThan(35)
  })

  it.each(table.flatMap((entry) => commandsOf(entry).map((command) => ({ entry, command }))))(
    'leads to $entry.name $command.name',
    ({ entry, command }) => {
      expect(entryOf(entry.name)).toBe(entry)
      expect(overview()).toContain(`  ${entry.name.padEnd(9)} ${entry.summary}\n`)
      expect(helpOf(entry).split('\n')[0]).toBe(`cloister ${usageOf(entry)}`)
      const words = [...(isGroup(entry) ? [command.name] : []), ...(command.argument ? ['about'] : [])]
      expect(chosen(entry, parse(entry, words).args)).toEqual({ command, argument: command.argument ? 'about' : '' })
    },
  )

  it('is what docs/command-line.md says', () =>
    expect(readFileSync(new URL('../../docs/command-line.md', import.meta.url), 'utf8')).toBe(referencePage()))
})

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Command lines that the guides show, without comments. */
const shown = globSync(['README.md', 'docs/*.md', 'examples/**/*.md'], { cwd: root })
  .filter((page) => !page.endsWith('command-line.md'))
  .flatMap((page) => readFileSync(`${root}/${page}`, 'utf8').split('\n'))
  .flatMap((line) => /^\s*(?:npx )?(cloister .*?)(?:\s+#.*)?$/.exec(line)?.[1] ?? [])

describe('the guides', () => {
  it('show command lines', () => expect(shown.length).toBeGreaterThan(10))

  it.each(shown.filter((line) => !/[[|]/.test(line)))('%s', (line) => {
    const [first, ...words] = wordsOf(line)
    const entry = entryOf(first!)!
    const { options, args } = parse(entry, words)
    const { command } = chosen(entry, args)
    expect(Object.keys(options).filter((name) => !(name in command.options) && !(name in everywhere))).toEqual([])
  })
})

const good: Command = {
  name: 'good',
  summary: 'Does it',
  usage: 'good THING [--size N]',
  argument: { name: 'THING', help: 'a thing' },
  options: { size: { type: 'string', value: 'N', help: 'how large' } },
  examples: ['cloister good this --size 3'],
  run: () => Promise.resolve(),
}

describe('a table that is not right', () => {
  it('is told from one that is', () => {
    expect(faultsOf([good])).toEqual([])
    expect(faultsOf([{ ...good, examples: ['cloister good this --json'] }])).toEqual([])
  })

  it.each([
    ['no summary', { ...good, summary: '' }, 'has no summary'],
    ['a usage of another command', { ...good, usage: 'bad THING' }, 'does not begin with good THING'],
    ['a usage without the argument', { ...good, usage: 'good' }, 'does not begin with good THING'],
    ['an option that is not there', { ...good, detail: '  --colour C' }, 'names --colour'],
    ['a short option that is not there', { ...good, usage: 'good THING [-o FILE]' }, 'names --o'],
    ['an option without help', { ...good, options: { size: { ...good.options['size']!, help: '' } } }, 'no help'],
    ['a text without its name', { ...good, options: { size: { type: 'string', help: 'how large' } } }, 'stands after'],
    ['an example of another command', { ...good, examples: ['cloister better this'] }, 'of another command'],
  ] as const satisfies readonly (readonly [string, Command, string])[])('%s', (_, command, fault) => {
    expect(faultsOf([command])).toEqual([expect.stringContaining(fault)])
  })

  it('two of one name, in the table and in a group', () => {
    expect(faultsOf([good, good])).toEqual(['two are called good'])
    const twice: Group = { name: 'group', summary: 'Things', commands: [good, { ...good, examples: [] }] }
    expect(faultsOf([{ ...twice, commands: twice.commands.map((one) => ({ ...one, examples: [] })) }])).toEqual([
      'group: two are called good',
    ])
  })

  it('commands of a group that read an option in two ways', () => {
    const other: Command = { ...good, name: 'other', usage: 'other THING', examples: [] }
    const group = (options: Options): Group => ({
      name: 'group',
      summary: 'Things',
      commands: [
        { ...good, examples: [] },
        { ...other, options },
      ],
    })
    expect(faultsOf([group({ size: { type: 'boolean', help: 'large' } })])).toEqual([
      'group: --size of good is another option elsewhere in the group',
    ])
    expect(faultsOf([group({ high: { type: 'boolean', short: 'h', help: 'high' } })])).toEqual([
      'group: -h is short for two options',
    ])
  })
})

describe('an option of another command of the group', () => {
  const others = table.flatMap((entry) =>
    commandsOf(entry).flatMap((command) =>
      Object.keys(optionsOf(entry))
        .filter((name) => isGroup(entry) && !(name in command.options) && !(name in everywhere))
        .map((name) => ({ entry, command, name })),
    ),
  )
  it('is there in most groups', () => expect(new Set(others.map(({ entry }) => entry.name)).size).toBeGreaterThan(4))

  it.each(others)('is refused: $entry.name $command.name --$name', ({ entry, command, name }) => {
    expect(() => refuseOthers(entry, command, { [name]: true })).toThrow(
      `"cloister ${entry.name} ${command.name}" has no option --${name}; "cloister `,
    )
  })
  it('is none of its own, and none that all have', () => {
    const entry = entryOf('dataset')!
    for (const command of commandsOf(entry))
      expect(() => refuseOthers(entry, command, { ...command.options, ...everywhere })).not.toThrow()
  })
})

describe('words after a name', () => {
  const said = (...words: string[]): unknown => {
    const entry = entryOf(words[0]!)!
    return chosen(entry, parse(entry, words.slice(1)).args)
  }

  it.each([
    [['runs'], 'Say which study.'],
    [['runs', 'a', 'b'], 'Only one study at a time.'],
    [['job', 'show'], 'Say which job.'],
    [['job', 'list', 'a'], 'Say "cloister job list", "cloister job show JOB"'],
    [['job', 'constructor', 'a'], 'Say "cloister job list", "cloister job show JOB"'],
    [['dataset', 'add', 'a', 'b'], 'Say which folder: cloister dataset add ./folder'],
    [['pipeline', 'show'], 'Say "cloister pipeline publish FOLDER"'],
    [['audit', 'verify', 'a'], 'Say "cloister audit verify" or "cloister audit events".'],
    [['synthesis', 'make', 'a', 'b'], 'Only one at a time.'],
    [['studies', '--colour'], 'Unknown option'],
  ])('%j: %s', (words, message) => expect(() => said(...words)).toThrow(message))

  it('more of them are let be by a command on its own that takes nothing', () =>
    expect(said('whoami', 'a')).toMatchObject({ command: { name: 'whoami' }, argument: '' }))
})
