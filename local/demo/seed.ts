/**
 * The demo: two organisations, people of every role, two studies with runs, three datasets, two pipelines with an
 * experiment. Made once per home, through the platform's own doors; safe to kill half-way.
 */
import { randomUUID } from 'node:crypto'
import type { LocalObjects } from '../../adapters/local/objects.ts'
import type { Client } from '../../clients/api.ts'
import type { Role } from '../../domain/access/permissions.ts'
import { emailKey, founders } from '../../functions/access/session.ts'
import { creators } from '../../functions/all.ts'
import type { Caller } from '../../functions/kernel/caller.ts'
import type { StepDeps } from '../../functions/workflow/job-kind.ts'
import { keyOf, type PersonProfile } from '../../functions/kernel/items.ts'
import { AlreadyExists } from '../../ports/table.ts'
import { readJson, writeWhole } from '../files.ts'
import { hashPassword } from '../login/passwords.ts'
import type { Account, LoginState } from '../login/state.ts'
import { seedDatasets } from './datasets.ts'
import { inProcessClients } from './in-process-client.ts'
import { seedPipelines } from './pipelines.ts'
import { seedStudies } from './studies.ts'

export const demoPassword = 'cloister-demo'
/** In the home: says that the demo is there, and whole. */
export const demoMark = 'demo.json'

interface Person {
  email: string
  name: string
  what: string
  roles: Role[]
  groups?: string[]
}
const lab: Person[] = [
  {
    email: 'rosa@demo.cloister',
    name: 'Rosa Lindqvist',
    what: 'researcher: studies, links, results',
    roles: ['researcher'],
  },
  {
    email: 'ada@demo.cloister',
    name: 'Ada Okafor',
    what: 'admin and researcher: people and settings',
    roles: ['admin', 'researcher'],
    groups: [founders],
  },
  { email: 'cleo@demo.cloister', name: 'Cleo Marchetti', what: 'custodian: answers for data', roles: ['custodian'] },
  { email: 'anil@demo.cloister', name: 'Anil Rao', what: 'analyst: works with aggregates', roles: ['analyst'] },
  { email: 'chen@demo.cloister', name: 'Chen Wei', what: 'output checker', roles: ['checker'] },
  { email: 'dora@demo.cloister', name: 'Dora Novak', what: 'output checker: outputs need two', roles: ['checker'] },
  { email: 'otto@demo.cloister', name: 'Otto Brandt', what: 'auditor: reads the audit chain', roles: ['auditor'] },
]
const stranger: Person = {
  email: 'sam@stranger.cloister',
  name: 'Sam Whitfield',
  what: 'admin of another organisation',
  roles: ['admin', 'researcher'],
}
/** Who is offered on the sign-in page. */
export const demoPeople: readonly { email: string; name: string; what: string }[] = [...lab, stranger].map(
  ({ email, name, what }) => ({ email, name, what }),
)

export interface SeedParts {
  deps: StepDeps
  objects: LocalObjects
  accounts: Pick<LoginState, 'account' | 'addAccount'>
  /** File that says that it is done. */
  mark: string
  say: (text: string) => void
}

/** Login and profile of a person; the same person when it is there already. */
async function person(parts: SeedParts, member: Person, password: string): Promise<Account> {
  const found = parts.accounts.account(member.email)
  const account = found ?? {
    sub: randomUUID(),
    email: member.email,
    name: member.name,
    password,
    groups: member.groups ?? [],
    created: parts.deps.now().toISOString(),
  }
  if (!found) parts.accounts.addAccount(account)
  const profile: PersonProfile = { userId: account.sub, name: member.name, email: member.email, seen: account.created }
  await parts.deps.table
    .create({
      ...keyOf.person(account.sub),
      ...profile,
      gpk: await emailKey(member.email),
      gsk: `PROFILE#${account.sub}`,
    })
    .catch((error: unknown) => {
      if (!(error instanceof AlreadyExists)) throw error
    })
  return account
}

/** Makes what is missing of the demo; at once when it is whole. */
export async function seedDemo(parts: SeedParts): Promise<void> {
  // A home from before there were datasets or pipelines gets what it lacks.
  const made = await readJson<{ datasets?: boolean; pipelines?: boolean }>(parts.mark)
  if (made?.datasets && made.pipelines) return
  parts.say('\n  Making the demo organisation (once) ...')
  // The demo's past: everything happened during the last days, in order.
  const clock = { at: Date.now() - 4 * 86_400_000 }
  // Nobody has to be told of the demo by letter.
  const deps: StepDeps = { ...parts.deps, mail: undefined, now: () => new Date(clock.at) }
  const handlers = new Map(
    await Promise.all(Object.entries(creators).map(async ([name, load]) => [name, (await load())(deps)] as const)),
  )
  const as = inProcessClients(handlers)
  const password = await hashPassword(demoPassword)
  const accounts = new Map<string, Account>()
  for (const member of [...lab, stranger])
    accounts.set(member.email, await person({ ...parts, deps }, member, password))
  const callerOf = (email: string, groups: string[] = []): Caller => ({
    userId: accounts.get(email)!.sub,
    loginAt: Math.floor(clock.at / 1000),
    groups,
  })
  const client = (email: string, groups?: string[]): Client => as(callerOf(email, groups))

  const { organisationId } = await client('ada@demo.cloister', [founders]).access.createOrganisation({
    body: { name: 'Demo Lab', requestId: '6f1b3f0e-4c52-4a3b-9a53-0c8f7c1e0001' },
  })
  await client(stranger.email, [founders]).access.createOrganisation({
    body: { name: 'Stranger Institute', requestId: '6f1b3f0e-4c52-4a3b-9a53-0c8f7c1e0002' },
  })
  const ada = client('ada@demo.cloister')
  const present = new Map(
    (await ada.access.members({ params: { organisationId }, query: { limit: 200 } })).items.map((m) => [m.userId, m]),
  )
  for (const one of lab) {
    clock.at += 60_000
    const member = present.get(accounts.get(one.email)!.sub)
    if (member?.roles.length === one.roles.length) continue
    if (member)
      await ada.access.setRoles({
        params: { organisationId, userId: member.userId },
        body: { roles: one.roles, rev: member.rev },
      })
    else {
      const { link } = await ada.access.invite({
        params: { organisationId },
        body: { email: one.email, roles: one.roles },
      })
      await client(one.email).access.acceptInvitation({ body: { invitation: link.slice(link.indexOf('#') + 1) } })
    }
  }
  await seedStudies({
    organisationId,
    rosa: () => client('rosa@demo.cloister'),
    participant: (token) => as(undefined, token),
    objects: parts.objects,
    analyst: accounts.get('anil@demo.cloister')!.sub,
    clock,
    random: deps.random,
  })
  // The workflow runs on the real clock, so from here on the demo does too.
  clock.at = Date.now()
  await Promise.all([
    seedDatasets({ organisationId, cleo: () => client('cleo@demo.cloister'), objects: parts.objects }),
    seedPipelines({ organisationId, rosa: () => client('rosa@demo.cloister'), objects: parts.objects }),
  ])
  await writeWhole(
    parts.mark,
    JSON.stringify({ organisationId, made: new Date().toISOString(), datasets: true, pipelines: true }),
  )
}
