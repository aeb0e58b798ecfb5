/**
 * Walks every route of every contract: as a stranger, without credentials, with a token that lacks the scope, and into
 * each problem that the route documents. A route or a problem that nobody provoked fails: completeness by construction.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allRoutes } from '../contracts/index.ts'
import { type Kind, problems } from '../contracts/problems.ts'
import { allProblems, type Route } from '../contracts/route.ts'
import { bounds } from '../domain/bounds.ts'
import { base64url } from '../domain/hash.ts'
import { ConditionFailed } from '../ports/table.ts'
import { roles } from '../domain/access/permissions.ts'
import type { Caller } from '../functions/kernel/caller.ts'
import { harness, type Harness } from '../functions/kernel/testing.ts'
import {
  keyOf,
  type MemberItem,
  type OrganisationItem,
  type RunItem,
  type StudyItem,
} from '../functions/kernel/items.ts'
import { memoryEngine } from '../simulation/memory-engine.ts'
import { datasetProblems, plantDataset, type World } from './routes-datasets.ts'
import { jobProblems, question } from './routes-jobs.ts'
import { pipelineProblems, plantRun, type PlantedRun } from './routes-pipelines.ts'
import { startingRequests } from './routes-starting.ts'
import { beginBody, plantSynthesis, synthesisProblems } from './routes-synthesis.ts'
import {
  begin,
  endRecord,
  fakeRecord,
  nonceOf,
  plantLink,
  type Planted,
  plantStudy,
  wrappedFor,
} from './ingest-support.ts'

interface Input {
  as?: Caller | undefined
  idempotencyKey?: string
  params?: Record<string, string | number>
  query?: Record<string, unknown>
  body?: unknown
  authorization?: string | undefined
}
interface Answer {
  status: number
  headers: Record<string, unknown>
  body: unknown
}

let platform: Harness
let study: Planted
let code: string
let invitationId: string
let planted: Awaited<ReturnType<typeof plantDataset>> & { synthesisId: string } & PlantedRun
let run: Awaited<ReturnType<typeof begin>>
let ada: Caller
let sam: Caller
let number = 0
const fresh = (): string => nonceOf(`fresh-${number++}`)
const uuid = '7b0d2ab5-5a0f-4b52-9d0f-6f1c5b7f3c11'
const sha = '0'.repeat(64)

const answer = (area: string, name: string, input: Input): Promise<Answer> =>
  (platform.answer as unknown as (a: string, n: string, i: Input) => Promise<Answer>)(area, name, input)

beforeAll(async () => {
  platform = await harness({
    engine: memoryEngine(),
    workflow: { start: async () => {}, stop: async () => {}, running: async () => false },
  })
  study = await plantStudy(platform)
  await platform.deps.table.update<MemberItem>(keyOf.member(study.organisationId, 'user-ada'), {
    set: { roles: [...roles] },
  })
  planted = {
    ...(await plantDataset(platform, study.organisationId)),
    ...(await plantSynthesis(platform, study.organisationId)),
    ...(await plantRun(platform, study.organisationId)),
  }
  code = await plantLink(platform, study)
  run = await begin(platform, study, code, fresh())
  ada = platform.person('ada', { groups: ['founders'] })
  sam = platform.person('sam', { groups: ['founders'] })
  await platform.organisation('Elsewhere', {
    sam: ['admin', 'custodian', 'researcher', 'analyst', 'checker', 'auditor'],
  })
  invitationId = (
    await platform.call('access', 'invite', {
      as: ada,
      params: { organisationId: study.organisationId },
      body: { email: 'new@lab.example', roles: ['analyst'] },
    })
  ).invitationId
})
afterAll(() => platform.close())

/** Real ids for every path parameter: a stranger who has them learns nothing more by using them. */
const paramsOf = (route: Route): Record<string, string | number> => {
  const known: Record<string, string | number> = {
    organisationId: study.organisationId,
    studyId: study.studyId,
    runId: run.runId,
    userId: 'user-ada',
    invitationId,
    code,
    version: 1,
    ...planted,
    format: 'json',
    tokenId: `tok_${'a'.repeat(32)}`,
    ruleId: `rul_${'a'.repeat(32)}`,
    userCode: 'BCDF-GHJK',
    ...(route.access.kind === 'pipeline-run' ? { jobId: planted.pipelineRunId } : {}),
  }
  return Object.fromEntries([...route.path.matchAll(/\{(\w+)\}/g)].map(([, k]) => [k!, known[k!]!]))
}
function credentials(route: Route): Input {
  if (route.access.kind === 'run-token') return { authorization: run.authorization }
  return route.access.kind === 'anyone' ? {} : { as: ada }
}
/** A request that the schemas of a route refuse. */
function invalid(route: Route): Input {
  if (route.params) {
    const params = Object.fromEntries(Object.keys(route.params.shape).map((name) => [name, '!'.repeat(300)]))
    return { ...credentials(route), params, body: {} }
  }
  return { ...credentials(route), ...(route.body ? { body: undefined } : { query: { limit: 0 } }) }
}

