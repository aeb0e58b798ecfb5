/** Researchers, analysts, checkers, admins, and people of another house. */
import { ProblemError } from '../../clients/api.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { jobs as contract } from '../../contracts/jobs.ts'
import { type BodyInput, fillPath, type Route } from '../../contracts/route.ts'
import { keyOf, type LinkItem } from '../../functions/kernel/items.ts'
import { places } from '../beginning.ts'
import type { Chance } from '../chance.ts'
import { Unreachable } from '../network.ts'
import { everyRoute } from '../platform.ts'
import { clientOf, type Stage } from '../stage.ts'
import type { ToldJob } from '../told.ts'
import { keepDataset } from './custodian.ts'

const as = (name: string) => clientOf(`person:${name}`)
type Question = BodyInput<(typeof contract)['routes']['ask']>
/** What may be asked; of the dataset that is open to all analysts, unless it says another. */
const questions: (Omit<Question, 'dataset'> & { dataset?: string })[] = [
  { language: 'sql', code: 'all', mode: 'rules' },
  { language: 'sql', code: 'by site', mode: 'rules' },
  { language: 'sql', code: 'all', mode: 'noise', epsilon: 0.4 },
  { language: 'sql', code: 'by sex', mode: 'noise', epsilon: 0.9 },
  { language: 'sql', code: 'by sex', mode: 'review', purpose: 'how many there are' },
  {
    language: 'sql',
    code: 'all',
    mode: 'rules',
    cohort: [{ table: 'subjects', column: 'site', is: 'equal', value: 'rare' }],
  },
  {
    language: 'sql',
    code: 'all',
    mode: 'rules',
    cohort: [{ table: 'subjects', column: 'site', is: 'not-equal', value: 'rare' }],
  },
  { dataset: 'guarded', language: 'sql', code: 'all', mode: 'rules', purpose: 'how many there are' },
  { dataset: 'guarded', language: 'sql', code: 'by sex', mode: 'noise', epsilon: 0.7, purpose: 'how many there are' },
  { language: 'python', code: 'n = 1', mode: 'rules' },
  { language: 'python', code: 'n = 1', mode: 'review', purpose: 'how many there are' },
]

/** One question, asked until it is answered for good, and looked at until it is over. */
async function ask(
  stage: Stage,
  who: string,
  key: string,
  question: (typeof questions)[number],
  cancels: boolean,
): Promise<void> {
  const told: ToldJob = { who, key: `${who} ${key}` }
  stage.told.jobs.push(told)
  const { jobs } = as(who)
  try {
    const { jobId } = await stage.insist(() =>
      jobs.ask({ body: { dataset: 'trial', ...question }, headers: { 'idempotency-key': key } }),
    )
    told.jobId = jobId
    if (cancels) {
      await stage.world.pause(stage.world.faults.measure(told.key) * 8000)
      await stage.insist(() => jobs.cancel({ params: { jobId } })).catch(unlessKind('wrong-state'))
    }
    for (;;) {
      const { state } = await stage.insist(() => jobs.get({ params: { jobId } }))
      if (!jobLife[state].live) {
        told.seen = state
        return
      }
      await stage.world.pause(5000)
    }
  } catch (e) {
    if (!(e instanceof ProblemError)) throw e
    // After its job was acknowledged a question cannot be refused.
    if (told.jobId !== undefined || !refusals.includes(e.kind)) throw e
    told.refused = e.kind
  }
}
const refusals: string[] = ['budget-exhausted', 'too-many-jobs', 'not-found', 'forbidden', 'policy-forbids']

const unlessKind =
  (...kinds: string[]) =>
  (error: unknown): undefined => {
    if (error instanceof ProblemError && kinds.includes(error.kind)) return undefined
    throw error
  }

