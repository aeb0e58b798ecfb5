/** Letters to people: a link that confirms an address, an invitation, news of one's own account. Plain text. */

export interface Letter {
  to: string
  subject: string
  /** Lines end with a line feed; any letters. */
  text: string
}
export interface Mail {
  /**
   * Hands a letter over to be delivered; done when it is taken, which is not to say that it arrives. `LetterRefused`
   * for one that can never be sent; any other error may be gone at the next try.
   */
  send(letter: Letter): Promise<void>
}

/** The letter is not one: no such address, or a subject of more than one line. */
export class LetterRefused extends Error {
  override name = 'LetterRefused'
}

const address = /^[^\s@<>",;:()[\]\\]{1,64}@[^\s@<>",;:()[\]\\]{1,190}$/

/** Refuses, before any adapter sees it, what could become another header or another receiver. */
export function checkLetter({ to, subject }: Letter): void {
  if (!address.test(to)) throw new LetterRefused('The address is not one')
  // oxlint-disable-next-line no-control-regex -- exactly these end a header's line
  if (subject.length > 200 || /[\u0000-\u001f\u007f]/.test(subject))
    throw new LetterRefused('The subject is not one line')
}
