/** Files on this computer: those below a folder, and places to save to. */
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError, exits } from './io.ts'

/**
 * Paths of the files below a folder, relative to it, by name. What begins with a dot and `node_modules` are left out.
 *
 * @throws {CliError} for a symbolic link, so that nothing from elsewhere is sent by accident.
 */
export async function filesBelow(root: string, at = ''): Promise<string[]> {
  const entries = await readdir(join(root, at), { withFileTypes: true })
  const found: string[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = at ? `${at}/${entry.name}` : entry.name
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
    if (entry.isSymbolicLink())
      throw new CliError(
        exits.no,
        `${join(root, path)} is a symbolic link.`,
        'Put the file itself into the folder, so that nothing from elsewhere is sent by accident.',
      )
    if (entry.isDirectory()) found.push(...(await filesBelow(root, path)))
    else if (entry.isFile()) found.push(path)
  }
  return found
}

/**
 * Refuses what is not a folder.
 *
 * @param named What the person knows it by.
 * @throws {CliError} when it is not there, or is a file or a link.
 */
export async function mustBeFolder(path: string, named = path): Promise<void> {
  const info = await lstat(path).catch(() => undefined)
  if (!info?.isDirectory()) throw new CliError(exits.usage, `${named} is not a folder.`)
}

/**
 * Refuses to write over a file, unless told to.
 *
 * @throws {CliError} when the file is there.
 */
export async function mustBeVacant(file: string, { force }: { force?: boolean | undefined }): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  if (isThere && !force)
    throw new CliError(exits.usage, `${file} exists already.`, 'Choose another place with -o, or add --force.')
}
