/** The command line: finds the command, reads its options, turns every failure into a sentence and an exit code. */
import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util'
import { ProblemError } from '../api.ts'
import { UploadFailed } from '../publish.ts'
import { audit } from './audit.ts'
import type { Command } from './command.ts'
import { dataset } from './datasets.ts'
import { CliError, exits, type Io, processIo, tame } from './io.ts'
import { ask, job } from './jobs.ts'
import { login, logout, whoami } from './people.ts'
import { pipeline } from './pipelines.ts'
import { exportStudy, importStudy, publish } from './publish.ts'
import { results } from './results.ts'
import { run as pipelineRun } from './runs.ts'
import { links, runs, studies } from './studies.ts'
import { synthesis } from './synthesis.ts'

const commands: Record<string, Command> = {
  login,
  whoami,
  logout,
  publish,
  studies,
  links,
  runs,
  results,
  dataset,
  ask,
  job,
  synthesis,
  pipeline,
  run: pipelineRun,
  audit,
  export: exportStudy,
  import: importStudy,
}
const everywhere = {
  server: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} satisfies Record<string, ParseArgsOptionDescriptor>

const overview =
  (): string => `cloister: publish studies, fetch results, ask datasets, run pipelines, verify the audit chain

${Object.entries(commands)
  .map(([name, c]) => `  ${name.padEnd(9)} ${c.summary}`)
  .join('\n')}

Everywhere: --server URL (or CLOISTER_SERVER), --json for programs, --help.
CLOISTER_TOKEN is used instead of the stored sign-in.
Exit codes: 0 done, 1 the answer is no (an error in the study, a broken chain, nothing to open), 2 wrong use, 3 sign in first, 4 refused, 5 server not reached.
"cloister help COMMAND" says more.`
const helpOf = (c: Command): string => `cloister ${c.usage}\n\n${c.summary}.${c.detail ? `\n${c.detail}` : ''}`

/**
 * A failure as exit code, sentence and hint. Never a stack trace, never a value that the server did not mean for
 * people.
 */
function explained(e: unknown, io: Io): { exit: number; message: string; hint?: string | undefined; kind?: string } {
  if (io.signal.aborted) return { exit: exits.cancelled, message: 'Stopped.' }
  if (e instanceof CliError) return { exit: e.exit, message: e.message, hint: e.hint }
  if (e instanceof UploadFailed) return { exit: exits.unreachable, message: e.message }
  if (e instanceof ProblemError) {
    const fields = e.errors.map((f) => `  ${tame(f.path)} ${tame(f.message)}`).join('\n') || undefined
    if (e.kind === 'unreachable')
      return {
        exit: exits.unreachable,
        kind: e.kind,
        message: 'The server cannot be reached.',
        hint: 'Check the address (--server) and the connection.',
      }
    if (e.kind === 'sign-in-required')
      return {
        exit: exits.signIn,
        kind: e.kind,
        message: 'The sign-in has ended or was revoked.',
        hint: io.env['CLOISTER_TOKEN'] ? 'Put a valid token into CLOISTER_TOKEN.' : 'Run "cloister login".',
      }
    return {
      exit: exits.refused,
      kind: e.kind,
      message: tame(e.message),
      hint:
        [fields, e.problem.instance ? `Request ${tame(e.problem.instance)}` : undefined].filter(Boolean).join('\n') ||
        undefined,
    }
  }
  const code = (e as NodeJS.ErrnoException | undefined)?.code
  if (typeof code === 'string' && e instanceof Error && 'syscall' in e)
    return {
      exit: exits.no,
      message: `A file could not be read or written (${code}): ${(e as NodeJS.ErrnoException).path ?? ''}`,
    }
  return {
    exit: exits.no,
    message: `Something unexpected went wrong (${e instanceof Error ? e.name : typeof e}).`,
    hint: 'If it stays, report it with the command you ran.',
  }
}

/** Runs one command line (without the program's name) and answers the exit code. */
async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const json = argv.includes('--json')
  const io = processIo(json, signal)
  const wanted = argv.find((a, i) => !a.startsWith('-') && argv[i - 1] !== '--server')
  try {
    if (wanted === undefined || wanted === 'help') {
      const about = wanted === 'help' ? argv[argv.indexOf('help') + 1] : undefined
      if (about !== undefined && !commands[about])
        throw new CliError(exits.usage, `There is no command "${tame(about)}".`, '"cloister help" lists them.')
      if (wanted === undefined && argv.some((a) => !['-h', '--help', '--json'].includes(a)))
        throw new CliError(
          exits.usage,
          `Say what to do; "${tame(argv[0]!)}" alone is not a command.`,
          '"cloister help" lists the commands.',
        )
      io.out(about ? helpOf(commands[about]!) : overview())
      return exits.done
    }
    const command = Object.hasOwn(commands, wanted) ? commands[wanted] : undefined
    if (!command)
      throw new CliError(exits.usage, `There is no command "${tame(wanted)}".`, '"cloister help" lists them.')
    const rest = argv.toSpliced(argv.indexOf(wanted), 1)
    let parsed: { values: Record<string, string | boolean | (string | boolean)[] | undefined>; positionals: string[] }
    try {
      parsed = parseArgs({ args: rest, options: { ...everywhere, ...command.options }, allowPositionals: true })
    } catch (e) {
      throw new CliError(exits.usage, tame((e as Error).message.split('. ')[0]!), `cloister ${command.usage}`)
    }
    if (parsed.values['help']) {
      io.out(helpOf(command))
      return exits.done
    }
    return (await command.run({ io, options: parsed.values, args: parsed.positionals })) ?? exits.done
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
  process.stdout.on('error', (e: NodeJS.ErrnoException) => {
    if (e.code === 'EPIPE') process.exit(0)
  })
  process.exitCode = await main(process.argv.slice(2), stop.signal)
}
