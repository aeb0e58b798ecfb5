/** One history: who acts is drawn from the seed, what goes wrong too; in the end the laws are held against it. */
import { byPeople } from './actors/people.ts'
import { type Manner, participate } from './actors/participant.ts'
import { beginning, places } from './beginning.ts'
import { Chance } from './chance.ts'
import { maxChunkRecords } from '../domain/runs/records.ts'
import type { Rates } from './faults.ts'
import { brokenLaw, uncounted, watchLaws } from './laws.ts'
import type { Platform } from './platform.ts'
import { Process } from './processes.ts'
import { Stage } from './stage.ts'
import type { Mode } from './world.ts'

/** Which history it is, and what of it is left out. */
export interface Plan {
  seed: number
  /** Actors by their names; everybody when it is not said. */
  actors?: readonly string[]
  /** Faults by their names; all that the seed draws when it is not said. */
  faults?: readonly string[]
  /** Told of everything that happens. */
  told?: (at: number, what: string) => void
}

export interface Outcome {
  seed: number
  mode: Mode
  /** The first law that does not hold, in a sentence. */
  broken: string | undefined
  actors: string[]
  faults: string[]
  kills: number
  happened: number
  /** Simulated milliseconds. */
  lasted: number
  /** Equal for equal plans. */
  trace: number
  /** Life cycles' states and transitions that were seen. */
  seen: string[]
}

const calm: Rates = {
  'kill-before': 0,
  'kill-after': 0,
  refused: 0,
  unanswered: 0,
  slow: 0,
  'request-lost': 0,
  'answer-lost': 0,
  doubled: 0,
  late: 0,
  behind: 0,
  full: 0,
  jump: 0,
  weak: 0.5,
}

function ratesOf(chance: Chance): Rates {
  const upTo = (most: number): number => (chance.happens(0.3) ? 0 : chance.fraction() ** 2 * most)
  const kills = chance.happens(0.1) ? 0 : 0.01 + chance.fraction() * 0.3
  return {
    ...calm,
    'kill-before': kills / 2,
    'kill-after': kills / 2,
    refused: upTo(0.05),
    unanswered: upTo(0.04),
    slow: upTo(0.02),
    'request-lost': upTo(0.1),
    'answer-lost': upTo(0.15),
    doubled: upTo(0.15),
    late: upTo(0.1),
    behind: upTo(0.6),
    full: upTo(0.8),
    jump: upTo(0.8),
  }
}

/**
 * Some close the page as soon as they are done, on a way that loses much, with more on the device than one request
 * carries: what they send as they go may arrive without its beginning.
 */
function partingOf(chance: Chance, { trials, end }: Pick<Manner, 'trials' | 'end'>): Partial<Manner> {
  if (end !== 'finish' || trials > 8 || !chance.happens(0.12)) return {}
  return {
    weak: true,
    trials: maxChunkRecords + chance.between(5, 40),
    pace: 3,
    reloads: 1000,
    fills: chance.happens(0.3),
    regrets: chance.happens(0.3),
    awayFor: chance.happens(0.6) ? chance.between(50, 80) * 60_000 : 0,
  }
}

/** Everybody who acts in the history of a seed, by name. */
function castOf(stage: Stage, chance: Chance): Map<string, () => Promise<void>> {
  const cast = new Map<string, () => Promise<void>>()
  const participants = chance.between(0, 5)
  for (let i = 0; i < participants; i++) {
    const name = `participant ${i}`
    const own = chance.sub(name)
    const manner = {
      code: own.of([places.links.general, places.links.general, places.links.single, places.links.few]),
      trials: own.happens(0.15) ? own.between(30, 60) : own.between(1, 8),
      pace: own.of([3, 50, 800, 4000, 30_000]),
      end: own.of(['finish', 'finish', 'finish', 'abort', 'leave'] as const),
      withdraws: own.happens(0.2),
      reloads: own.happens(0.5) ? own.of([1, 3, 5, 8, 30, 45, 1000, 1000]) : undefined,
      awayFor: own.happens(0.2) ? own.between(60, 80) * 60_000 : 0,
    }
    const parting = partingOf(own.sub('parting'), manner)
    cast.set(name, async () => {
      await stage.world.pause(own.between(0, 20_000))
      await participate(stage, name, { ...manner, ...parting })
    })
  }
  for (const [name, acts] of byPeople(stage, chance)) cast.set(name, acts)
  return cast
}

