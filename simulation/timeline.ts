/** Simulated time: what is to happen, in order, one thing after the other. */
import { textHash } from './chance.ts'

interface Happening {
  at: number
  order: number
  what: string
  /** Nothing once it was called off. */
  act: (() => void) | undefined
}

/** The machine's own, before it is played (simulation/machine.ts). */
const nextTurn = setImmediate
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    nextTurn(resolve)
  })

/** A queue by time; what is due at the same instant happens in the order in which it was planned. */
export class Timeline {
  /** Milliseconds since the epoch. */
  now: number
  /** Of all that happened, in order: equal for equal histories. */
  trace = 0
  happened = 0
  /** Told of everything that happens, where somebody wants to read it. */
  told: ((at: number, what: string) => void) | undefined
  readonly #heap: Happening[] = []
  #order = 0

  constructor(now: number) {
    this.now = now
  }

  /** Plans something. `what` names it in the trace. What is answered calls it off, if it has not happened yet. */
  after(milliseconds: number, what: string, act: () => void): () => void {
    const happening: Happening = { at: this.now + Math.max(0, milliseconds), order: this.#order++, what, act }
    this.#push(happening)
    return () => {
      happening.act = undefined
    }
  }

  /** Writes into the trace what happened just now. */
  note(what: string): void {
    this.trace = textHash(what, this.trace ^ (this.now & 0xffffffff))
    this.told?.(this.now, what)
  }

  /**
   * Lets things happen until `over` says so, or `until`, or nothing is left to happen. After each, everything that
   * follows from it at once is done before the next: promises settle within one turn of the machine's loop.
   */
  async run(over: () => boolean, until: number): Promise<'over' | 'late' | 'still'> {
    await turn()
    while (!over()) {
      const next = this.#heap[0]
      if (!next) return 'still'
      if (next.at > until) return 'late'
      this.#pop()
      if (!next.act) continue
      this.now = next.at
      this.happened++
      this.trace = textHash(next.what, this.trace ^ (next.at & 0xffffffff))
      next.act()
      await turn()
    }
    return 'over'
  }

  #push(happening: Happening): void {
    const heap = this.#heap
    let at = heap.push(happening) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(happening, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = happening
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

const before = (one: Happening, other: Happening): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)
