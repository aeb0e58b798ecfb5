/** Studies themselves: list, create, change, launch, duplicate, delete. */
import type { studies } from '../../contracts/studies.ts'
import { studyRights } from '../../domain/access/permissions.ts'
import { mayMove, studyLife } from '../../domain/studies/life.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId } from '../kernel/ids.ts'
import {
  indexKeyOf,
  keyOf,
  type MemberItem,
  type StudyItem,
  type StudyPersonItem,
  type VersionItem,
} from '../kernel/items.ts'
import { inMembership, rightsOf } from '../kernel/membership.ts'
import type { AsMember } from '../kernel/resources.ts'
import { toStudy } from './view.ts'
import { holdsResults, planRest, removeRest } from '../stores/study-rest.ts'
import { studyUploads } from '../stores/study-uploads.ts'
import { linksGiven } from '../stores/uploads.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'

type Routes = (typeof studies)['routes']

/** The study is not as the caller loaded it. */
export const changedMeanwhile = (): Failure =>
  new Failure(
    'changed-meanwhile',
    'Somebody changed this study after you loaded it. Load it again, look at what changed, and repeat.',
  )

/** Nothing of a study changes while it is being deleted: deleting it again comes to an end, one way or the other. */
export function refuseDeleted({ deleting }: StudyItem): void {
  if (deleting !== undefined)
    throw new Failure(
      'changed-meanwhile',
      'This study is being deleted. If that was interrupted, delete it again; it stays if it turns out to hold results.',
    )
}

export const list: Implementation<Routes['list']> = async ({ params, query, caller, member, subject }, deps) => {
  const { organisationId } = params
  const options = {
    index: true as const,
    limit: query.limit,
    after: query.after,
  }
  const show = async (study: Item<StudyItem>) => {
    const person = await deps.table.get<StudyPersonItem>(keyOf.studyPerson(study.studyId, caller.userId))
    return toStudy(study, { ...subject, rights: rightsOf(member, person) })
  }
  // Some roles see every study of the organisation; everybody else what was shared with them.
  if (member.roles.some((r) => ['admin', 'custodian', 'auditor'].includes(r))) {
    const page = await deps.table.query<StudyItem>(indexKeyOf.study.ofOrganisation.partition(organisationId), {
      ...options,
      prefix: indexKeyOf.study.ofOrganisation.prefix(),
      backwards: true,
    })
    return { items: await Promise.all(page.items.map(show)), next: page.next }
  }
  const page = await deps.table.query<StudyPersonItem>(indexKeyOf.studyPerson.ofPerson.partition(caller.userId), {
    ...options,
    prefix: indexKeyOf.studyPerson.ofPerson.prefix(),
  })
  const found = await Promise.all(
    page.items
      .filter((p) => p.organisationId === organisationId && rightsOf(member, p).length > 0)
      .map((p) => deps.table.get<StudyItem>(keyOf.study(p.studyId))),
  )
  const mine = found.filter((s) => s !== undefined).sort((a, b) => (a.created < b.created ? 1 : -1))
  return { items: await Promise.all(mine.map(show)), next: page.next }
}

const ownerItem = (studyId: string, member: MemberItem, since: string): Item<StudyPersonItem> => ({
  ...keyOf.studyPerson(studyId, member.userId),
  ...indexKeyOf.studyPerson.ofPerson({ userId: member.userId, studyId }),
  studyId,
  organisationId: member.organisationId,
  userId: member.userId,
  rights: [...studyRights],
  ...inMembership(member),
  since,
})

/**
 * Writes, in this order: event, owner, (version,) study. The owner's rights are there before the study is, so that a
 * crash leaves nothing that nobody can use, and the same call again completes it.
 */
