/**
 * Places for requests at work: so many at once, and so many of one caller. Who finds none waits for a moment, callers
 * taking turns, and is sent away early rather than answered after half a minute.
 */

export interface PlacesOptions {
  atOnce: number
  perCaller: number
  /** Of one caller. */
  mostWaiting: number
  patienceMilliseconds: number
}
export interface Places {
  /** What gives the place back; undefined when there was none in time. */
  enter(caller: string): Promise<(() => void) | undefined>
}

type Leave = () => void
interface Caller {
  atWork: number
  /** Those who wait, in order; each is told how to leave once it is in, or that there was no place. */
  waiting: ((leave: Leave | undefined) => void)[]
}

/** Places without anybody in them. */
export function fairPlaces({ atOnce, perCaller, mostWaiting, patienceMilliseconds }: PlacesOptions): Places {
  /** In the order in which they had their last turn. */
  const callers = new Map<string, Caller>()
  let atWork = 0

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
  const wait = (name: string, caller: Caller): Promise<Leave | undefined> =>
    new Promise((resolve) => {
      const told = (leave: Leave | undefined): void => {
        clearTimeout(timer)
        resolve(leave)
      }
      const timer = setTimeout(() => {
        caller.waiting.splice(caller.waiting.indexOf(told), 1)
        forgetIdle(name, caller)
        resolve(undefined)
      }, patienceMilliseconds)
      caller.waiting.push(told)
    })

  return {
    enter(name) {
      const caller = callers.get(name) ?? { atWork: 0, waiting: [] }
      callers.set(name, caller)
      const isFree = atWork < atOnce && caller.atWork < perCaller && caller.waiting.length === 0
      if (isFree) return Promise.resolve(take(name, caller))
      return caller.waiting.length >= mostWaiting ? Promise.resolve(undefined) : wait(name, caller)
    },
  }
}
