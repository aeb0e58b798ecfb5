/** A passphrase: from a file or the environment, or asked for. Never from the command line, which others can read. */
import { readFile } from 'node:fs/promises'
import { Trouble } from '../trouble.ts'

const least = 12

/** One line that is typed without being shown. */
function typed(question: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    let line = ''
    const end = (done: () => void): void => {
      stdin.setRawMode(false)
      stdin.pause()
      stdin.removeListener('data', hear)
      stderr.write('\n')
      done()
    }
    const hear = (text: string): void => {
      for (const character of text) {
        if (character === '\r' || character === '\n') return end(() => resolve(line))
        if (character === '\u0003') return end(() => reject(new Trouble('Stopped.')))
        line = character === '\u007f' ? line.slice(0, -1) : line + character
      }
    }
    stdin.on('data', hear).resume()
  })
}

interface Wanted {
  /** Where it is read from; asked for where there is none. */
  file?: string | undefined
  /** What the environment gives. */
  given?: string | undefined
  /** Asked twice, and refused when it is short. */
  isNew: boolean
  question: string
  /** What to do where nobody can be asked. */
  todo: string
}

/** A passphrase, wherever it comes from. */
export async function readPassphrase({ file, given, isNew, question, todo }: Wanted): Promise<string> {
  const read =
    file === undefined
      ? given
      : (
          await readFile(file, 'utf8').catch(() => {
            throw new Trouble(`The passphrase cannot be read from ${file}.`)
          })
        ).replace(/\r?\n$/, '')
  if (read === undefined && !process.stdin.isTTY) throw new Trouble(todo)
  const said = read ?? (await typed(question))
  if (isNew && said.length < least) throw new Trouble(`A passphrase has at least ${least} characters.`)
  if (isNew && read === undefined && (await typed('The same again: ')) !== said)
    throw new Trouble('These were two passphrases.')
  return said
}

/** The passphrase of a backup. With `isNew` it is new: asked for twice, and refused when it is short. */
export const passphrase = (file: string | undefined, isNew: boolean): Promise<string> =>
  readPassphrase({
    file,
    given: process.env['CLOISTER_PASSPHRASE'],
    isNew,
    question: 'Passphrase of the backup: ',
    todo: 'Give the passphrase in a file (--passphrase FILE) or in CLOISTER_PASSPHRASE.',
  })
