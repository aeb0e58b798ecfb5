/**
 * Every route that starts something, asked twice with one `Idempotency-Key`: one after the other, at the same moment,
 * and after the first was killed at each of its writes. One thing comes of it, and one answer.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allRoutes } from '../contracts/index.ts'
import { roles } from '../domain/access/permissions.ts'
import type { MemberItem } from '../functions/kernel/items.ts'
import { keyOf } from '../functions/kernel/items.ts'
import { type Harness, harness } from '../functions/kernel/testing.ts'
import { Killed, tableOfTurns } from '../functions/kernel/testing/network.ts'
import type { Key, Table } from '../ports/table.ts'
import { begin, endRecord, nonceOf, plantLink, type Planted, plantStudy } from './ingest-support.ts'
import { memoryEngine } from '../simulation/memory-engine.ts'
import type { ProblemAnswer, World } from './routes-datasets.ts'
import { type Request, startingRequests } from './routes-starting.ts'

let platform: Harness
let study: Planted
/** What was created, and when the process is killed: after so many more writes. */
let created = new Set<string>()
let writesLeft = Infinity
let writes = 0
beforeAll(async () => {
  const started = async (): Promise<void> => written(async () => undefined)
  platform = await harness({
    engine: memoryEngine(),
    workflow: { start: started, stop: async () => {}, running: async () => false },
  })
  const { deps } = platform
  const table = tableOfTurns(7)
  const watched: Partial<Table> = {
    create: (item) => {
      created.add(nameOf(item))
      return written(() => table.create(item))
    },
    replace: (item, rev) => written(() => table.replace(item, rev)),
    update: (key, change) => written(() => table.update(key, change)),
    remove: (key, when) => written(() => table.remove(key, when)),
  }
  Object.assign(deps.table, table, watched)
  const put = deps.objects.put.bind(deps.objects)
  deps.objects.put = (...all) => written(() => put(...all))
  study = await plantStudy(platform)
  // Making real ones takes most of the time.
  deps.keys.createKey = async () => study.kid
  await deps.table.update<MemberItem>(keyOf.member(study.organisationId, 'user-ada'), { set: { roles: [...roles] } })
})
afterAll(() => platform.close())

