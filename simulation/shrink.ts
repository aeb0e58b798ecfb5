/**
 * A history that breaks a law, made as small as it gets: actors and faults are left out, half of them at first and
 * then ever fewer, for as long as the same law is broken (delta debugging, Zeller 1999).
 */
import type { Outcome, Plan } from './history.ts'

type Play = (plan: Plan) => Promise<Outcome>

/** Words of a sentence without the names and numbers in it: what makes two breaks the same. */
const kindOf = (broken: string | undefined): string =>
  (broken ?? '')
    .split('\n', 1)[0]!
    .replaceAll(/[a-z]+_[a-z0-9]+|\d+/g, '…')
    .replaceAll(/\(late\).*|verdict-[^ ]*/g, '…')

/** Analysts wait for these: without them every history ends late, and says nothing. They always stay. */
const isWaitedFor = (actor: string): boolean => actor === 'approver' || actor.startsWith('checker ')

/** The fewest of `all` with which `breaks` still holds, found by leaving out ever smaller parts. */
async function fewest<T>(all: readonly T[], breaks: (some: readonly T[]) => Promise<boolean>): Promise<T[]> {
  let left = [...all]
  for (let parts = 2; left.length > 0;) {
    const size = Math.ceil(left.length / parts)
    let smaller = false
    for (let from = 0; from < left.length; from += size) {
      const rest = [...left.slice(0, from), ...left.slice(from + size)]
      if (!(await breaks(rest))) continue
      left = rest
      smaller = true
      break
    }
    if (smaller) parts = Math.max(2, parts - 1)
    else if (size === 1) break
    else parts = Math.min(left.length, parts * 2)
  }
  return left
}

/** The smallest plan that was found, at most so many histories later; it breaks the same law as `first`. */
export async function shrunk(play: Play, first: Outcome, most = 400): Promise<Plan> {
  const kind = kindOf(first.broken)
  let plays = 0
  let plan: Plan = { seed: first.seed, actors: first.actors, faults: first.faults }
  const breaks = async (smaller: Plan): Promise<boolean> => {
    if (plays++ >= most) return false
    const outcome = await play(smaller)
    return kindOf(outcome.broken) === kind
  }
  for (let before = ''; before !== JSON.stringify(plan);) {
    before = JSON.stringify(plan)
    const { seed, faults = [] } = plan
    const stay = plan.actors!.filter(isWaitedFor)
    const mayGo = plan.actors!.filter((actor) => !isWaitedFor(actor))
    const some = await fewest(mayGo, (left) => breaks({ seed, faults, actors: [...left, ...stay] }))
    const actors = [...some, ...stay]
    plan = { seed, actors, faults: await fewest(faults, (left) => breaks({ seed, actors, faults: left })) }
  }
  return plan
}

/** What happened in a history, a line each, with the law that it breaks at the end. */
export async function toldOf(play: Play, plan: Plan): Promise<string[]> {
  const lines: string[] = []
  let begun: number | undefined
  const { broken } = await play({
    ...plan,
    told: (at, what) => {
      begun ??= at
      lines.push(`${((at - begun) / 1000).toFixed(3).padStart(10)} s  ${what}`)
    },
  })
  return [...lines, `BROKEN: ${broken ?? 'nothing'}`]
}