const isScoped = (r: Route): boolean => 'permission' in r.access
const scoped = allRoutes.filter(({ route }) => isScoped(route))

describe('a stranger', () => {
  it.each(scoped.map((r) => [r.area, r.name, r.route] as const))('%s.%s is not there', async (area, name, route) => {
    const seen = await answer(area, name, { as: sam, params: paramsOf(route), body: {} })
    const unknown = await answer(area, name, {
      as: sam,
      params: Object.fromEntries(
        Object.entries(paramsOf(route)).map(([name, value]) => [
          name,
          /^(org|std|run|dat|job|syn|pip|exp)_/.test(String(value))
            ? String(value).slice(0, 4) + 'z'.repeat(32)
            : value,
        ]),
      ),
      body: {},
    })
    expect(seen.status).toBe(404)
    // The same answer, to the letter, as for ids that nobody has.
    expect({ ...(seen.body as object), instance: '' }).toEqual({ ...(unknown.body as object), instance: '' })
  })
})

describe('a token without scopes', () => {
  it.each(scoped.map((r) => [r.area, r.name, r.route] as const))('%s.%s is refused', async (area, name, route) => {
    expect(
      await answer(area, name, { as: platform.person('ada', { scopes: [] }), params: paramsOf(route), body: {} }),
    ).toMatchObject({ status: 403, body: { kind: 'forbidden' } })
  })
})

/** Problems that follow from a route's declaration alone are provoked the same way everywhere. */
const general: Partial<Record<Kind, (area: string, name: string, r: Route) => Promise<Answer> | undefined>> = {
  internal: async (area, name, route) => {
    const { table, objects, keys, settings } = platform.deps
    const parts = [table, objects, keys, settings] as unknown as Record<string, unknown>[]
    const before = parts.map((p) => Object.getOwnPropertyDescriptors(p))
    const down = (): never => {
      throw new Error('marker-of-a-value')
    }
    for (const part of parts)
      for (const key of Object.keys(part))
        Object.defineProperty(
          part,
          key,
          part === (settings as unknown)
            ? { get: down, configurable: true, enumerable: true }
            : { value: async () => down(), configurable: true, writable: true, enumerable: true },
        )
    try {
      return await answer(area, name, {
        ...credentials(route),
        params: paramsOf(route),
        body: bodies[`${area}.${name}`]?.(),
      })
    } finally {
      for (const [index, port] of parts.entries()) Object.defineProperties(port, before[index]!)
    }
  },
  'invalid-request': (area, name, route) => answer(area, name, invalid(route)),
  'payload-too-large': (area, name, r) =>
    answer(area, name, { ...credentials(r), params: paramsOf(r), body: { pad: 'x'.repeat(r.maxBody ?? 1024 * 1024) } }),
  'sign-in-required': (area, name, r) => answer(area, name, { params: paramsOf(r), body: {} }),
  'run-token-invalid': (area, name, r) =>
    answer(area, name, { params: paramsOf(r), body: {}, authorization: `Bearer ${'A'.repeat(43)}` }),
  'not-found': (area, name, r) =>
    isScoped(r) ? answer(area, name, { as: sam, params: paramsOf(r), body: {} }) : undefined,
  forbidden: (area, name, route) =>
    isScoped(route)
      ? answer(area, name, { as: platform.person('ada', { scopes: [] }), params: paramsOf(route), body: {} })
      : undefined,
  'second-factor-needed': async (area, name, route) => {
    const organisation = keyOf.organisation(study.organisationId)
    await platform.deps.table.update(organisation, { set: { secondFactor: true } })
    try {
      return await answer(area, name, { as: ada, params: paramsOf(route), body: {} })
    } finally {
      await platform.deps.table.update(organisation, { remove: ['secondFactor'] })
    }
  },
  'already-exists': async (area, name) => {
    const { other, body, ...at } = await requests[`${area}.${name}`]!()
    const idempotencyKey = fresh()
    await answer(area, name, { ...at, body, idempotencyKey })
    return answer(area, name, { ...at, body: { ...body, ...other }, idempotencyKey })
  },
  'login-too-old': (area, name, r) =>
    answer(area, name, { as: platform.person('ada', { loginSecondsAgo: 16 * 60 }), params: paramsOf(r), body: {} }),
}

