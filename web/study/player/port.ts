/** The player's end of the frame protocol. */
import type { Begin, FrameAnswer, FrameNotice, FrameRequest } from '../protocol.ts'

type Distribute<T> = T extends unknown ? Omit<T, 'id'> : never

export interface Page {
  begin: Begin
  /** Resolves when the page has stored it; rejects with its sentence. */
  request(request: Distribute<FrameRequest>): Promise<void>
  notify(notice: FrameNotice): void
}

/** Says hello to the participant page and waits for its answer. */
export const meetPage = (): Promise<Page> =>
  new Promise((resolve) => {
    addEventListener('message', function begun(event: MessageEvent) {
      const message = event.data as { cloister?: unknown; begin?: Begin } | null
      const port = event.ports[0]
      if (event.source !== parent || message?.cloister !== 1 || !message.begin || !port) return
      removeEventListener('message', begun)
      const waiting = new Map<number, { resolve: () => void; reject: (reason: Error) => void }>()
      let last = 0
      port.onmessage = ({ data }: MessageEvent<FrameAnswer>) => {
        const call = waiting.get(data.id)
        waiting.delete(data.id)
        if ('error' in data) call?.reject(new Error(data.error))
        else call?.resolve()
      }
      resolve({
        begin: message.begin,
        notify: (notice) => port.postMessage(notice),
        request: (request) =>
          new Promise((done, reject) => {
            const id = ++last
            waiting.set(id, { resolve: done, reject })
            port.postMessage({ ...request, id })
          }),
      })
    })
    parent.postMessage({ cloister: 1, hello: true }, '*')
  })
