/** For tests: as much of SES v2 as the mail adapter speaks. One sender is verified; addresses at `bounce.test` fail. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Letter } from '../../../ports/mail.ts'

interface Sent {
  FromEmailAddress: string
  Destination: { ToAddresses: string[] }
  Content: { Simple: { Subject: { Data: string }; Body: { Text: { Data: string } } } }
}
export interface SesServer {
  endpoint: string
  letters: Letter[]
  close(): Promise<void>
}

export async function startSes(verified: string): Promise<SesServer> {
  const letters: Letter[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const answer = (status: number, body: unknown, error?: string): void => {
        response.writeHead(status, {
          'content-type': 'application/json',
          ...(error ? { 'x-amzn-errortype': error } : {}),
        })
        response.end(JSON.stringify(body))
      }
      const signed = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')
      if (!signed)
        return answer(403, { message: 'Missing Authentication Token' }, 'MissingAuthenticationTokenException')
      if (`${request.method} ${request.url}` !== 'POST /v2/email/outbound-emails')
        return answer(404, { message: 'no such route' }, 'UnknownOperationException')
      const { FromEmailAddress: from, Destination, Content } = JSON.parse(Buffer.concat(parts).toString('utf8')) as Sent
      if (from !== verified) return answer(400, { message: 'Email address is not verified.' }, 'MessageRejected')
      if (Destination.ToAddresses.length !== 1 || Destination.ToAddresses[0]!.endsWith('@bounce.test'))
        return answer(400, { message: 'Invalid address' }, 'BadRequestException')
      letters.push({
        to: Destination.ToAddresses[0]!,
        subject: Content.Simple.Subject.Data,
        text: Content.Simple.Body.Text.Data,
      })
      return answer(200, { MessageId: `m-${letters.length}` })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    letters,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