/** Well-formed bodies, for routes whose failing port is reached only after parsing. */
const bodies: Record<string, () => unknown> = {
  'access.updateMe': () => ({
    idToken: [{ alg: 'RS256', kid: 'k' }, { sub: 'user-ada' }, 'signature']
      .map((p) => base64url(new TextEncoder().encode(JSON.stringify(p))))
      .join('.'),
  }),
  'access.createOrganisation': () => ({ name: 'New', requestId: uuid }),
  'access.makeGroupRule': () => ({ group: 'lab', role: 'analyst' }),
  'access.acceptInvitation': () => ({ invitation: 'x'.repeat(40) }),
  'access.createToken': () => ({ name: 'laptop', scopes: ['studies:read'] }),
  'access.startDevice': () => ({ name: 'cloister', scopes: ['studies:read'] }),
  'access.pollDevice': () => ({ userCode: 'BCDF-GHJK', deviceSecret: 'x'.repeat(43) }),
  'access.approveDevice': () => ({ scopes: ['studies:read'] }),
  'jobs.quote': () => question(planted.datasetId),
  'jobs.ask': () => question(planted.datasetId),
  'synthesis.begin': () => beginBody,
  'runs.start': () => ({ nonce: fresh(), kid: study.kid, wrappedKey: wrappedFor('x') }),
  'runs.withdraw': () => ({ runCode: 'a'.repeat(32), withdrawalCode: 'a'.repeat(16) }),
}

const item = async <T>(key: { pk: string; sk: string }) => (await platform.deps.table.get<T>(key))!
const inOrg = () => ({ organisationId: study.organisationId })
const inStudy = () => ({ studyId: study.studyId })
const startBody = (nonce = fresh()) => ({ nonce, kid: study.kid, wrappedKey: wrappedFor(nonce) })
const device = () => platform.call('access', 'startDevice', { body: { name: 'cloister', scopes: ['studies:read'] } })
const later = async <T>(seconds: number, work: () => Promise<T>): Promise<T> => {
  platform.clock.advance(seconds)
  try {
    return await work()
  } finally {
    platform.clock.advance(-seconds)
  }
}
const aged = async () => {
  const part = await device()
  return {
    ...part,
    ask: (name: string, i: Input) =>
      later(3600, () => answer('access', name, { ...i, ...(i.as ? { as: platform.person('ada') } : {}) })),
  }
}
/** Of a study of its own in a state, the code of a link with the given facts. */
const linkTo = async (state: StudyItem['state'], facts: Parameters<typeof plantLink>[2] = {}) =>
  plantLink(platform, await plantStudy(platform, { state }), facts)
