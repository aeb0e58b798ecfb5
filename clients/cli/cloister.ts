/** The command line: finds the command, reads its options, turns every failure into a sentence and an exit code. */
import { entryOf } from './commands.ts'
import { chosen, parse, refuseOthers } from './dispatch.ts'
import { explained } from './failure.ts'
import { helpOf, overview } from './help.ts'
import { CliError, exits, type Io, processIo } from './io.ts'
import { tame } from './text.ts'

/** The answer to `help`, `help COMMAND`, or no command at all. */
function helpFor(argv: readonly string[], wanted: string | undefined): string {
  const about = wanted === 'help' ? argv[argv.indexOf('help') + 1] : undefined
  const entry = about === undefined ? undefined : entryOf(about)
  if (about !== undefined && !entry) throw unknown(about)
  if (wanted === undefined && argv.some((word) => !['-h', '--help', '--json'].includes(word)))
    throw new CliError(
      exits.usage,
      `Say what to do; "${tame(argv[0]!)}" alone is not a command.`,
      '"cloister help" lists the commands.',
    )
  return entry ? helpOf(entry) : overview()
}

const unknown = (name: string): CliError =>
  new CliError(exits.usage, `There is no command "${tame(name)}".`, '"cloister help" lists them.')

/** Carries out what was asked and answers the exit code. */
async function carryOut(argv: readonly string[], io: Io): Promise<number> {
  const wanted = argv.find((word, i) => !word.startsWith('-') && argv[i - 1] !== '--server')
  if (wanted === undefined || wanted === 'help') {
    io.out(helpFor(argv, wanted))
    return exits.done
  }
  const entry = entryOf(wanted)
  if (!entry) throw unknown(wanted)
  const { options, args } = parse(entry, argv.toSpliced(argv.indexOf(wanted), 1))
  if (options.help) {
    io.out(helpOf(entry))
    return exits.done
  }
  const { command, argument } = chosen(entry, args)
  refuseOthers(entry, command, options)
  return (await command.run({ io, options, argument })) ?? exits.done
}

/** Runs one command line (without the program's name) and answers the exit code. */
async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const json = argv.includes('--json')
  const io = processIo(json, signal)
  try {
    return await carryOut(argv, io)
  } catch (e) {
    const { exit, message, hint, kind } = explained(e, io)
    if (json)
      io.out(JSON.stringify({ error: message, exit, ...(kind ? { kind } : {}), ...(hint ? { hint } : {}) }, null, 2))
    else io.note(`${message}${hint ? `\n${hint}` : ''}`)
    return exit
  }
}

/** The program: Ctrl-C stops what is under way and leaves with 130. */
export async function run(): Promise<void> {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  // A reader that closes early (`cloister runs … | head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
  })
  process.exitCode = await main(process.argv.slice(2), stop.signal)
}
