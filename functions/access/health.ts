/**
 * Whether the platform can do its work: its store, its objects and its keys are asked, and nothing about them is said
 * but that. Anybody may ask, so the answer is remembered for a few seconds and carries no version and no figure.
 */
import { type access as contract, type HealthPart, healthParts } from '../../contracts/access.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { keyOf } from '../kernel/items.ts'
import { inMemory } from '../kernel/memory.ts'
import { ConditionFailed } from '../../ports/table.ts'
import { access } from './area.ts'

const rememberedMs = 5000
/** A part that has not answered by then is not ready. */
const patienceMs = 3000

const lastLook = inMemory<{ at: number; broken: Promise<HealthPart[]> }>(() => ({
  at: -Infinity,
  broken: Promise.resolve([]),
}))

/** A write as the audit chain makes them: without it nothing sensitive can be done, since it is recorded first. */
async function takesWrites({ table, now }: Deps): Promise<void> {
  const key = keyOf.health()
  const set = { at: now().toISOString() }
  await table.update(key, { set }).catch(async (error: unknown) => {
    if (!(error instanceof ConditionFailed)) throw error
    await table.create({ ...key, ...set })
  })
}

const checks: Record<HealthPart, (deps: Deps) => Promise<unknown>> = {
  store: ({ table }) => table.get(keyOf.health()),
  chain: takesWrites,
  objects: ({ objects }) => objects.head('assets', 's/health'),
  keys: ({ keys }) => keys.mac('run-token', 'health'),
  disk: async ({ settings }) => {
    if ((await settings.diskHasRoom?.()) === false) throw new Error('The disk is full')
  },
}

async function brokenParts(deps: Deps): Promise<HealthPart[]> {
  const ready = await Promise.all(
    healthParts.map((part) => {
      const answered = checks[part](deps).then(
        () => true,
        () => false,
      )
      return Promise.race([answered, deps.pause(patienceMs).then(() => false)])
    }),
  )
  return healthParts.filter((_, at) => !ready[at])
}

/** The parts that are not ready, as of a few seconds ago at most. */
function broken(deps: Deps): Promise<HealthPart[]> {
  const last = lastLook(deps)
  const now = deps.now().getTime()
  // A clock that was put back makes the last look one of the future.
  if (now < last.at || now - last.at >= rememberedMs) Object.assign(last, { at: now, broken: brokenParts(deps) })
  return last.broken
}

const health: Implementation<(typeof contract)['routes']['health']> = async (_, deps) => {
  const parts = await broken(deps)
  if (parts.length > 0) throw new Failure('not-ready', `Not ready: ${parts.join(', ')}.`)
  return { state: 'ready' }
}

export const createHealth = (deps: Deps): LambdaHandler => lambda(access, 'health', deps, { health })
