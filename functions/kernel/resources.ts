/**
 * Resolves the resource a route names and decides who may; everything a stranger may not see is `not-found`.
 *
 * Resources on which several areas meet are found here; what belongs to one area alone is found beside that area, whose
 * `area.ts` hands the kernel the resolvers that its routes need (functions/kernel/area.ts).
 */
import { may, recentLoginSeconds, type Subject } from '../../domain/access/permissions.ts'
import { type Access, type Needs, type ResourceKind, resourceParameters } from '../../contracts/route.ts'
import type { Item } from '../../ports/table.ts'
import type { Caller } from './caller.ts'
import type { Deps } from './deps.ts'
import { Failure, notFound } from './failure.ts'
import {
  type DatasetItem,
  type JobItem,
  keyOf,
  type MemberItem,
  type OrganisationItem,
  type StudyItem,
  type StudyPersonItem,
} from './items.ts'
import { rightsOf } from './membership.ts'

/** Whoever calls, as a member of the organisation that the resource belongs to. */
export interface AsMember {
  caller: Caller
  member: Item<MemberItem>
  subject: Subject
}
export interface InOrganisation extends AsMember {
  organisation: Item<OrganisationItem>
}
export interface InStudy extends AsMember {
  study: Item<StudyItem>
}
export interface InDataset extends AsMember {
  dataset: Item<DatasetItem>
}
export interface InJob extends AsMember {
  job: Item<JobItem>
}

/**
 * What an implementation is given, by the access of its route. An area adds the kinds that are its own:
 *
 *   declare module '../kernel/resources.ts' { interface Contexts { synthesis: InSynthesis } }
 */
export interface Contexts {
  anyone: object
  person: { caller: Caller }
  organisation: InOrganisation
  study: InStudy
  dataset: InDataset
  job: InJob
}

/** Finds a resource by the id in the path and decides whether the caller may. Throws a `Failure` where not. */
type ResourceResolver<K extends ResourceKind> = (
  deps: Deps,
  caller: Caller,
  id: string,
  needs: Needs,
) => Promise<Contexts[K]>

/** How each kind of access is resolved, where more is to be found than who calls. */
export type Resolvers = { [K in ResourceKind]: ResourceResolver<K> } & {
  'run-token': (deps: Deps, runId: string, authorization: string | undefined) => Promise<Contexts['run-token']>
}

/**
 * Throws what a caller is told who may not: `not-found` where they may not see the resource (`visible`), `forbidden`
 * where they may see it but not do this, `login-too-old` where the sign-in was too long ago.
 */
export function decide(deps: Deps, caller: Caller, subject: Subject, needs: Needs, visible: boolean): void {
  if (!may(subject, needs.permission)) {
    if (!visible) throw notFound()
    throw new Failure(
      'forbidden',
      caller.token
        ? 'The token’s scopes or your rights do not include this. Make a token with more scopes, or ask somebody who manages sharing.'
        : 'Your role or rights do not include this. Ask somebody who manages people or sharing.',
      undefined,
      { permission: needs.permission },
    )
  }
  // In either direction: what a clock ahead of its time has signed is not recent for longer.
  if (needs.recentLogin && Math.abs(deps.now().getTime() / 1000 - caller.loginAt) > recentLoginSeconds)
    throw new Failure(
      'login-too-old',
      `This needs a sign-in at most ${recentLoginSeconds / 60} minutes old. Sign in again and repeat it.`,
      undefined,
      { maxAgeSeconds: recentLoginSeconds },
    )
}

/** What is said where an organisation asks for more than this sign-in has shown. */
export const secondFactorNeeded = (): Failure =>
  new Failure(
    'second-factor-needed',
    'This needs a sign-in by two factors. Set up an authenticator app or a passkey under “Sign-in and security” in your menu, then sign out and sign in with it; who comes by their campus uses its second factor. A token counts by the sign-in it was made in: make a new one after that.',
  )

/**
 * A membership, read from the table each time, so that a revoked role is gone at once. Others find nothing; whoever
 * signed in by one factor is told where the organisation asks for two.
 */
