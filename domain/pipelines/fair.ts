/**
 * Whose turn it is. Among those who wait, the next is of the owner with fewest runs at work; among equals, of the owner
 * who was served longest ago, then the run that came first. While places are scarce that is a round over the owners:
 * nobody's many stand before another's one. Each owner may have `perOwner` at work.
 */
export interface Quota {
  /** At work at once, of everybody. */
  slots: number
  /** At work at once, of one person. */
  perOwner: number
}
export const defaultQuota: Quota = { slots: 8, perOwner: 4 }
/** Runs of one person that are not over, at work or waiting. */
export const mostLive = 100

export interface AtWork {
  run: string
  owner: string
  /** When it was let go: an increasing number. */
  turn: number
}
export interface Waiting {
  run: string
  owner: string
  /** ISO 8601. */
  created: string
}

/** When each owner was last served, also of runs that are over. */
export type Served = Readonly<Record<string, number>>

/** Negative when the run of `a` came before that of `b`; runs of one moment by their ids. */
function byArrival(one: Waiting, other: Waiting): number {
  if (one.created !== other.created) return one.created < other.created ? -1 : 1
  return one.run < other.run ? -1 : 1
}

/** Those who wait, by owner, each owner's in the order in which they came. No line is empty. */
function linesOf(waiting: readonly Waiting[]): Map<string, Waiting[]> {
  const lines = new Map<string, Waiting[]>()
  for (const one of [...waiting].sort(byArrival)) lines.set(one.owner, [...(lines.get(one.owner) ?? []), one])
  return lines
}

/**
 * In which order the waiting ones will start if nobody else comes and none of those at work ends before another: what
 * the page shows.
 */
export function fairOrder(atWork: readonly AtWork[], waiting: readonly Waiting[], before: Served = {}): Waiting[] {
  const busy = new Map<string, number>()
  const served = new Map(Object.entries(before))
  for (const { owner, turn } of atWork) {
    busy.set(owner, (busy.get(owner) ?? 0) + 1)
    served.set(owner, Math.max(served.get(owner) ?? 0, turn))
  }
  const isBefore = ([one, lineOfA]: [string, Waiting[]], [other, lineOfB]: [string, Waiting[]]): boolean => {
    const busier = (busy.get(one) ?? 0) - (busy.get(other) ?? 0)
    const later = (served.get(one) ?? 0) - (served.get(other) ?? 0)
    return (busier || later || byArrival(lineOfA[0]!, lineOfB[0]!)) < 0
  }
  let turn = Math.max(0, ...served.values())
  const lines = linesOf(waiting)
  const order: Waiting[] = []
  while (lines.size > 0) {
    const [owner, line] = [...lines].reduce((a, b) => (isBefore(a, b) ? a : b))
    order.push(line.shift()!)
    if (line.length === 0) lines.delete(owner)
    busy.set(owner, (busy.get(owner) ?? 0) + 1)
    served.set(owner, ++turn)
  }
  return order
}

/** The waiting runs that may start now, in the order of their turns: as many as places are free, within each quota. */
export function nextRuns(
  atWork: readonly AtWork[],
  waiting: readonly Waiting[],
  { slots, perOwner }: Quota,
  before: Served = {},
): Waiting[] {
  const now = [...atWork]
  const chosen: Waiting[] = []
  let turn = Math.max(0, ...Object.values(before), ...now.map((one) => one.turn))
  for (let left = [...waiting]; now.length < slots;) {
    const may = left.filter(({ owner }) => now.filter((one) => one.owner === owner).length < perOwner)
    const next = fairOrder(now, may, before)[0]
    if (!next) break
    chosen.push(next)
    now.push({ run: next.run, owner: next.owner, turn: ++turn })
    left = left.filter((one) => one.run !== next.run)
  }
  return chosen
}