/** Moments at which the disk fills up, or clocks jump. */
function disturb(stage: Stage, until: number): void {
  const { world } = stage
  for (let at = 5000, i = 0; at < until; at += 20_000, i++) {
    const place = `moment ${i}`
    if (world.faults.at(place, ['full'])) {
      world.time.after(at, 'disk full', () => {
        world.full = true
      })
      world.time.after(at + 1000 + world.faults.measure(place) * 15_000, 'disk free', () => {
        world.full = false
      })
    }
    if (world.faults.at(`${place} clock`, ['jump'])) {
      const by = Math.round((world.faults.measure(place) - 0.5) * (world.mode === 'host' ? 4 * 3_600_000 : 2000))
      world.time.after(at, 'clock jumps', () => {
        world.skew = by
        world.time.note(`clocks are ${by} ms wrong`)
      })
    }
  }
}

const start = beginning()
/** Simulated time that people have, once nothing goes wrong any more, to come to their ends. */
const patienceMilliseconds = 2 * 3_600_000
/** When the schedules visit after everybody has gone: what waits for time to pass comes to its end. */
const lastVisits = [1, 3, 17, 70, 140, 600, 1300, 1301]

/** Plays a history to its end. */
export async function play(platform: Platform, plan: Plan): Promise<Outcome> {
  const chance = new Chance(plan.seed, 'history')
  const mode = chance.of(['host', 'lambda'] as const)
  const rates = ratesOf(chance)
  const only = plan.faults && new Set(plan.faults)
  const stage = new Stage(platform, plan.seed, mode, start, rates, only)
  const { world } = stage
  world.time.told = plan.told
  const faultsUntil = chance.between(20, 240) * 1000
  const watched = watchLaws(stage)
  disturb(stage, faultsUntil)
  stage.open()
  const cast = castOf(stage, chance)
  const names = [...cast.keys()].filter((name) => !plan.actors || plan.actors.includes(name))
  for (const name of names) stage.act(name, cast.get(name)!)
  world.time.after(faultsUntil, 'no more faults', () => {
    world.faults.over = true
    world.skew = 0
    world.full = false
  })
  const begun = world.time.now
  const wrong = (): string | undefined => watched.broken ?? stage.broken
  let broken: string | undefined
  const ended = await world.time.run(
    () => (stage.atWork.size === 0 && world.faults.over) || wrong() !== undefined,
    begun + faultsUntil + patienceMilliseconds,
  )
  broken = wrong() ?? (ended === 'over' ? undefined : `not at an end (${ended}): ${[...stage.atWork].join(', ')}`)
  if (!broken) {
    const behind = await settle(stage)
    broken = wrong() ?? behind ?? (await brokenLaw(stage))
  }
  stage.ended = true
  return {
    seed: plan.seed,
    mode,
    broken,
    actors: names,
    faults: [...world.faults.happened],
    kills: world.kills,
    happened: world.time.happened,
    lasted: world.time.now - begun,
    trace: world.time.trace,
    seen: [...watched.seen],
  }
}

/** Lets the schedules do what is left to do. */
async function settle(stage: Stage): Promise<string | undefined> {
  let broken: string | undefined
  const { world } = stage
  stage.ended = true
  const from = world.time.now
  for (const [index, minutes] of lastVisits.entries()) {
    let done = false
    world.time.after(Math.max(0, from + minutes * 60_000 - world.time.now), 'last visit', () => {
      const name = `last visit ${index}`
      void world
        .task(new Process(world, name), name, () => stage.visit(name))
        .finally(() => {
          done = true
        })
    })
    await world.time.run(() => done && world.executions.atWork === 0, world.time.now + 4 * 86_400_000)
    // A look that failed again and again comes after a quarter of an hour. What a clock had planned that was wrong by
    // hours may take them.
    if (minutes === 17 && !world.faults.count['jump']) broken = uncounted(stage)
  }
  return broken
}
