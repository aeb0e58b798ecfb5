/** A passphrase: from a file or the environment, or asked for. Never from the command line, which others can read. */
import { readFile } from 'node:fs/promises'
import { Trouble } from '../trouble.ts'

const variable = 'CLOISTER_PASSPHRASE'
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

/** The passphrase of a backup. With `twice` it is new: asked for twice, and refused when it is short. */
export async function passphrase(file: string | undefined, twice: boolean): Promise<string> {
  const given =
    file === undefined
      ? process.env[variable]
      : (
          await readFile(file, 'utf8').catch(() => {
            throw new Trouble(`The passphrase cannot be read from ${file}.`)
          })
        ).replace(/\r?\n$/, '')
  if (given === undefined && !process.stdin.isTTY)
    throw new Trouble(`Give the passphrase in a file (--passphrase FILE) or in ${variable}.`)
  const said = given ?? (await typed('Passphrase: '))
  if (twice && said.length < least) throw new Trouble(`A passphrase has at least ${least} characters.`)
  if (twice && given === undefined && (await typed('The same again: ')) !== said)
    throw new Trouble('These were two passphrases.')
  return said
}