const past = () => ({ expires: new Date(platform.clock.now().getTime() - 1000).toISOString() })
const behind: Partial<Record<Kind, () => Promise<string>>> = {
  'not-found': async () => 'a'.repeat(20),
  'study-not-open': () => linkTo('paused'),
  'study-closed': () => linkTo('closed'),
  'study-full': () => linkTo('live', { quota: 3, started: 3 }),
  'link-used': () => linkTo('live', { kind: 'single', started: 1, usedBy: 'run_x' }),
  'link-expired': () => linkTo('live', past()),
}
async function endedRun(how: 'completed' | 'withdrawn') {
  const nonce = fresh()
  const run = await begin(platform, study, code, nonce)
  await run.send(1, [await endRecord(run.runId, [])])
  if (how === 'withdrawn')
    await platform.call('runs', 'withdrawRun', { as: ada, params: { runId: run.runId }, body: { reason: 'asked' } })
  return { ...run, nonce }
}
const withdrawnRun = () => endedRun('withdrawn')
const chunk = (runId: string) => ({ first: 2, records: [fakeRecord(runId, 2)], produced: 2 })
const anotherStudy = async (over: Partial<StudyItem>) => {
  const other = await plantStudy(platform, {})
  await platform.deps.table.update(keyOf.study(other.studyId), { set: { ...over } })
  return other
}

const world: World = {
  h: () => platform,
  answer,
  custodian: () => ada,
  organisationId: () => study.organisationId,
  study: async (completed) => {
    if (completed) await endedRun('completed')
    return completed ? study.studyId : (await anotherStudy({})).studyId
  },
}

const requests = startingRequests(world)

