import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mailContract } from '../../ports/mail.contract.ts'
import type { Letter } from '../../ports/mail.ts'
import { keptMail, smtpMail } from './mail.ts'

const home = (): Promise<string> => mkdtemp(join(tmpdir(), 'cloister-mail-'))

/** A header or a body as its receiver reads it. */
const words = (value: string): string =>
  value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_, how: string, coded: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(coded, 'base64').toString('latin1')
        : quotedPrintable(coded.replaceAll('_', ' ')),
    )
const quotedPrintable = (coded: string): string =>
  coded
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8')

function letterOf(raw: string, to: string): Letter {
  const end = raw.indexOf('\r\n\r\n')
  const head = raw.slice(0, end).replaceAll(/\r\n\s+/g, ' ')
  const body = raw.slice(end + 4).replaceAll(/^\.\./gm, '.')
  const header = (name: string): string => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? ''
  const decoded = {
    base64: () => Buffer.from(body, 'base64').toString('utf8'),
    'quoted-printable': () => utf8(quotedPrintable(body)),
    '7bit': () => body,
  }[header('Content-Transfer-Encoding')]!()
  return { to, subject: utf8(words(header('Subject'))), text: decoded.replaceAll('\r\n', '\n') }
}

/** A server that speaks SMTP and keeps what it takes. */
async function smtpServer(): Promise<{ url: string; letters: Letter[]; close: () => Promise<void> }> {
  const letters: Letter[] = []
  const talk = (socket: Socket): void => {
    let waiting = ''
    let to = ''
    let data = false
    const answer = (line: string): void => {
      const said = line.toUpperCase()
      if (said.startsWith('EHLO')) socket.write('250-test\r\n250 8BITMIME\r\n')
      else if (said === 'STARTTLS') socket.write('502 no such thing\r\n')
      else if (said.startsWith('RCPT')) {
        to = /<(.*?)>/.exec(line)![1]!
        socket.write('250 yes\r\n')
      } else if (said === 'DATA') {
        data = true
        socket.write('354 go on\r\n')
      } else if (said === 'QUIT') socket.end('221 bye\r\n')
      else socket.write('250 yes\r\n')
    }
    const end = (): number => waiting.indexOf(data ? '\r\n.\r\n' : '\r\n')
    socket.write('220 test\r\n')
    socket.on('error', () => {})
    socket.on('data', (part) => {
      waiting += part.toString('latin1')
      for (let at = end(); at >= 0; at = end()) {
        const piece = waiting.slice(0, at)
        waiting = waiting.slice(at + (data ? 5 : 2))
        if (data) {
          letters.push(letterOf(`${piece}\r\n`, to))
          data = false
          socket.write('250 kept\r\n')
        } else answer(piece)
      }
    })
  }
  const server = createServer(talk)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    letters,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
}

mailContract('SMTP', async () => {
  const server = await smtpServer()
  return {
    mail: smtpMail({ url: server.url, from: 'Cloister <cloister@uni.example>' }),
    received: async () => server.letters,
    close: server.close,
  }
})

mailContract('kept on this computer', async () => {
  const folder = await home()
  const mail = keptMail({ folder: join(folder, 'letters'), now: () => Date.now() })
  return {
    mail,
    received: async () => (await mail.letters()).map(({ at: _, ...letter }) => letter),
    close: () => rm(folder, { recursive: true, force: true }),
  }
})

test('of letters that are kept the newest come first, the oldest go, and only their owner reads them', async () => {
  const folder = await home()
  let moment = 0
  const mail = keptMail({ folder, now: () => (moment += 1000) })
  for (let number = 0; number < 205; number++) await mail.send({ to: 'a@example.org', subject: `${number}`, text: '' })
  const letters = await mail.letters()
  expect(letters).toHaveLength(200)
  expect(letters[0]?.subject).toBe('204')
  for (const name of (await readdir(folder)).slice(0, 3)) expect((await stat(join(folder, name))).mode & 0o077).toBe(0)
  await rm(folder, { recursive: true, force: true })
})

test('a password is sent to a mail server by TLS alone', async () => {
  const server = await smtpServer()
  const url = server.url.replace('smtp://', 'smtp://user:secret@')
  const mail = smtpMail({ url, from: 'cloister@uni.example' })
  await expect(mail.send({ to: 'a@example.org', subject: 'x', text: 'y' })).rejects.toThrow(/TLS/)
  expect(server.letters).toEqual([])
  await server.close()
})
