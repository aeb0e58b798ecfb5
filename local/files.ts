/** Files of the host's own: written whole or not at all, readable by their owner only. */
import { readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder, writeWhole as writeDurably } from '../adapters/local/durable.ts'

/** After a crash the old or the new file is there, and after this returns the new one. */
export async function writeWhole(file: string, content: string): Promise<void> {
  await makeFolder(dirname(file))
  const temporary = `${file}.${process.pid}.new`
  await rm(temporary, { force: true })
  await writeDurably(file, temporary, (handle) => handle.writeFile(content))
}

/** The text of a file, or undefined when there is none. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
}

/** The parsed JSON of a file, or undefined when there is none. */
export async function readJson<T>(file: string): Promise<T | undefined> {
  const text = await readText(file)
  return text === undefined ? undefined : (JSON.parse(text) as T)
}
