/**
 * Places for requests at work: so many at once, and so many of one caller. Who finds none waits for a moment, callers
 * taking turns, and is sent away early rather than answered after half a minute.
 */

export interface PlacesOptions {
  atOnce: number
  perCaller: number
  /** Of one caller. */
  mostWaiting: number
  /** Of what those hold who wait, of one caller and of all together. */
  mostWaitingBytes: { perCaller: number; inAll: number }
  patienceMilliseconds: number
}
export interface Places {
  /**
   * What gives the place back; undefined when there was none in time.
   *
   * @param bytes What the request holds in memory while it waits.
   */
  enter(caller: string, bytes?: number): Promise<(() => void) | undefined>
}

type Leave = () => void
interface Caller {
  atWork: number
  waitingBytes: number
  /** Those who wait, in order; each is told how to leave once it is in, or that there was no place. */
  waiting: ((leave: Leave | undefined) => void)[]
}

/** Places without anybody in them. */
export function fairPlaces(options: PlacesOptions): Places {
  const { atOnce, perCaller, mostWaiting, mostWaitingBytes, patienceMilliseconds } = options
  /** In the order in which they had their last turn. */
  const callers = new Map<string, Caller>()
  let atWork = 0
  let waitingBytes = 0

  const hold = (caller: Caller, bytes: number): void => {
    caller.waitingBytes += bytes
    waitingBytes += bytes
  }
  const forgetIdle = (name: string, { atWork: busy, waiting }: Caller): void => {
    if (busy === 0 && waiting.length === 0) callers.delete(name)
  }
  const callNext = (): void => {
    const next = [...callers].find(([, one]) => one.waiting.length > 0 && one.atWork < perCaller)
    if (!next || atWork >= atOnce) return
    const [name, caller] = next
    callers.delete(name)
    callers.set(name, caller)
    caller.waiting.shift()!(take(name, caller))
  }
  const take = (name: string, caller: Caller): Leave => {
    atWork++
    caller.atWork++
    let isBack = false
    return () => {
      if (isBack) return
      isBack = true
      atWork--
      caller.atWork--
      forgetIdle(name, caller)
      callNext()
    }
  }
  const isCrowded = ({ waiting, waitingBytes: own }: Caller, bytes: number): boolean =>
    waiting.length >= mostWaiting ||
    own + bytes > mostWaitingBytes.perCaller ||
    waitingBytes + bytes > mostWaitingBytes.inAll
  const wait = (name: string, caller: Caller, bytes: number): Promise<Leave | undefined> =>
    new Promise((resolve) => {
      hold(caller, bytes)
      const told = (leave: Leave | undefined): void => {
        clearTimeout(timer)
        hold(caller, -bytes)
        resolve(leave)
      }
      const timer = setTimeout(() => {
        caller.waiting.splice(caller.waiting.indexOf(told), 1)
        told(undefined)
        forgetIdle(name, caller)
      }, patienceMilliseconds)
      caller.waiting.push(told)
    })

  return {
    enter(name, bytes = 0) {
      const caller = callers.get(name) ?? { atWork: 0, waitingBytes: 0, waiting: [] }
      callers.set(name, caller)
      const isFree = atWork < atOnce && caller.atWork < perCaller && caller.waiting.length === 0
      if (isFree) return Promise.resolve(take(name, caller))
      if (!isCrowded(caller, bytes)) return wait(name, caller, bytes)
      forgetIdle(name, caller)
      return Promise.resolve(undefined)
    },
  }
}
