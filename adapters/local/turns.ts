/** A number of places, taken in the order in which they were asked for. */

export interface Turns {
  /** Answers once there is a place; what it answers gives it back. */
  enter(): Promise<() => void>
  taken(): number
}

/** So many places. */
export function turnsOf(places: number): Turns {
  const waiting: (() => void)[] = []
  let taken = 0
  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else taken--
  }
  return {
    async enter() {
      if (taken < places) taken++
      else
        await new Promise<void>((go) => {
          waiting.push(go)
        })
      let left = false
      return () => {
        if (!left) leave()
        left = true
      }
    },
    taken: () => taken,
  }
}
