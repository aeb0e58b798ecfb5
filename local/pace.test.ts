/** Connections that do not get on, by real sockets, at a pace of tenths of a second. */
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { readBody, send } from './http.ts'
import { keepPace } from './pace.ts'

const open: Socket[] = []
let server: Server | undefined
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy()
  server?.close()
})

async function serverOf(perAddress = 100): Promise<number> {
  server = createServer((request, response) => {
    if (request.method === 'GET')
      return void send(request, response, { status: 200, headers: {}, body: Buffer.alloc(30_000_000) })
    readBody(request, 1e6).then(
      (body) => send(request, response, { status: 200, headers: {}, body: String(body.length) }),
      () => response.destroy(),
    )
  })
  keepPace(server, { lookMilliseconds: 100, leastBody: 100, idleLooks: 8, perAddress })
  await new Promise<void>((resolve) => {
    server!.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** A connection, with what it was told and whether the other side has ended it. */
function dial(port: number): { socket: Socket; heard: () => string; ended: Promise<void> } {
  const socket = connect(port, '127.0.0.1')
  open.push(socket)
  let heard = ''
  socket.on('error', () => {})
  socket.on('data', (part: Buffer) => {
    heard += part.toString('latin1')
  })
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
  })
  return { socket, heard: () => heard, ended }
}
const post = (length: number): string => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`

it('a body that stops coming, or drips, is given up', async () => {
  const port = await serverOf()
  const silent = dial(port)
  silent.socket.write(`${post(1000)}begun`)
  const dripping = dial(port)
  dripping.socket.write(post(1000))
  const drip = setInterval(() => dripping.socket.write('x'), 30)
  await Promise.all([silent.ended, dripping.ended])
  clearInterval(drip)
  expect([silent.heard(), dripping.heard()]).toEqual(['', ''])
})

it('a slow body that gets on may take many times as long', async () => {
  const port = await serverOf()
  const slow = dial(port)
  slow.socket.write(post(2000))
  for (let sent = 0; sent < 2000; sent += 100) {
    slow.socket.write('x'.repeat(100))
    await pause(50)
  }
  await pause(100)
  expect(slow.heard()).toMatch(/200 OK[\s\S]*2000$/)
})

it('an answer that nobody takes is given up, and one that is taken slowly is not', async () => {
  const port = await serverOf()
  const [deaf, slow] = [dial(port), dial(port)]
  for (const { socket } of [deaf, slow]) socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  deaf.socket.pause()
  let slept = 0
  slow.socket.on('data', () => {
    if (slept++ > 20) return
    slow.socket.pause()
    setTimeout(() => slow.socket.resume(), 20)
  })
  await expect.poll(() => slow.heard().length, { timeout: 10_000 }).toBeGreaterThan(29_000_000)
  // Nobody sees the end of a connection that nobody reads.
  await expect
    .poll(
      () =>
        new Promise((resolve) => {
          server!.getConnections((_, count) => resolve(count))
        }),
      { timeout: 5000 },
    )
    .toBe(1)
})

it('one address has so many connections and no more', async () => {
  const port = await serverOf(3)
  const all = Array.from({ length: 5 }, () => dial(port))
  await Promise.race(all.map((one) => one.ended))
  await expect.poll(() => open.filter((socket) => socket.closed).length).toBe(2)
  open[0]!.destroy()
  await pause(50)
  const next = dial(port)
  next.socket.write(`${post(2)}ok`)
  await expect.poll(next.heard).toContain('200 OK')
})
