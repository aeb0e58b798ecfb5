/** Whose turn it is: few at once, short before long, and nobody's many before another's one. */

export interface Waiting {
  share: string
  long: boolean
}

type Rank = readonly [long: number, atWork: number, served: number]

/** Whether the first goes before the second; of two that are equal neither does. */
function goesBefore(one: Rank, other: Rank): boolean {
  const at = one.findIndex((value, i) => value !== other[i])
  return at >= 0 && one[at]! < other[at]!
}

/**
 * A queue of `slots` places. Among those who wait, jobs of the short queue come first; then whoever has fewest at work;
 * then whoever was served longest ago; then who came first. That is the fair share that Batch's scheduling policy gives
 * in AWS.
 */
export class FairQueue {
  private readonly waiting: { who: Waiting; go: () => void }[] = []
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
        who,
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

  /** How many would go before this one (the object that entered) as things stand; undefined when it does not wait. */
  ahead(who: Waiting): number | undefined {
    const mine = this.waiting.findIndex((w) => w.who === who)
    if (mine < 0) return undefined
    const rank = this.rankOf(who)
    return this.waiting.filter((one, place) => {
      const other = this.rankOf(one.who)
      return goesBefore(other, rank) || (place < mine && !goesBefore(rank, other))
    }).length
  }

  private rankOf({ long, share }: Waiting): Rank {
    return [Number(long), this.atWork.get(share) ?? 0, this.served.get(share) ?? 0]
  }

  private next(): void {
    while (this.free > 0 && this.waiting.length > 0) {
      // reduce keeps the earlier one of two that are equal.
      const first = this.waiting.reduce((a, b) => (goesBefore(this.rankOf(b.who), this.rankOf(a.who)) ? b : a))
      const { share } = first.who
      this.waiting.splice(this.waiting.indexOf(first), 1)
      this.free--
      this.atWork.set(share, (this.atWork.get(share) ?? 0) + 1)
      this.served.set(share, ++this.turn)
      first.go()
    }
  }
}
