/** Letters by SES (API v2), from one identity that the account has verified. */
import { SESv2Client, type SESv2ClientConfig, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { checkLetter, LetterRefused, type Mail } from '../../ports/mail.ts'

export interface AwsMailOptions extends Pick<SESv2ClientConfig, 'endpoint' | 'region' | 'credentials'> {
  /** The sender, an address of the verified identity. */
  from: string
}

/** What SES will never take, however often it is asked. */
const hopeless = ['BadRequestException', 'MessageRejected']

/** Letters of one sender. */
export function awsMail({ from, ...options }: AwsMailOptions): Mail {
  const ses = new SESv2Client(options)
  const words = (text: string) => ({ Data: text, Charset: 'UTF-8' })
  return {
    send: async (letter) => {
      checkLetter(letter)
      const { to, subject, text } = letter
      const command = new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: { Simple: { Subject: words(subject), Body: { Text: words(text) } } },
      })
      await ses.send(command).catch((error: unknown) => {
        if (error instanceof Error && hopeless.includes(error.name)) throw new LetterRefused(error.name)
        throw error
      })
    },
  }
}
