/** Whose turn it is: few at once, short before long, and nobody's many before another's one. */

export interface Waiting {
  share: string
  long: boolean
}

/**
 * A queue of `slots` places. Among those who wait, jobs of the short queue come first; then whoever has fewest at work;
 * then whoever was served longest ago; then who came first. That is the fair share that Batch's scheduling policy gives
 * in AWS.
 */
export class FairQueue {
  private readonly waiting: (Waiting & { go: () => void })[] = []
  private readonly atWork = new Map<string, number>()
  private readonly served = new Map<string, number>()
  private turn = 0
  private free: number
  constructor(slots: number) {
    this.free = slots
  }

  /**
   * Waits for a place and answers what gives it back. Rejects, without having taken one, when `stopped` fires first.
   */
  async enter(who: Waiting, stopped: AbortSignal): Promise<() => void> {
    await new Promise<void>((resolve, reject) => {
      const left = (): void => {
        this.waiting.splice(this.waiting.indexOf(entry), 1)
        reject(stopped.reason as Error)
      }
      const entry = {
        ...who,
        go: () => {
          stopped.removeEventListener('abort', left)
          resolve()
        },
      }
      if (stopped.aborted) return reject(stopped.reason as Error)
      stopped.addEventListener('abort', left)
      this.waiting.push(entry)
      this.next()
    })
    let given = false
    return () => {
      if (given) return
      given = true
      this.free++
      const left = this.atWork.get(who.share)! - 1
      if (left === 0) this.atWork.delete(who.share)
      else this.atWork.set(who.share, left)
      this.next()
    }
  }

  private next(): void {
    while (this.free > 0 && this.waiting.length > 0) {
      const rank = (w: Waiting): number[] => [
        Number(w.long),
        this.atWork.get(w.share) ?? 0,
        this.served.get(w.share) ?? 0,
      ]
      // reduce keeps the earlier one of two that are equal.
      const first = this.waiting.reduce((a, b) => {
        const [x, y] = [rank(a), rank(b)]
        const i = x.findIndex((v, n) => v !== y[n])
        return i >= 0 && y[i]! < x[i]! ? b : a
      })
      this.waiting.splice(this.waiting.indexOf(first), 1)
      this.free--
      this.atWork.set(first.share, (this.atWork.get(first.share) ?? 0) + 1)
      this.served.set(first.share, ++this.turn)
      first.go()
    }
  }
}
