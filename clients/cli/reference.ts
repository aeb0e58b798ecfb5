/**
 * Writes docs/command-line.md from the table of commands: `node clients/cli/reference.ts`, or `node
 * clients/cli/reference.ts --check` to compare only.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { type Command, everywhere, type Group, isGroup, type Options } from './command.ts'
import { table } from './commands.ts'

const file = new URL('../../docs/command-line.md', import.meta.url)

const cell = (text: string): string => text.replaceAll('|', '\\|')
const block = (lines: readonly string[]): string => `\`\`\`sh\n${lines.join('\n')}\n\`\`\``

/** How an option is typed: `-o FILE`, `--output FILE`. */
function typed(name: string, { short, value }: Options[string]): string {
  const words = [...(short ? [`-${short}`] : []), `--${name}`]
  return words.map((word) => `\`${cell(value ? `${word} ${value}` : word)}\``).join(', ')
}

const optionRows = (options: Options): string[] =>
  Object.entries(options).map(
    ([name, option]) =>
      `| ${typed(name, option)} | ${cell(option.help)}${option.multiple ? '; may be repeated' : ''} |`,
  )

/** Argument and options of a command; empty when it has none. */
function wordTable({ argument, options }: Pick<Command, 'argument' | 'options'>): string {
  const rows = [...(argument ? [`| \`${argument.name}\` | ${cell(argument.help)} |`] : []), ...optionRows(options)]
  return rows.length === 0 ? '' : ['| word | meaning |', '| --- | --- |', ...rows].join('\n')
}

const paragraphs = (parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join('\n\n')

function commandPart(command: Command, group?: Group): string {
  const path = group ? `${group.name} ${command.name}` : command.name
  return paragraphs([
    `${group ? '###' : '##'} cloister ${path}`,
    `${command.summary}.`,
    group ? undefined : block([`cloister ${command.usage}`]),
    command.detail?.startsWith(' ') ? undefined : command.detail,
    wordTable(command),
    command.examples ? block(command.examples) : undefined,
  ])
}

function groupPart(group: Group): string {
  return paragraphs([
    `## cloister ${group.name}`,
    `${group.summary}.`,
    group.detail,
    ...group.commands.map((command) => commandPart(command, group)),
  ])
}

/** The page: what holds for each command, then each command and group. */
export function referencePage(): string {
  return `${paragraphs([
    '# The command line',
    'This page is made by `node clients/cli/reference.ts` from the commands in `clients/cli/commands.ts`. In a folder of Cloister, `cloister` is typed as `npx cloister`; `cloister help` lists them, `cloister help COMMAND` says more of one.',
    wordTable({ options: everywhere }),
    '`CLOISTER_TOKEN` is used instead of the stored sign-in. Exit codes: 0 done, 1 the answer is no (an error in the study, a broken chain, nothing to open), 2 wrong use, 3 sign in first, 4 refused, 5 server not reached, 130 stopped by Ctrl-C.',
    ...table.map((entry) => (isGroup(entry) ? groupPart(entry) : commandPart(entry))),
  ])}\n`
}

if (import.meta.main) {
  const page = referencePage()
  if (!process.argv.includes('--check')) writeFileSync(file, page)
  else if (readFileSync(file, 'utf8') !== page) {
    console.error('docs/command-line.md is not what the commands say. Run: node clients/cli/reference.ts')
    process.exitCode = 1
  }
}
