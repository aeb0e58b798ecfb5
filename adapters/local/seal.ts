/**
 * Sealing at rest (decision 0022): one random key of a home from which every purpose has a key of its own, and small
 * files sealed by it. What is sealed says so itself, so that a home is read while it is being sealed or unsealed.
 */
import { hkdfSync } from 'node:crypto'
import { openWord, SealBroken, sealWord } from '../../runner/seal-words.ts'

export const homeKeyBytes = 32

/** The key of a home, and whether what is written now is to be sealed by it. */
export interface Seal {
  readonly key: Uint8Array
  readonly writes: boolean
}

/** The key of a purpose, and of a salt where many are needed. */
export const keyFor = ({ key }: Seal, purpose: string, salt: Uint8Array = Buffer.alloc(0)): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, `cloister ${purpose}`, 32))

/** The first line of a small file that is sealed. A version that cannot open it shows it in its error. */
const sealedLine = 'Sealed by a newer version of Cloister, which opens it: see "cloister seal".\n'

export const isSealedText = (text: string): boolean => text.startsWith(sealedLine)

/** What a small file is to hold: `name` is that of the file. */
export const sealText = (seal: Seal | undefined, name: string, text: string): string =>
  seal?.writes ? `${sealedLine}${sealWord(keyFor(seal, 'file'), text, name)}\n` : text

/** What a small file holds, sealed or not. `SealBroken` when it cannot be opened. */
export function openText(seal: Seal | undefined, name: string, text: string): string {
  if (!isSealedText(text)) return text
  if (!seal) throw new SealBroken('no key')
  return openWord(keyFor(seal, 'file'), text.slice(sealedLine.length).trim(), name)
}