/** A process that is killed does a write, and nothing more: its other writes fail as well. */
async function written<T>(write: () => Promise<T>): Promise<T> {
  if (writesLeft <= 0) throw new Killed()
  writes++
  writesLeft--
  const answer = await write()
  if (writesLeft <= 0) throw new Killed()
  return answer
}
/** What is there once however often it is asked for; not what several processes write down of their work. */
const nameOf = ({ pk, sk }: Key): string => (/^(AUDIT|INTENT|JOB#places|JOB#queue)/.test(pk) ? '' : `${pk} ${sk}`)

let finished: string | undefined
const world: World = {
  h: () => platform,
  answer: () => {
    throw new Error('The walk asks by itself')
  },
  custodian: () => platform.person('ada'),
  organisationId: () => study.organisationId,
  study: async () => {
    if (finished === undefined) {
      const run = await begin(platform, study, await plantLink(platform, study), nonceOf('one'))
      await run.send(1, [await endRecord(run.runId, [])])
      finished = study.studyId
    }
    return finished
  },
}
const requests = startingRequests(world)
const starting = allRoutes
  .filter(({ route }) => route.starts)
  .map(({ area, name, route }) => [`${area}.${name}`, area, name, route] as const)

let keys = 0
const newKey = (): string => `key-${keys++}`
const ask = (
  area: string,
  name: string,
  { other: _, ...request }: Request,
  idempotencyKey: string,
): Promise<ProblemAnswer> =>
  (platform.answer as unknown as (a: string, n: string, i: object) => Promise<ProblemAnswer>)(area, name, {
    ...request,
    idempotencyKey,
  })
/** The answers to the same request, and how many items came of it. */
async function twice(work: () => Promise<ProblemAnswer[]>): Promise<{ answers: ProblemAnswer[]; items: number }> {
  created = new Set()
  const answers = await work()
  created.delete('')
  return { answers, items: created.size }
}
/** How many items one request to a route makes, asked once: counted a single time, for every test that compares. */
const counted = new Map<string, Promise<number>>()
function itemsOfOne(route: string, area: string, name: string): Promise<number> {
  const count = async (): Promise<number> => {
    const request = await requests[route]!()
    return (await twice(async () => [await ask(area, name, request, newKey())])).items
  }
  const found = counted.get(route) ?? count()
  counted.set(route, found)
  return found
}
/** Problems name the request; how a run stands may have changed since. */
const sameOf = ({ status, body }: ProblemAnswer): unknown => ({ status, body })

it('is said of a route for each that the walk knows, and the other way round', () =>
  expect(starting.map(([route]) => route).sort()).toEqual(Object.keys(requests).sort()))

describe('the same request', () => {
  it.each(starting)('%s again finds what the first one made', async (route, area, name, { status }) => {
    const request = await requests[route]!()
    const key = newKey()
    const { answers, items } = await twice(async () => [
      await ask(area, name, request, key),
      await ask(area, name, request, key),
    ])
    expect(answers[0], JSON.stringify(answers[0])).toMatchObject({ status })
    expect(sameOf(answers[1]!)).toEqual(sameOf(answers[0]!))
    expect(items).toBe(await itemsOfOne(route, area, name))
  })

  it.each(starting)('%s twice at once makes one thing', async (route, area, name, { status }) => {
    const request = await requests[route]!()
    const key = newKey()
    const { answers, items } = await twice(() =>
      Promise.all([ask(area, name, request, key), ask(area, name, request, key)]),
    )
    expect(answers.map((answer) => answer.status)).toEqual([status, status])
    expect(sameOf(answers[1]!)).toEqual(sameOf(answers[0]!))
    expect(items).toBe(await itemsOfOne(route, area, name))
  })

  it.each(starting)('%s killed at any write is finished by its repeat', async (route, area, name, { status }) => {
    const measured = await requests[route]!()
    writes = 0
    const { items: usual } = await twice(async () => [await ask(area, name, measured, newKey())])
    const most = writes
    for (let killedAfter = 1; killedAfter <= most; killedAfter++) {
      const request = await requests[route]!()
      const key = newKey()
      const { answers, items } = await twice(async () => {
        writesLeft = killedAfter
        const killed = await ask(area, name, request, key)
        writesLeft = Infinity
        // The process is gone with what it remembered.
        platform.deps.memory.clear()
        return [killed, await ask(area, name, request, key), await ask(area, name, request, key)]
      })
      expect(answers[0]!.status, `killed after ${killedAfter} of ${most}`).toBe(500)
      expect(answers[1], `killed after ${killedAfter} of ${most}`).toMatchObject({ status })
      expect(sameOf(answers[2]!)).toEqual(sameOf(answers[1]!))
      expect(items, `killed after ${killedAfter} of ${most}`).toBe(usual)
    }
  })

  it.each(starting.filter(([, , , route]) => route.body))(
    '%s with another body is refused',
    async (route, area, name) => {
      const request = await requests[route]!()
      const key = newKey()
      await ask(area, name, request, key)
      const answer = await ask(area, name, { ...request, body: { ...request.body, ...request.other } }, key)
      expect(answer).toMatchObject({
        status: 409,
        body: { kind: 'already-exists', errors: [{ path: '/headers/Idempotency-Key' }] },
      })
    },
  )
})

it('a key is somebody’s own, and forgotten after a day', async () => {
  const body = { name: 'laptop', scopes: ['studies:read'] }
  const [ada, ben] = [platform.person('ada'), platform.person('ben')]
  const tokenOf = async (as: Request['as']): Promise<unknown> =>
    ((await ask('access', 'createToken', { as, body }, 'laptop')).body as { tokenId: string }).tokenId
  const first = await tokenOf(ada)
  expect(await tokenOf(ben)).not.toBe(first)
  platform.clock.advance(86_399)
  expect(await tokenOf(ada)).toBe(first)
  platform.clock.advance(1)
  expect(await tokenOf(ada)).not.toBe(first)
})

it('what was taken back is not brought back by asking again', async () => {
  const request = { as: platform.person('ada'), body: { name: 'laptop', scopes: ['studies:read'] } }
  const made = (await ask('access', 'createToken', request, 'revoked')).body as { tokenId: string }
  await platform.call('access', 'revokeToken', { as: request.as, params: made })
  expect(await ask('access', 'createToken', request, 'revoked')).toMatchObject({ status: 409 })
})
