/**
 * A home made by an earlier version opens and works: nothing that its people saw is lost, what was at work when the
 * power went comes to its end, and what waited for people goes on where it stood.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type Client, createClient } from '../clients/api.ts'
import { verifyChain } from '../clients/audit/verify.ts'
import { openRuns } from '../clients/results/open.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { type Host, startHost } from '../local/host.ts'
import { freePort, Visitor } from '../local/testing.ts'
import { endOf, type Kept, witnesses } from './homes/keep.ts'
import { type Testimony, testimonyOf } from './homes/testimony.ts'
import { settled } from './jobs-support.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

let folder: string
let kept: Kept
let host: Host
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-kept-'))
  execFileSync('tar', ['-xzf', fileURLToPath(new URL('homes/0.1.0.tgz', import.meta.url)), '-C', folder])
  kept = JSON.parse(await readFile(join(folder, 'kept.json'), 'utf8')) as Kept
  // Links, logins and results of that day would have run out since.
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(kept.at), shouldAdvanceTime: true })
  host = await startHost({ port: await freePort(), home: join(folder, 'home'), quiet: true })
})
afterAll(async () => {
  await host?.close()
  vi.useRealTimers()
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
})

const tokenOf = async (name: string): Promise<string> =>
  (await new Visitor(host.mainOrigin).signIn(`${name}@demo.cloister`, demoPassword)).access_token
async function as(name: string): Promise<Client> {
  const token = await tokenOf(name)
  return createClient({ baseUrl: host.mainOrigin, token: () => token })
}

it('ends what was at work as the version that began it would have', async () => {
  expect(kept.ends.length).toBeGreaterThan(1)
  for (const { atWork, state } of kept.ends)
    expect([atWork, await endOf(await as(atWork.who), atWork)]).toEqual([atWork, state])
})

it('says of itself what it said before', async () => {
  expect(Object.keys(kept.testimony).length).toBeGreaterThan(10_000)
  const now: Testimony = {}
  for (const name of witnesses)
    Object.assign(now, await testimonyOf(host.mainOrigin, { name, token: await tokenOf(name) }))
  const changed = Object.entries(kept.testimony).filter(([fact, value]) => now[fact] !== value)
  expect(changed.map(([fact, value]) => `${fact}: ${String(value)}, now ${String(now[fact])}`)).toEqual([])
})

it('opens a run that was sealed before, for its researcher', async () => {
  const { studyId, runId, times } = kept.opened
  const purpose = 'A look at what was kept'
  const runs = []
  for await (const run of openRuns(await as('rosa'), { studyId, purpose, runIds: [runId] })) runs.push(run)
  expect(runs.map((run) => run.trials.map((trial) => trial.data.get('rt')))).toEqual([times])
})

it('goes on with what waited for people', async () => {
  const [anil, cleo, dora] = await Promise.all(['anil', 'cleo', 'dora'].map(as))
  await dora!.jobs.vote({ params: { jobId: kept.held }, body: { vote: 'approve', comment: '' } })
  expect(await settled(anil!, kept.held)).toMatchObject({ state: 'succeeded', hasResult: true })
  const waiting = await anil!.jobs.get({ params: { jobId: kept.unapproved } })
  expect(waiting.waiting).toBe('approval')
  await cleo!.jobs.approve({ params: { jobId: kept.unapproved }, body: { approve: true, pin: waiting.pin } })
  expect(await settled(anil!, kept.unapproved)).toMatchObject({ state: 'succeeded', hasResult: true })
})

it('has an unbroken chain, from its first event to the newest', async () => {
  const otto = await as('otto')
  const { organisationId } = (await otto.access.me()).memberships[0]!
  const verdict = await verifyChain(
    (from) => otto.audit.events({ params: { organisationId }, query: { from } }) as never,
  )
  expect(verdict.firstBreak).toBeUndefined()
  expect(verdict.head.seq).toBeGreaterThan(100)
})