export async function memberOf(deps: Deps, caller: Caller, organisationId: string): Promise<Item<MemberItem>> {
  const member = await deps.table.get<MemberItem>(keyOf.member(organisationId, caller.userId))
  if (!member) throw notFound()
  if (caller.secondFactor) return member
  const asks = await deps.table.get<OrganisationItem>(keyOf.organisation(organisationId), ['secondFactor'])
  if (asks?.secondFactor) throw secondFactorNeeded()
  return member
}

/** For lists over several organisations: the membership, or undefined where there is none or it is not enough. */
export async function memberSeen(
  deps: Deps,
  caller: Caller,
  organisationId: string,
): Promise<Item<MemberItem> | undefined> {
  try {
    return await memberOf(deps, caller, organisationId)
  } catch (e) {
    if (e instanceof Failure) return undefined
    throw e
  }
}

/** Members of the organisation; what they may there, their roles say. */
export async function inOrganisation(
  deps: Deps,
  caller: Caller,
  organisationId: string,
  needs: Needs,
): Promise<InOrganisation> {
  const [member, organisation] = await Promise.all([
    memberOf(deps, caller, organisationId),
    deps.table.get<OrganisationItem>(keyOf.organisation(organisationId)),
  ])
  if (!organisation) throw notFound()
  const subject: Subject = { roles: member.roles, scopes: caller.token?.scopes }
  decide(deps, caller, subject, needs, true)
  return { caller, member, organisation, subject }
}

/** Those who were given rights on it, and roles of its organisation that see every study. */
export async function inStudy(deps: Deps, caller: Caller, studyId: string, needs: Needs): Promise<InStudy> {
  const [study, person] = await Promise.all([
    deps.table.get<StudyItem>(keyOf.study(studyId)),
    deps.table.get<StudyPersonItem>(keyOf.studyPerson(studyId, caller.userId)),
  ])
  if (!study) throw notFound()
  const member = await memberOf(deps, caller, study.organisationId)
  const everything: Subject = { roles: member.roles, rights: rightsOf(member, person) }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, needs, may(everything, 'study.read'))
  return { caller, member, study, subject }
}

/** Members of the dataset's organisation see it once it was published; before, its custodians alone. */
export async function inDataset(deps: Deps, caller: Caller, datasetId: string, needs: Needs): Promise<InDataset> {
  const dataset = await deps.table.get<DatasetItem>(keyOf.dataset(datasetId))
  if (!dataset) throw notFound()
  const member = await memberOf(deps, caller, dataset.organisationId)
  const subject: Subject = { roles: member.roles, scopes: caller.token?.scopes }
  const visible = may({ roles: member.roles }, dataset.version > 0 ? 'dataset.read' : 'dataset.manage')
  if (!visible) throw notFound()
  decide(deps, caller, subject, needs, visible)
  return { caller, member, dataset, subject }
}

/** Who asked it, and those whom a role in the dataset's organisation entitles. */
export async function inJob(deps: Deps, caller: Caller, jobId: string, needs: Needs): Promise<InJob> {
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  // A pipeline run has addresses of its own; as a question to a dataset it is a job like others.
  if (!job || (job.kind === 'pipeline' && job.datasetId === '')) throw notFound()
  const member = await memberOf(deps, caller, job.organisationId)
  const everything: Subject = { roles: member.roles, owner: job.userId === caller.userId }
  const subject: Subject = { ...everything, scopes: caller.token?.scopes }
  decide(deps, caller, subject, needs, may(everything, 'job.read') || may(everything, 'job.check'))
  return { caller, member, job, subject }
}

const signInFirst = (): Failure =>
  new Failure('sign-in-required', 'Your session has ended or the token is not valid. Sign in again.')

/** What a request is about, by the access of its route. Throws a `Failure` where the caller may not. */
export async function resolve(
  deps: Deps,
  access: Access,
  resolvers: Partial<Resolvers>,
  params: Record<string, string>,
  caller: Caller | undefined,
  authorization: string | undefined,
): Promise<object> {
  if (access.kind === 'anyone') return {}
  if (access.kind === 'run-token') return resolvers['run-token']!(deps, params['runId']!, authorization)
  if (!caller) throw signInFirst()
  if (access.kind === 'person') return { caller }
  const resolver = access.kind === 'organisation' ? inOrganisation : resolvers[access.kind]!
  return resolver(deps, caller, params[resourceParameters[access.kind]]!, access)
}
