/** What every adapter of the mail port must hold. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Letter, LetterRefused, type Mail } from './mail.ts'

export interface MailUnderTest {
  mail: Mail
  /** What was handed over so far, as its receivers read it, in any order. */
  received: () => Promise<Letter[]>
  close?: () => Promise<void>
}

/** The suite of the mail port, run on an adapter. */
export function mailContract(name: string, make: () => Promise<MailUnderTest>): void {
  describe(`mail: ${name}`, () => {
    let under: MailUnderTest
    beforeAll(async () => {
      under = await make()
    })
    afterAll(() => under?.close?.())
    const got = async (to: string): Promise<Letter[]> => (await under.received()).filter((letter) => letter.to === to)

    it('hands a letter over as it is: letters of all kinds, empty lines, long lines, lines that are a dot', async () => {
      const letter = {
        to: 'mia@example.org',
        subject: 'Grüße aus dem Kloster · 修道院',
        text: `Liebe Mia,\n\n.\n..\nFrom here: ${'long '.repeat(300)}\nhttps://cloister.example/oidc/confirm/${'x'.repeat(43)}?a=1&b=2=3\n✓ end\n`,
      }
      await under.mail.send(letter)
      expect(await got(letter.to)).toEqual([letter])
    })

    it('hands over many at once, each once', async () => {
      const letters = Array.from({ length: 20 }, (_, number) => ({
        to: `p${number}@example.org`,
        subject: `Letter ${number}`,
        text: `Text ${number}\n`,
      }))
      await Promise.all(letters.map((letter) => under.mail.send(letter)))
      for (const letter of letters) expect(await got(letter.to)).toEqual([letter])
    })

    it('refuses what would become a further header or receiver', async () => {
      for (const letter of [
        { to: 'a@example.org\r\nBcc: b@example.org', subject: 'x', text: '' },
        { to: 'a@example.org, b@example.org', subject: 'x', text: '' },
        { to: 'A <a@example.org>', subject: 'x', text: '' },
        { to: '', subject: 'x', text: '' },
        { to: 'a@example.org', subject: 'x\r\nBcc: b@example.org', text: '' },
        { to: 'a@example.org', subject: 'x\ny', text: '' },
      ])
        await expect(under.mail.send(letter), JSON.stringify(letter)).rejects.toThrow(LetterRefused)
      expect((await under.received()).filter(({ to }) => to.includes('b@example'))).toEqual([])
    })
  })
}