async function analyse(stage: Stage, name: string, who: string, own: Chance): Promise<void> {
  const count = own.between(1, 4)
  const together = own.happens(0.4)
  const all = Array.from({ length: count }, (_, i) => ({
    key: `${name}-${i}`,
    question: own.of(questions),
    cancels: own.happens(0.2),
    wait: own.between(0, 15_000),
  }))
  if (together) {
    await Promise.all(all.map(({ key, question, cancels }) => ask(stage, who, key, question, cancels)))
    return
  }
  for (const { key, question, cancels, wait } of all) {
    await stage.world.pause(wait)
    await ask(stage, who, key, question, cancels)
  }
}

/** More at once than a person may have. */
async function crowd(stage: Stage, who: string, own: Chance): Promise<void> {
  const count = own.between(21, 26)
  const question = own.of(questions)
  await Promise.all(Array.from({ length: count }, (_, i) => ask(stage, who, `crowd-${i}`, question, false)))
}

/** Approves or refuses whatever waits for it. */
async function approve(stage: Stage, who: string, own: Chance): Promise<void> {
  const { jobs } = as(who)
  while ([...stage.atWork].some((name) => name.startsWith('analyst'))) {
    for (const { jobId } of stage.told.jobs) {
      if (jobId === undefined) continue
      const { state, waiting, pin } = await stage.insist(() => jobs.get({ params: { jobId } }))
      if (state !== 'queued' || waiting !== 'approval') continue
      const body = { pin, approve: own.happens(0.7) }
      await stage.insist(() => jobs.approve({ params: { jobId }, body })).catch(unlessKind('wrong-state'))
    }
    await stage.world.pause(8000)
  }
}

/** Votes on whatever waits, for as long as anybody may still ask. */
async function check(stage: Stage, who: string, own: Chance): Promise<void> {
  const { jobs } = as(who)
  const rejects = own.happens(0.2)
  while ([...stage.atWork].some((name) => name.startsWith('analyst'))) {
    const { items } = await stage.insist(() => jobs.reviews({ params: { organisationId: places.organisationId } }))
    for (const { jobId, voted } of items) {
      if (voted) continue
      await stage
        .insist(() => jobs.vote({ params: { jobId }, body: { vote: rejects ? 'reject' : 'approve', comment: '' } }))
        .catch(unlessKind('wrong-state', 'not-found'))
    }
    await stage.world.pause(9000)
  }
}

/** Makes links and revokes some, launches and pauses. What was acknowledged stays. */
async function research(stage: Stage, who: string, own: Chance): Promise<void> {
  const { studies } = as(who)
  const { studyId } = places
  for (let acts = own.between(1, 4); acts > 0; acts--) {
    await stage.world.pause(own.between(0, 25_000))
    if (own.happens(0.6)) {
      const link = await stage.insist(() =>
        studies.createLink({ params: { studyId }, body: { kind: 'general', label: `by ${who}` } }),
      )
      const revokes = own.happens(0.5)
      if (revokes) await stage.insist(() => studies.revokeLink({ params: { studyId, code: link.code } }))
      stage.told.acts.push({
        what: `link ${link.code}`,
        check: () => {
          const held = stage.world.items.get(keyOf.link(link.code)) as unknown as LinkItem | undefined
          if (!held) return 'was acknowledged and is lost'
          return held.revoked === revokes ? undefined : 'was revoked and is open'
        },
      })
      continue
    }
    const { state, rev } = await stage.insist(() => studies.study({ params: { studyId } }))
    await stage
      .insist(() =>
        studies.setState({ params: { studyId }, body: { state: state === 'live' ? 'paused' : 'live', rev } }),
      )
      .catch(unlessKind('changed-meanwhile', 'wrong-state'))
  }
  // Participants are not to be kept from their ends.
  for (;;) {
    const { state, rev } = await stage.insist(() => studies.study({ params: { studyId } }))
    if (state === 'live') return
    await stage
      .insist(() => studies.setState({ params: { studyId }, body: { state: 'live', rev } }))
      .catch(unlessKind('changed-meanwhile'))
  }
}

