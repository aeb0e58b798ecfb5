/** GLOSSARY.md names files: those are there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Paths of the tree in a text: all in backticks, with a folder or an ending of a page. */
const filesNamed = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/`([\w.<>-]+(?:\/[\w.<>-]+)+\.(?:tsx?|mjs|cjs|json|asl\.json|md)|[\w.-]+\.md)`/g)].map(
      ([, file]) => file!,
    ),
  ),
]

/** What one entry of the glossary says. */
interface Entry {
  word: string
  meaning: string
  files: string[]
}
const glossary: Entry[] = [...read('GLOSSARY.md').matchAll(/^\| (\*\*.+?) \| (.+) \| (.+) \|$/gm)].map(
  ([, word, meaning, where]) => ({ word: word!, meaning: meaning!, files: filesNamed(where!) }),
)

describe('GLOSSARY.md', () => {
  it('says of every word that a newcomer trips over', () => {
    const words = glossary.flatMap(({ word }) => [...word.matchAll(/\*\*(.+?)\*\*/g)].map(([, one]) => one))
    expect(words).toEqual(
      expect.arrayContaining(
        (
          'seal,pin,twin,trial,gate,settle,slot,due,hold,held,release,told before,kind of job,area,room,entity,grant,' +
          'place,pointer,walk,attempt,share,look,stage,custodian,checker,analyst,unwrap,run,record,chunk,link,code,' +
          'charge,reservation,rho,nano-rho,cohort,fingerprint,receipt'
        ).split(','),
      ),
    )
  })

  it.each(glossary)('$word: a sentence, and files that are there', ({ meaning, files }) => {
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(files).not.toEqual([])
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
