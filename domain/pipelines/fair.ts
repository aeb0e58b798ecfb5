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

/**
 * In which order the waiting ones will start if nobody else comes and none of those at work ends before another: what
 * the page shows.
 */
export function fairOrder(atWork: readonly AtWork[], waiting: readonly Waiting[], before: Served = {}): Waiting[] {
  const busy = new Map<string, number>()
  const served = new Map(Object.entries(before))
  for (const w of atWork) {
    busy.set(w.owner, (busy.get(w.owner) ?? 0) + 1)
    served.set(w.owner, Math.max(served.get(w.owner) ?? 0, w.turn))
  }
  let turn = Math.max(0, ...served.values())
  const lines = new Map<string, Waiting[]>()
  for (const w of [...waiting].sort((a, b) =>
    a.created === b.created ? (a.run < b.run ? -1 : 1) : a.created < b.created ? -1 : 1,
  ))
    lines.set(w.owner, [...(lines.get(w.owner) ?? []), w])
  const out: Waiting[] = []
  while (lines.size > 0) {
    const [owner, line] = [...lines].reduce((a, b) => {
      const by = (busy.get(a[0]) ?? 0) - (busy.get(b[0]) ?? 0) || (served.get(a[0]) ?? 0) - (served.get(b[0]) ?? 0)
      return by < 0 ||
        (by === 0 &&
          (a[1][0]!.created < b[1][0]!.created ||
            (a[1][0]!.created === b[1][0]!.created && a[1][0]!.run < b[1][0]!.run)))
        ? a
        : b
    })
    out.push(line.shift()!)
    if (line.length === 0) lines.delete(owner)
    busy.set(owner, (busy.get(owner) ?? 0) + 1)
    served.set(owner, ++turn)
  }
  return out
}

/** Those who may start now. */
export function nextRuns(
  atWork: readonly AtWork[],
  waiting: readonly Waiting[],
  { slots, perOwner }: Quota,
  before: Served = {},
): Waiting[] {
  const now = [...atWork]
  const out: Waiting[] = []
  let turn = Math.max(0, ...Object.values(before), ...now.map((w) => w.turn))
  for (let left = [...waiting]; now.length < slots;) {
    const may = left.filter((w) => now.filter((a) => a.owner === w.owner).length < perOwner)
    const next = fairOrder(now, may, before)[0]
    if (!next) break
    out.push(next)
    now.push({ run: next.run, owner: next.owner, turn: ++turn })
    left = left.filter((w) => w.run !== next.run)
  }
  return out
}