/** Takes runs back, whoever is still at them. */
async function takeBack(stage: Stage, who: string, own: Chance): Promise<void> {
  const { runs } = as(who)
  for (let tries = own.between(1, 2); tries > 0; tries--) {
    await stage.world.pause(own.between(0, 90_000))
    const known = stage.told.runs.filter((run) => run.runId !== undefined)
    if (known.length === 0) continue
    const run = own.of(known)
    run.taken ??= 'asked'
    const done = await stage
      .insist(() => runs.withdrawRun({ params: { runId: run.runId! }, body: { reason: 'asked by mail' } }))
      .catch(unlessKind('not-found'))
    if (done) run.taken = 'done'
  }
}

/** Makes a study of their own, publishes it, and opens and closes it. */
async function ownStudy(stage: Stage, who: string, own: Chance): Promise<void> {
  const { studies } = as(who)
  const { organisationId } = places
  const requestId = own.uuid()
  const made = await stage.insist(() =>
    studies.create({ params: { organisationId }, body: { title: 'Another', requestId } }),
  )
  const again = await stage.insist(() =>
    studies.create({ params: { organisationId }, body: { title: 'Another', requestId } }),
  )
  if (again.studyId !== made.studyId) throw new Error('one request made two studies')
  const { studyId } = made
  const versions = own.between(1, 2)
  for (let version = 1; version <= versions; version++) {
    const configuration = {
      kind: 'timeline',
      timeline: [{ type: '@jspsych/plugin-html-keyboard-response', stimulus: `Version ${version}` }],
    }
    const published = await stage.insist(() =>
      studies.publish({ params: { studyId }, body: { configuration, assets: [] } }),
    )
    if (published.version !== version) throw new Error(`version ${version} was published as ${published.version}`)
  }
  for (const state of ['live', 'paused', 'closed', 'live', 'closed', 'live'] as const) {
    await stage.world.pause(own.between(0, 15_000))
    await untilUnchanged(stage, async () => {
      const { rev, state: now } = await stage.insist(() => studies.study({ params: { studyId } }))
      if (now !== state) await stage.insist(() => studies.setState({ params: { studyId }, body: { state, rev } }))
    })
    if (own.happens(0.2)) return
  }
}

/** Makes a token, uses it, revokes it: from then on it opens nothing. */
async function makeTokens(stage: Stage, who: string, own: Chance): Promise<void> {
  const { access } = as(who)
  for (let i = own.between(1, 2); i > 0; i--) {
    await stage.world.pause(own.between(0, 30_000))
    const { secret, tokenId } = await stage.insist(() =>
      access.createToken({ body: { name: 'tool', scopes: ['studies:read'] } }),
    )
    const mine = clientOf(secret)
    await stage.insist(() => mine.studies.study({ params: { studyId: places.studyId } }))
    if (own.happens(0.3)) continue
    await stage.insist(() => access.revokeToken({ params: { tokenId } })).catch(unlessKind('not-found'))
    const opened = await stage
      .insist(() => mine.studies.study({ params: { studyId: places.studyId } }))
      .catch(unlessKind('sign-in-required'))
    if (opened) throw new Error('a revoked token opened a study')
  }
}

/** Again as long as somebody else is at the same. */
async function untilUnchanged(stage: Stage, act: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await act()
      return
    } catch (e) {
      if (!(e instanceof ProblemError) || e.kind !== 'changed-meanwhile') throw e
      await stage.world.pause(5000)
    }
  }
}

/** Removes somebody: from then on they see nothing. */
async function remove(stage: Stage, own: Chance): Promise<void> {
  const { organisationId, studyId } = places
  await stage.world.pause(own.between(0, 60_000))
  await untilUnchanged(stage, () =>
    stage
      .insist(() => as('ada').access.removeMember({ params: { organisationId, userId: 'bela' } }))
      .catch(unlessKind('not-found')),
  )
  for (let looks = 0; looks < 3; looks++) {
    const seen = await stage
      .insist(() => as('bela').studies.study({ params: { studyId } }))
      .catch(unlessKind('not-found'))
    if (seen) throw new Error('somebody who was removed still sees a study')
    const asked = await stage
      .insist(() => as('bela').jobs.quote({ body: { dataset: 'trial', ...questions[0]! } }))
      .catch(unlessKind('not-found'))
    if (asked) throw new Error('somebody who was removed may still ask')
    await stage.world.pause(own.between(0, 3000))
  }
}