async function make(
  deps: Deps,
  { caller, member }: AsMember,
  study: Pick<StudyItem, 'studyId' | 'organisationId' | 'title' | 'description'> & Partial<StudyItem>,
  detail: Record<string, string>,
  version?: VersionItem,
): Promise<Item<StudyItem>> {
  const at = deps.now().toISOString()
  const existing = await deps.table.get<StudyItem>(keyOf.study(study.studyId))
  if (existing) return existing
  await record(deps, study.organisationId, whoOf(caller), [
    { act: 'study.created', object: `study ${study.studyId}`, detail },
  ])
  await createIfAbsent(deps, ownerItem(study.studyId, member, at))
  if (version) await createIfAbsent(deps, { ...version, ...keyOf.version(study.studyId, version.version) })
  const item: StudyItem = {
    state: 'draft',
    runtime: 'platform',
    redirectHosts: [],
    version: version?.version ?? 0,
    created: at,
    changed: at,
    ...study,
  }
  await createIfAbsent(deps, {
    ...item,
    ...keyOf.study(study.studyId),
    ...indexKeyOf.study.ofOrganisation({ ...study, created: at }),
  })
  return (await deps.table.get<StudyItem>(keyOf.study(study.studyId)))!
}

/** The rights of whoever has just made a study; a repeat of the call finds what was taken away meanwhile. */
async function asOwner(
  deps: Deps,
  study: Item<StudyItem>,
  { caller, member, subject }: AsMember,
): Promise<ReturnType<typeof toStudy>> {
  const person = await deps.table.get<StudyPersonItem>(keyOf.studyPerson(study.studyId, caller.userId))
  return toStudy(study, { ...subject, rights: rightsOf(member, person) })
}

export const create: Implementation<Routes['create']> = async (request, deps) => {
  const { params, body, caller } = request
  const studyId = await derivedId('std', params.organisationId, caller.userId, body.requestId)
  const study = await make(
    deps,
    request,
    { studyId, organisationId: params.organisationId, title: body.title, description: body.description },
    {},
  )
  return asOwner(deps, study, request)
}

export const study: Implementation<Routes['study']> = async (request) => toStudy(request.study, request.subject)

export const change: Implementation<Routes['change']> = async (
  { study: before, subject, caller, body: { rev, ...fields } },
  deps,
) => {
  refuseDeleted(before)
  if (before.rev !== rev) throw changedMeanwhile()
  const set = Object.fromEntries(
    Object.entries(fields).filter(
      ([k, v]) => v !== undefined && JSON.stringify(v) !== JSON.stringify(before[k as keyof StudyItem]),
    ),
  )
  if (Object.keys(set).length === 0) return toStudy(before, subject)
  await record(deps, before.organisationId, whoOf(caller), [
    { act: 'study.changed', object: `study ${before.studyId}`, detail: { fields: Object.keys(set).sort() } },
  ])
  return toStudy(await update(deps, before, rev, set), subject)
}

async function update(
  deps: Deps,
  study: Item<StudyItem>,
  rev: number,
  set: Record<string, unknown>,
): Promise<Item<StudyItem>> {
  try {
    return await deps.table.update<StudyItem>(keyOf.study(study.studyId), {
      set: { ...set, changed: deps.now().toISOString() },
      when: [{ attribute: 'rev', is: 'equal', value: rev }],
    })
  } catch (e) {
    throw e instanceof ConditionFailed ? changedMeanwhile() : e
  }
}

export const setState: Implementation<Routes['setState']> = async ({ study: before, subject, caller, body }, deps) => {
  if (before.state === body.state) return toStudy(before, subject)
  refuseDeleted(before)
  if (before.rev !== body.rev) throw changedMeanwhile()
  if (!mayMove(before.state, body.state, before.version)) {
    const next = studyLife[before.state].to
    throw new Failure(
      'wrong-state',
      body.state === 'live' && before.version === 0
        ? 'Publish a version before you launch.'
        : `A ${before.state} study can become ${next.join(' or ')}, not ${body.state}.`,
    )
  }
  await record(deps, before.organisationId, whoOf(caller), [
    {
      act: 'study.state-changed',
      object: `study ${before.studyId}`,
      detail: { from: before.state, to: body.state, version: before.version },
    },
  ])
  return toStudy(await update(deps, before, body.rev, { state: body.state }), subject)
}