const specific: Record<string, (kind: Kind) => Promise<Answer>> = {
  'access.createOrganisation forbidden': () =>
    answer('access', 'createOrganisation', {
      as: platform.person('ada'),
      body: bodies['access.createOrganisation']!(),
    }),
  'access.renameOrganisation changed-meanwhile': async () =>
    answer('access', 'renameOrganisation', {
      as: ada,
      params: inOrg(),
      body: { name: 'New', rev: (await item<OrganisationItem>(keyOf.organisation(study.organisationId))).rev! + 1 },
    }),
  'access.demandSecondFactor changed-meanwhile': async () =>
    answer('access', 'demandSecondFactor', {
      as: platform.person('ada', { secondFactor: true }),
      params: inOrg(),
      body: { demanded: true, rev: (await item<OrganisationItem>(keyOf.organisation(study.organisationId))).rev! + 1 },
    }),
  'access.demandSecondFactor wrong-state': async () => {
    const { settings } = platform.deps
    const tells = settings.tellsFactors
    delete settings.tellsFactors
    try {
      const body = { demanded: true, rev: 1 }
      return await answer('access', 'demandSecondFactor', {
        as: platform.person('ada', { secondFactor: true }),
        params: inOrg(),
        body,
      })
    } finally {
      if (tells) settings.tellsFactors = tells
    }
  },
  'access.setRoles changed-meanwhile': () =>
    answer('access', 'setRoles', {
      as: ada,
      params: { ...inOrg(), userId: 'user-ada' },
      body: { roles: ['admin', 'auditor'], rev: 999 },
    }),
  'access.setRoles last-admin': async () =>
    answer('access', 'setRoles', {
      as: ada,
      params: { ...inOrg(), userId: 'user-ada' },
      body: { roles: ['analyst'], rev: (await item<MemberItem>(keyOf.member(study.organisationId, 'user-ada'))).rev },
    }),
  'access.removeMember last-admin': () =>
    answer('access', 'removeMember', { as: ada, params: { ...inOrg(), userId: 'user-ada' } }),
  'access.acceptInvitation not-found': () =>
    answer('access', 'acceptInvitation', { as: ada, body: { invitation: 'x'.repeat(43) } }),
  'access.acceptInvitation invitation-expired': async () => {
    const { link } = await platform.call('access', 'invite', {
      as: ada,
      params: inOrg(),
      body: { email: 'late@lab.example', roles: ['analyst'] },
    })
    return later(8 * 86_400, () =>
      answer('access', 'acceptInvitation', { as: platform.person('late'), body: { invitation: link.split('#')[1] } }),
    )
  },
  'access.acceptInvitation forbidden': async () =>
    answer('access', 'acceptInvitation', {
      as: platform.person('late', { scopes: ['studies:read'] }),
      body: { invitation: 'x'.repeat(43) },
    }),
  'access.removeMember changed-meanwhile': async () => {
    // Somebody else changes the organisation's people each time this request is about to.
    await platform.deps.table.create<MemberItem>({
      ...keyOf.member(study.organisationId, 'user-busy'),
      organisationId: study.organisationId,
      organisation: 'Lab',
      userId: 'user-busy',
      roles: ['analyst'],
      since: platform.clock.now().toISOString(),
    })
    const { replace } = platform.deps.table
    platform.deps.table.replace = async () => {
      throw new ConditionFailed('busy')
    }
    try {
      return await answer('access', 'removeMember', { as: ada, params: { ...inOrg(), userId: 'user-busy' } })
    } finally {
      platform.deps.table.replace = replace
    }
  },
  'access.createToken forbidden': () =>
    answer('access', 'createToken', {
      as: platform.person('ada', { scopes: ['studies:read'] }),
      body: bodies['access.createToken']!(),
    }),
  'access.revokeToken not-found': () =>
    answer('access', 'revokeToken', { as: ada, params: { tokenId: `tok_${'b'.repeat(32)}` } }),
  'access.pollDevice device-pending': async () => {
    const { userCode, deviceSecret } = await device()
    return answer('access', 'pollDevice', { body: { userCode, deviceSecret } })
  },
  'access.pollDevice device-expired': async () => {
    const { userCode, deviceSecret, ask } = await aged()
    return ask('pollDevice', { body: { userCode, deviceSecret } })
  },
  'access.pollDevice not-found': () => answer('access', 'pollDevice', { body: bodies['access.pollDevice']!() }),
  'access.device not-found': () => answer('access', 'device', { as: ada, params: { userCode: 'ZZZZ-ZZZZ' } }),
  'access.device device-expired': async () => {
    const { userCode, ask } = await aged()
    return ask('device', { as: ada, params: { userCode } })
  },
  'access.device forbidden': async () =>
    answer('access', 'device', {
      as: platform.person('ada', { scopes: ['studies:read'] }),
      params: { userCode: (await device()).userCode },
    }),
  'access.approveDevice not-found': () =>
    answer('access', 'approveDevice', {
      as: ada,
      params: { userCode: 'ZZZZ-ZZZZ' },
      body: { scopes: ['studies:read'] },
    }),
  'access.approveDevice device-expired': async () => {
    const { userCode, ask } = await aged()
    return ask('approveDevice', { as: ada, params: { userCode }, body: { scopes: ['studies:read'] } })
  },
  'access.approveDevice wrong-state': async () => {
    const { userCode } = await device()
    await answer('access', 'approveDevice', { as: ada, params: { userCode }, body: { scopes: ['studies:read'] } })
    return answer('access', 'approveDevice', { as: ada, params: { userCode }, body: { scopes: ['studies:read'] } })
  },
  'access.approveDevice forbidden': async () =>
    answer('access', 'approveDevice', {
      as: platform.person('ada', { scopes: ['studies:read'] }),
      params: { userCode: (await device()).userCode },
      body: { scopes: ['studies:read'] },
    }),

  'studies.change changed-meanwhile': () =>
    answer('studies', 'change', { as: ada, params: inStudy(), body: { title: 'New', rev: 999 } }),
  'studies.setState wrong-state': async () =>
    answer('studies', 'setState', {
      as: ada,
      params: inStudy(),
      body: { state: 'draft', rev: (await item<StudyItem>(keyOf.study(study.studyId))).rev },
    }),
  'studies.setState changed-meanwhile': () =>
    answer('studies', 'setState', { as: ada, params: inStudy(), body: { state: 'paused', rev: 999 } }),
  'studies.remove wrong-state': () =>
    answer('studies', 'remove', { as: ada, params: inStudy(), query: { title: 'Flanker' } }),
  'studies.publish invalid-configuration': () =>
    answer('studies', 'publish', {
      as: ada,
      params: inStudy(),
      body: { configuration: { kind: 'timeline', timeline: [{ type: 'no-such-plugin' }] }, assets: [] },
    }),
  'studies.publish asset-missing': () =>
    answer('studies', 'publish', {
      as: ada,
      params: inStudy(),
      body: {
        configuration: { kind: 'web', entry: 'index.html' },
        assets: [{ path: 'index.html', sha256: sha, size: 5, type: 'text/html' }],
      },
    }),
  'studies.publish bound-reached': () =>
    answer('studies', 'publish', {
      as: ada,
      params: inStudy(),
      body: {
        configuration: { kind: 'web', entry: 'f0.html' },
        assets: Array.from({ length: 50 }, (_, index) => ({
          path: `f${index}.html`,
          sha256: sha,
          size: Math.floor(bounds.study.bytes / 50) + 1,
          type: 'text/html',
        })),
      },
    }),
  'studies.publish changed-meanwhile': () =>
    answer('studies', 'publish', {
      as: ada,
      params: inStudy(),
      body: {
        configuration: { kind: 'web', entry: 'index.html' },
        assets: [{ path: 'index.html', sha256: sha, size: 5, type: 'text/html' }],
        expects: 7,
      },
    }),
  'studies.createLink wrong-state': async () =>
    answer('studies', 'createLink', {
      as: ada,
      params: { studyId: (await anotherStudy({ runtime: 'jatos' })).studyId },
      body: { kind: 'general' },
    }),
  'studies.createLink redirect-not-allowed': () =>
    answer('studies', 'createLink', {
      as: ada,
      params: inStudy(),
      body: { kind: 'general', abortUrl: 'https://evil.example/' },
    }),
  'studies.share wrong-state': () =>
    answer('studies', 'share', { as: ada, params: { ...inStudy(), userId: 'user-nobody' }, body: {} }),

  ...Object.fromEntries(
    Object.entries(behind).flatMap(([kind, make]) => [
      [`runs.participation ${kind}`, async () => answer('runs', 'participation', { params: { code: await make() } })],
      [
        `runs.start ${kind}`,
        async () => answer('runs', 'start', { params: { code: await make() }, body: startBody() }),
      ],
    ]),
  ),
  'runs.start run-withdrawn': async () =>
    answer('runs', 'start', { params: { code }, body: startBody((await withdrawnRun()).nonce) }),
  'runs.append record-conflict': async () => {
    const run = await begin(platform, study, code, fresh())
    await run.send(1, [fakeRecord(run.runId, 1)])
    return run.send(1, [fakeRecord(run.runId, 1, 'other')])
  },
  'runs.append bound-reached': async () => {
    const run = await begin(platform, study, code, fresh())
    await platform.deps.table.update(keyOf.run(run.runId), { set: { bytes: bounds.run.bytes } })
    return run.send(1, [fakeRecord(run.runId, 1)])
  },
  'runs.uploads bound-reached': async () => {
    const { runId, authorization } = await begin(platform, study, code, fresh())
    const asked = Array.from({ length: bounds.run.objects }, (_, i) => i.toString(16).padStart(64, '0'))
    await platform.deps.table.create({ ...keyOf.runObjects(runId), asked, bytes: 0 })
    return answer('runs', 'uploads', { params: { runId }, authorization, body: { sha256: 'f'.repeat(64), size: 5 } })
  },
  'runs.append run-finished': async () => await endedRun('completed').then((r) => r.send(2, [fakeRecord(r.runId, 2)])),
  'runs.append run-withdrawn': async () => {
    const run = await withdrawnRun()
    return answer('runs', 'append', {
      params: { runId: run.runId },
      authorization: run.authorization,
      body: chunk(run.runId),
    })
  },
  'runs.standing run-withdrawn': async () => {
    const run = await withdrawnRun()
    return answer('runs', 'standing', { params: { runId: run.runId }, authorization: run.authorization })
  },
  'runs.uploads run-finished': async () => {
    const run = await endedRun('completed')
    return answer('runs', 'uploads', {
      params: { runId: run.runId },
      authorization: run.authorization,
      body: { sha256: sha, size: 1 },
    })
  },
  'runs.uploads run-withdrawn': async () => {
    const run = await withdrawnRun()
    return answer('runs', 'uploads', {
      params: { runId: run.runId },
      authorization: run.authorization,
      body: { sha256: sha, size: 1 },
    })
  },
  'access.health internal': async () => {
    const { memory } = platform.deps
    memory.has = () => {
      throw new Error('marker-of-a-value')
    }
    try {
      return await answer('access', 'health', {})
    } finally {
      memory.has = Map.prototype.has
    }
  },
  'access.health not-ready': async () => {
    const { head } = platform.deps.objects
    platform.deps.memory.clear()
    platform.deps.objects.head = async () => {
      throw new Error('marker-of-a-value')
    }
    try {
      return await answer('access', 'health', {})
    } finally {
      platform.deps.objects.head = head
      platform.deps.memory.clear()
    }
  },
  'access.startDevice too-many-at-once': () =>
    // In a span of ten minutes of its own, so that no other test is refused.
    later(5 * 3600, async () => {
      for (let begun = 0; begun < bounds.device.fromOneNetwork; begun++) await device()
      return answer('access', 'startDevice', { body: { name: 'cloister', scopes: ['studies:read'] } })
    }),
  'runs.withdraw not-found': () => answer('runs', 'withdraw', { body: bodies['runs.withdraw']!() }),
  'runs.open run-withdrawn': async () =>
    answer('runs', 'open', {
      as: ada,
      params: inStudy(),
      body: { purpose: 'to look at it', runIds: [(await withdrawnRun()).runId] },
    }),
  'runs.sealed run-withdrawn': async () =>
    answer('runs', 'sealed', { as: ada, params: { runId: (await withdrawnRun()).runId } }),

  ...datasetProblems(world),
  ...jobProblems(world),
  ...synthesisProblems({ ...world, stranger: () => sam }),
  ...pipelineProblems(world),
}

