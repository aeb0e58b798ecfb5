/**
 * Commands about a home on this machine: it is opened by programs of the host (`local/care/`), for the command line
 * knows only the server. They are found by their place beside it.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Call, Options } from '../command.ts'
import { CliError, exits, type Io } from '../io.ts'

export const home = {
  type: 'string',
  value: 'FOLDER',
  help: 'the home, instead of CLOISTER_HOME or .cloister',
} as const satisfies Options[string]

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The home that is meant: as the host itself finds it, unless it is named. */
export const homeMeant = ({ io, options }: Pick<Call<{ home: typeof home }>, 'io' | 'options'>): string =>
  options.home === undefined ? resolve(root, io.env['CLOISTER_HOME'] || '.cloister') : resolve(options.home)

/** Has a program of the host do it, on this terminal, and answers its exit code. What is asked holds no secrets. */
export async function handOver(
  io: Pick<Io, 'json'>,
  name: 'doctor' | 'backup' | 'restore' | 'seal',
  asked: Readonly<Record<string, string | boolean | string[] | undefined>>,
): Promise<number> {
  const file = resolve(root, 'local/care', `${name}.ts`)
  if (!existsSync(file))
    throw new CliError(exits.usage, 'This command works where the platform itself is installed, beside its home.')
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', file, JSON.stringify({ ...asked, json: io.json })],
    { stdio: 'inherit' },
  )
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('exit', (code, signal) => done(code ?? (signal === 'SIGINT' ? exits.cancelled : exits.no)))
  })
}
