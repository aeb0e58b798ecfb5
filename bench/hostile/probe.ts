/** A thread that does what people do, an append and a read in turn, and says how long each of them took. */
import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

export interface Ask {
  method: string
  url: string
  headers: Record<string, string>
  body?: string
}
export interface Probed {
  at: number
  ms: number
  status: number
}
const { asks, everyMilliseconds } = workerData as { asks: Ask[]; everyMilliseconds: number }
const agent = new Agent({ keepAlive: true })

const once = ({ method, url, headers, body }: Ask): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode!))
    })
    sent.on('error', reject).end(body)
  })

for (let turn = 0; ; turn++) {
  const began = performance.now()
  const status = await once(asks[turn % asks.length]!).catch(() => 0)
  const ms = performance.now() - began
  parentPort!.postMessage({ at: performance.timeOrigin + began, ms, status } satisfies Probed)
  await pause(everyMilliseconds)
}