const documented = allRoutes.flatMap(({ area, name, route }) =>
  allProblems(route).map((kind) => [`${area}.${name}`, kind, area, name, route] as const),
)

describe('each documented problem of each route', () => {
  it.each(documented)('%s answers %s', async (key, kind, area, name, route) => {
    const provoke = specific[`${key} ${kind}`]
    const provoked = provoke ? await provoke(kind) : await general[kind]?.(area, name, route)
    if (!provoked) throw new Error(`Nobody provokes ${kind} of ${key}: add it to the table`)
    expect(provoked.body).toMatchObject({
      kind,
      status: problems[kind].status,
      type: `/docs/problems#${kind}`,
      title: problems[kind].title,
    })
    expect(provoked.status).toBe(problems[kind].status)
    expect(provoked.headers['content-type']).toBe('application/problem+json')
    expect(JSON.stringify(provoked.body)).not.toContain('marker-of-a-value')
  })
  it('has no provocation of a problem that no route documents', () => {
    const known = new Set(documented.map(([key, kind]) => `${key} ${kind}`))
    expect(Object.keys(specific).filter((k) => !known.has(k))).toEqual([])
  })
  it('writes no message of an inner error into the log', () =>
    expect(JSON.stringify(platform.logs)).not.toContain('marker-of-a-value'))
})

it('leaves the run as it was', async () =>
  expect(await item<RunItem>(keyOf.run(run.runId))).toMatchObject({ state: 'live', received: 0, conflicts: 0 }))
