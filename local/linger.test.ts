/** Answers before the body has come whole, by real sockets, to clients that read when they have sent everything. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { readBody, send, TooLarge } from './http.ts'

const megabyte = 1024 * 1024
let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})
async function serverOf(answer: RequestListener): Promise<number> {
  server = createServer(answer)
  await new Promise<void>((resolve) => {
    server!.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}
/** What is heard by one who sends so many bytes of `said` first, and how the connection ended. */
const sendThenRead = (port: number, said: number, bytes: number): Promise<{ heard: string; error?: string }> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let heard = ''
    let error: string | undefined
    socket.once('error', (failure: NodeJS.ErrnoException) => {
      error = failure.code
    })
    socket.once('close', () => resolve({ heard, ...(error === undefined ? {} : { error }) }))
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${said}\r\n\r\n`)
    socket.write(Buffer.alloc(bytes), () =>
      socket.on('data', (part: Buffer) => {
        heard += part.toString('latin1')
      }),
    )
  })

it('who sends five megabytes unasked for reads why they are not wanted', async () => {
  const port = await serverOf((request, response) => {
    void send(request, response, { status: 401, headers: {}, body: 'Sign in' })
  })
  for (let once = 0; once < 5; once++) {
    const { heard, error } = await sendThenRead(port, 5 * megabyte, 5 * megabyte)
    expect(heard).toMatch(/^HTTP\/1\.1 401 [\s\S]*connection: close[\s\S]*Sign in$/i)
    expect(error).toBeUndefined()
  }
})

it('a body that is too large is refused in words, also without any', async () => {
  const port = await serverOf((request, response) => {
    readBody(request, 1000).catch((error: unknown) => {
      void send(request, response, { status: error instanceof TooLarge ? 413 : 500, headers: {} })
    })
  })
  const { heard, error } = await sendThenRead(port, 5 * megabyte, 5 * megabyte)
  expect(heard).toMatch(/^HTTP\/1\.1 413 [\s\S]*content-length: 0/i)
  expect(error).toBeUndefined()
})

it('one that says more than it sends, or sends without end, is let go', async () => {
  const port = await serverOf((request, response) => {
    void send(request, response, { status: 401, headers: {}, body: 'Sign in' })
  })
  const before = performance.now()
  const [silent] = await Promise.all([
    sendThenRead(port, 5 * megabyte, 10),
    sendThenRead(port, 100 * megabyte, 100 * megabyte),
  ])
  expect(silent.heard).toMatch(/^HTTP\/1\.1 401 [\s\S]*Sign in$/)
  expect(performance.now() - before).toBeLessThan(20_000)
})