const holdingResults = (): Failure => new Failure('wrong-state', 'This study holds results and cannot be deleted.')

/**
 * From here on no run of the study comes to light, and no link, person or version is added to it: whoever makes one
 * reads the study after writing it. What was written before is seen by whoever looks now.
 */
async function fence(deps: Deps, { studyId, rev }: Item<StudyItem>, since: string): Promise<void> {
  try {
    await deps.table.update<StudyItem>(keyOf.study(studyId), {
      set: { deleting: since },
      when: [{ attribute: 'rev', is: 'equal', value: rev! }],
    })
  } catch (e) {
    throw e instanceof ConditionFailed
      ? new Failure('wrong-state', 'Somebody changed this study at this moment. Load it again, and repeat.')
      : e
  }
}

/** It is not deleted after all; unless somebody else has begun to delete it since. */
async function unfence(deps: Deps, studyId: string, since: string): Promise<void> {
  try {
    await deps.table.update<StudyItem>(keyOf.study(studyId), {
      remove: ['deleting'],
      when: [{ attribute: 'deleting', is: 'equal', value: since }],
    })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

export const remove: Implementation<Routes['remove']> = async ({ study: held, caller, query }, deps) => {
  const { studyId, organisationId } = held
  if (query.title !== held.title)
    throw new Failure('invalid-request', 'The title does not match. Type the study’s title to delete it.', [
      { path: '/query/title', message: 'Not the title of this study' },
    ])
  if (held.state !== 'draft' && held.state !== 'closed')
    throw new Failure('wrong-state', `A ${held.state} study cannot be deleted. Close it first.`)
  if (await holdsResults(deps, studyId)) throw holdingResults()
  const since = deps.now().toISOString()
  await fence(deps, held, since)
  if (await holdsResults(deps, studyId)) {
    await unfence(deps, studyId, since)
    throw holdingResults()
  }
  await record(deps, organisationId, whoOf(caller), [
    { act: 'study.deleted', object: `study ${studyId}`, detail: { title: held.title } },
  ])
  await planRest(deps, studyId)
  // Uploads that it named go by the sweep, too.
  await linksGiven(deps, studyUploads, organisationId)
  // The study goes before the caller's own rights: until then the same call can be repeated.
  const own = keyOf.studyPerson(studyId, caller.userId)
  await removeRest(deps, studyId, [keyOf.study(studyId).sk, own.sk])
  await deps.table.remove(keyOf.study(studyId))
  await deps.table.remove(own)
  return undefined
}

export const duplicate: Implementation<Routes['duplicate']> = async (request, deps) => {
  const { study: from, member, caller, body } = request
  if (!member.roles.some((r) => r === 'admin' || r === 'researcher'))
    throw new Failure('forbidden', 'Making a study needs the role researcher or admin in the organisation.')
  const studyId = await derivedId('std', from.studyId, caller.userId, body.requestId)
  const newest =
    from.version === 0 ? undefined : await deps.table.get<VersionItem>(keyOf.version(from.studyId, from.version))
  if (from.version > 0 && !newest) throw notFound()
  // The content is addressed by its hash: the copy shares the published files.
  const { pk: _pk, sk: _sk, rev: _rev, ...kept } = (newest ?? {}) as Item<VersionItem>
  const version = newest && {
    ...kept,
    studyId,
    version: 1,
    note: `Copy of ${from.studyId} version ${from.version}`,
    published: deps.now().toISOString(),
    publishedBy: caller.userId,
  }
  const copy = await make(
    deps,
    request,
    {
      studyId,
      organisationId: from.organisationId,
      title: body.title,
      description: from.description,
      runtime: from.runtime,
      redirectHosts: from.redirectHosts,
    },
    { copiedFrom: from.studyId },
    version,
  )
  return asOwner(deps, copy, { caller, member, subject: { roles: member.roles } })
}
