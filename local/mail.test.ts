import { expect, test } from 'vitest'
import { mailServerFrom } from './mail.ts'
import { Trouble } from './trouble.ts'

const from = 'Cloister <cloister@uni.example>'

test('a mail server is an address and a sender, and no setting at all is none', () => {
  const server = { CLOISTER_SMTP: 'smtps://user:secret@mail.uni.example:465', CLOISTER_MAIL_FROM: from }
  expect(mailServerFrom(server)).toEqual({ url: server.CLOISTER_SMTP, from })
  expect(mailServerFrom({})).toBeUndefined()
  expect(mailServerFrom({ CLOISTER_SMTP: '', CLOISTER_MAIL_FROM: '' })).toBeUndefined()
})

test('settings that are none are said, without the password in them', () => {
  for (const settings of [
    { CLOISTER_SMTP: 'smtp://mail.uni.example' },
    { CLOISTER_MAIL_FROM: from },
    { CLOISTER_SMTP: 'https://u:secret@mail.uni.example', CLOISTER_MAIL_FROM: from },
    { CLOISTER_SMTP: 'user:secret', CLOISTER_MAIL_FROM: from },
    { CLOISTER_SMTP: 'smtp://mail.uni.example', CLOISTER_MAIL_FROM: 'Cloister' },
    { CLOISTER_SMTP: 'smtp://mail.uni.example', CLOISTER_MAIL_FROM: 'a@b.c\r\nBcc: d@e.f' },
  ]) {
    expect(() => mailServerFrom(settings)).toThrow(Trouble)
    expect(() => mailServerFrom(settings)).not.toThrow(/secret/)
  }
})
