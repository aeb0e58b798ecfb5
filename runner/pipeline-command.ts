/** A pipeline's command as it is run: the program found, inputs, code and output named by their places. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { located } from '../domain/pipelines/command.ts'
import type { PipelineManifest, StartError } from '../domain/pipelines/manifest.ts'
import { python } from './confine/sandbox-environment.ts'
import type { Places } from './confine/task.ts'

/** The command never ran; why. */
export class NotStarted extends Error {
  override name = 'NotStarted'
  readonly why: StartError
  readonly missing: string | undefined
  constructor(why: StartError, missing?: string) {
    super(why)
    this.why = why
    this.missing = missing
  }
}

/**
 * The program of a command as a path that is there in the confinement: by name from the system's folders, by path from
 * the code.
 */
function programOf(name: string, work: string, code: string): string {
  if (name === 'python' || name === 'python3') return python
  if (!name.includes('/')) {
    const found = ['/usr/bin', '/bin'].map((d) => join(d, name)).find((p) => existsSync(p))
    if (name === '' || !found) throw new NotStarted('command-not-found', name)
    return found
  }
  if (name.startsWith('/usr/') || name.startsWith('/bin/')) {
    if (!existsSync(name)) throw new NotStarted('command-not-found', name)
    return name
  }
  const inside = name.startsWith(`${code}/`) ? name.slice(code.length + 1) : name
  const file = join(work, inside)
  if (!file.startsWith(`${work}/`) || !existsSync(file) || !statSync(file).isFile())
    throw new NotStarted('command-not-found', inside)
  if ((statSync(file).mode & 0o111) === 0) throw new NotStarted('not-executable', inside)
  return join(code, inside)
}

/** Where each input is for the command: its folder, or the one file of a table. */
const inputsOf = (manifest: PipelineManifest, data: string): Record<string, string> =>
  Object.fromEntries(
    manifest.inputs.map((input) => [
      input.name,
      input.kind === 'table' && input.files.length === 1
        ? `${data}/${input.name}/${input.files[0]!.path}`
        : `${data}/${input.name}`,
    ]),
  )

/**
 * Program and arguments for the places that the command sees; `work` is the folder of the code outside. Throws
 * `NotStarted` when the program is not there or may not be executed.
 */
export function commandAt(manifest: PipelineManifest, at: Places, work: string): string[] {
  const [program = '', ...rest] = located(manifest.command, {
    output: at.output,
    code: at.work,
    parameters: `${at.job}/parameters.json`,
    inputs: inputsOf(manifest, at.data),
  })
  return [programOf(program, work, at.work), ...rest]
}
