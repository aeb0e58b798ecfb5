/**
 * The study's frame: an opaque origin that can only talk to this page, over one private port (web/study/protocol.ts).
 */
import { studySandbox } from '../../contracts/headers.ts'
import {
  type Begin,
  type FrameAnswer,
  type FrameMessage,
  type FrameNotice,
  type FrameRequest,
  isHello,
  isRequest,
} from '../study/protocol.ts'

export interface FrameOptions {
  src: string
  title: string
  /** What the study begins with; asked again when it reloads itself. */
  begin: () => Promise<Begin>
  /** Stores what was asked; resolves when that is durable. */
  request: (r: FrameRequest) => Promise<void>
  notice: (n: FrameNotice) => void
  /** The frame has loaded something, which may be an error page. */
  loaded: () => void
}
export interface Frame {
  reveal: () => void
  close: () => void
}

/** What the study may use when the participant allows it. */
const features = [
  'fullscreen',
  'autoplay',
  'microphone',
  'camera',
  'display-capture',
  'gamepad',
  'midi',
  'accelerometer',
  'gyroscope',
  'magnetometer',
  'screen-wake-lock',
  'clipboard-write',
]

/** Opens a study in a frame of another origin, hidden until `reveal`; what it asks for goes to `request`. */
export function openFrame(options: FrameOptions): Frame {
  const frame = document.createElement('iframe')
  frame.id = 'frame'
  frame.title = options.title
  frame.setAttribute('sandbox', studySandbox)
  // The frame's origin is opaque, so a feature is given to whatever is in it; frame-src keeps that to the study origin.
  frame.allow = features.map((f) => `${f} *`).join('; ')
  frame.inert = true
  let port: MessagePort | undefined

  const onMessage = async (port: MessagePort, message: FrameMessage): Promise<void> => {
    if (!isRequest(message)) {
      options.notice(message)
      return
    }
    let answer: FrameAnswer
    try {
      await options.request(message)
      answer = { id: message.id, ok: true }
    } catch (e) {
      answer = { id: message.id, error: e instanceof Error ? e.message : 'This could not be recorded' }
    }
    port.postMessage(answer)
  }
  const hello = async (event: MessageEvent): Promise<void> => {
    if (event.source !== frame.contentWindow || !frame.contentWindow || !isHello(event.data)) return
    port?.close()
    const channel = new MessageChannel()
    const mine = (port = channel.port1)
    mine.onmessage = (received: MessageEvent<FrameMessage>) => {
      void onMessage(mine, received.data)
    }
    const begin = await options.begin()
    // The frame may have reloaded, or gone, while its beginning was being read.
    if (port === mine) frame.contentWindow?.postMessage({ cloister: 1, begin }, '*', [channel.port2])
  }
  addEventListener('message', hello)
  frame.addEventListener('load', options.loaded)
  frame.src = options.src
  document.body.append(frame)
  return {
    reveal() {
      frame.inert = false
      // Key presses go to the study without a click first.
      frame.focus()
    },
    close() {
      removeEventListener('message', hello)
      port?.close()
      port = undefined
      frame.remove()
    },
  }
}
