/**
 * `cloister.js`: the client of a plain web study, a classic script that makes `window.cloister`. It talks to the
 * participant page over one port (protocol.ts). Study pages have an opaque origin, where browsers refuse localStorage
 * and sessionStorage; both are replaced by stores that last as long as the page.
 */
import type { Begin, FrameAnswer, FrameMessage, FrameRequest, TrialData } from './protocol.ts'

type Distribute<T> = T extends unknown ? Omit<T, 'id'> : never
type Call = Distribute<FrameRequest>
interface Started {
  condition: string
  /** Variables of the condition. */
  variables: Record<string, unknown>
  seed: number
  /** The query of the participant's link. */
  parameters: Record<string, string>
  language: string
  /** What an earlier load of this run has recorded, and its newest checkpoint. */
  resume: { finished: TrialData[]; checkpoint: unknown }
}

const memoryStorage = (): Storage => {
  const items = new Map<string, string>()
  const methods = {
    getItem: (key: string) => items.get(String(key)) ?? null,
    setItem: (key: string, value: string) => void items.set(String(key), String(value)),
    removeItem: (key: string) => void items.delete(String(key)),
    clear: () => items.clear(),
    key: (index: number) => [...items.keys()][index] ?? null,
  }
  return new Proxy(methods as Storage, {
    get: (target, name) => {
      if (name === 'length') return items.size
      return name in target ? target[name as keyof Storage] : items.get(String(name))
    },
    set: (_, name, value) => (items.set(String(name), String(value)), true),
    deleteProperty: (_, name) => (items.delete(String(name)), true),
    ownKeys: () => [...items.keys()],
    getOwnPropertyDescriptor: (_, name) =>
      items.has(String(name))
        ? { value: items.get(String(name)), enumerable: true, configurable: true, writable: true }
        : undefined,
  })
}
for (const name of ['localStorage', 'sessionStorage'] as const) {
  try {
    void window[name].length
  } catch {
    Object.defineProperty(window, name, { value: memoryStorage(), configurable: true })
  }
}

let port: MessagePort | undefined
let started: Promise<Started> | undefined
let last = 0
const waiting = new Map<number, { resolve: () => void; reject: (reason: Error) => void }>()

const connect = (): Promise<Started> =>
  new Promise((resolve, reject) => {
    if (parent === window)
      return reject(
        new Error('This page is a Cloister study: open it by its participant link, or by its preview link.'),
      )
    addEventListener('message', function begun(event: MessageEvent) {
      const begin = (event.data as { cloister?: unknown; begin?: Begin } | null)?.begin
      if (event.source !== parent || (event.data as { cloister?: unknown }).cloister !== 1 || !begin || !event.ports[0])
        return
      removeEventListener('message', begun)
      port = event.ports[0]
      port.onmessage = ({ data }: MessageEvent<FrameAnswer>) => {
        const call = waiting.get(data.id)
        waiting.delete(data.id)
        if ('error' in data) call?.reject(new Error(data.error))
        else call?.resolve()
      }
      const { condition, variables, seed, parameters, language, finished, checkpoint } = begin
      notify({ type: 'ready' })
      resolve({ condition, variables, seed, parameters, language, resume: { finished, checkpoint } })
    })
    parent.postMessage({ cloister: 1, hello: true }, '*')
  })
const notify = (message: FrameMessage): void => port?.postMessage(message)

/** Sends a request in order of the calls; resolves when the page has stored it on this device. */
const call = async (request: Call): Promise<void> => {
  await start()
  return new Promise((resolve, reject) => {
    const id = ++last
    waiting.set(id, { resolve, reject })
    try {
      notify({ ...request, id } as FrameRequest)
    } catch (error) {
      waiting.delete(id)
      reject(error as Error) // e.g. a function, which cannot be sent
    }
  })
}
/** Says hello and waits for the participant page; the same answer however often it is called. */
const start = (): Promise<Started> => (started ??= connect())

const cloister = {
  start,
  /** Stores one record; resolves when it is durably kept on the device, from where it is sent until it has arrived. */
  record: (data: TrialData, part?: string): Promise<void> =>
    call({ type: 'record', data, ...(part === undefined ? {} : { part }) }),
  /** Replaces everything recorded under `part`. */
  replace: (part: string, data: TrialData): Promise<void> => call({ type: 'replace', data, part }),
  /** Keeps `state` for `resume.checkpoint` after a reload. */
  checkpoint: (state: unknown): Promise<void> => call({ type: 'checkpoint', data: state }),
  file: (name: string, blob: Blob): Promise<void> => call({ type: 'file', data: { name, blob } }),
  /** Ends the study, with one last record if `data` is given. */
  finish: (data?: TrialData): Promise<void> => call({ type: 'finish', ...(data === undefined ? {} : { data }) }),
  /** The participant takes part no longer; the data is deleted. */
  abort: (reason?: string): Promise<void> => call({ type: 'abort', data: reason === undefined ? {} : { reason } }),
  progress: (fraction: number): void => notify({ type: 'progress', fraction }),
}
export type Cloister = typeof cloister
Object.assign(window, { cloister })