const ofHouse = [
  'organisation',
  'study',
  'run',
  'dataset',
  'job',
  'synthesis',
  'pipeline',
  'experiment',
  'pipeline-run',
]

/** Somebody of another house tries every door whose number they could have learnt. */
async function pry(stage: Stage, own: Chance): Promise<void> {
  const doors = everyRoute.filter(({ route }) => ofHouse.includes(route.access.kind) && !('stream' in route))
  for (let tries = own.between(3, 8); tries > 0; tries--) {
    await stage.world.pause(own.between(0, 15_000))
    const { route } = own.of(doors)
    const path = pathOf(stage, route, own)
    if (path === undefined) continue
    try {
      const { status } = await stage.world.network.send({
        method: route.method,
        path,
        headers: { authorization: 'Bearer person:eve', 'content-type': 'application/json' },
        body: route.method === 'GET' || route.method === 'DELETE' ? undefined : '{}',
      })
      if (status !== 404 && status < 500) throw new Error(`${route.method} ${route.path} answered a stranger ${status}`)
    } catch (e) {
      if (!(e instanceof Unreachable)) throw e
    }
  }
}

function pathOf(stage: Stage, route: Route, own: Chance): string | undefined {
  const runs = stage.told.runs.flatMap(({ runId }) => runId ?? [])
  const jobs = stage.told.jobs.flatMap(({ jobId }) => jobId ?? [])
  const known: Record<string, string | undefined> = {
    organisationId: places.organisationId,
    studyId: places.studyId,
    datasetId: places.datasetId,
    runId: runs.length > 0 ? own.of(runs) : undefined,
    jobId: jobs.length > 0 ? own.of(jobs) : undefined,
    userId: 'ada',
    code: places.links.general,
    version: '1',
  }
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  if (names.some((name) => known[name] === undefined)) return undefined
  return fillPath(route.path, known as Record<string, string>)
}

/** Those who act in a history, by name. */
export function byPeople(stage: Stage, chance: Chance): [string, () => Promise<void>][] {
  const cast: [string, () => Promise<void>][] = []
  const analysts = chance.between(0, 3)
  if (chance.happens(0.06)) cast.push(['analyst of many', () => crowd(stage, 'anil', chance.sub('many'))])
  for (let i = 0; i < analysts; i++) {
    const name = `analyst ${i}`
    cast.push([name, () => analyse(stage, `a${i}`, 'anil', chance.sub(name))])
  }
  if (cast.length > 0)
    for (const who of ['chen', 'dora', 'dina']) cast.push([`checker ${who}`, () => check(stage, who, chance.sub(who))])
  if (cast.length > 0) cast.push(['approver', () => approve(stage, 'cleo', chance.sub('approver'))])
  const some = (name: string, probability: number, acts: (own: Chance) => Promise<void>): void => {
    if (chance.happens(probability)) cast.push([name, () => acts(chance.sub(name))])
  }
  some('researcher rosa', 0.4, (own) => research(stage, 'rosa', own))
  some('researcher ada', 0.3, (own) => research(stage, 'ada', own))
  some('researcher who takes back', 0.3, (own) => takeBack(stage, 'ada', own))
  some('researcher with a new study', 0.25, (own) => ownStudy(stage, 'rosa', own))
  some('custodian', 0.25, (own) => keepDataset(stage, 'cleo', own))
  some('token maker', 0.3, (own) => makeTokens(stage, 'rosa', own))
  some('admin', 0.3, (own) => remove(stage, own))
  some('stranger', 0.5, (own) => pry(stage, own))
  return cast
}
