import { expect, test } from 'vitest'
import { mailContract } from '../../ports/mail.contract.ts'
import { LetterRefused } from '../../ports/mail.ts'
import { awsMail } from './mail.ts'
import { startSes } from './testing/ses-server.ts'

const region = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
const from = 'cloister@uni.example'

mailContract('SES', async () => {
  const ses = await startSes(from)
  return {
    mail: awsMail({ ...region, endpoint: ses.endpoint, from }),
    received: async () => ses.letters,
    close: ses.close,
  }
})

test('what SES will never take is refused for good', async () => {
  const ses = await startSes(from)
  const letter = { to: 'mia@example.org', subject: 'x', text: 'y' }
  const mail = awsMail({ ...region, endpoint: ses.endpoint, from })
  await expect(mail.send({ ...letter, to: 'nobody@bounce.test' })).rejects.toThrow(LetterRefused)
  const stranger = awsMail({ ...region, endpoint: ses.endpoint, from: 'other@uni.example' })
  await expect(stranger.send(letter)).rejects.toThrow(LetterRefused)
  await ses.close()
  await expect(mail.send(letter)).rejects.not.toThrow(LetterRefused)
})
