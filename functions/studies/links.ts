/** Links for participants: made, listed, revoked. */
import type { studies } from '../../contracts/studies.ts'
import { makesLinks } from '../../domain/studies/life.ts'
import { redirectHost } from '../../domain/studies/links.ts'
import { record, whoOf } from '../kernel/audit.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { createOrFirst } from '../kernel/create-if-absent.ts'
import { linkCodeOf } from '../kernel/ids.ts'
import { madeBefore } from '../kernel/intent.ts'
import { indexKeyOf, keyOf, type LinkItem } from '../kernel/items.ts'
import { toLink } from './view.ts'
import { pseudonymOf } from '../stores/pseudonym.ts'
import { isGoing } from '../stores/study-rest.ts'

type Routes = (typeof studies)['routes']

export const links: Implementation<Routes['links']> = async ({ study, query }, deps) => {
  const page = await deps.table.query<LinkItem>(indexKeyOf.link.ofStudy.partition(study.studyId), {
    index: true,
    prefix: indexKeyOf.link.ofStudy.prefix(),
    backwards: true,
    limit: query.limit,
    after: query.after,
  })
  return { items: page.items.map((l) => toLink(deps, l)), next: page.next }
}

export const createLink: Implementation<Routes['createLink']> = async ({ study, caller, body, intent }, deps) => {
  if (!makesLinks(study.runtime))
    throw new Failure(
      'wrong-state',
      'This study runs on a JATOS server: make its links there, or set its runtime to platform or hybrid.',
    )
  if (study.state === 'closed' && body.kind !== 'preview')
    throw new Failure('wrong-state', 'This study is closed; a link could not be used. Open it again first.')
  if ((body.kind === 'personal') !== (body.outsideId !== undefined))
    throw new Failure(
      'invalid-request',
      'A personal link needs the outside id of its person, and only a personal link has one.',
      [{ path: '/body/outsideId', message: body.kind === 'personal' ? 'Missing' : `Not for a ${body.kind} link` }],
    )
  if (body.quota !== undefined && body.kind !== 'general' && body.kind !== 'personal')
    throw new Failure('invalid-request', 'Only general and personal links have a quota.', [
      { path: '/body/quota', message: `Not for a ${body.kind} link` },
    ])
  for (const field of ['completionUrl', 'abortUrl'] as const) {
    const address = body[field]
    if (address !== undefined && redirectHost(address, study.redirectHosts) === undefined)
      throw new Failure(
        'redirect-not-allowed',
        'A redirect must be an https address on a host that the study allows. Add the host to the study’s redirect hosts first.',
        [
          {
            path: `/body/${field}`,
            message: 'Not an https address on an allowed host',
            expected:
              study.redirectHosts.length > 0
                ? study.redirectHosts.join(', ')
                : 'a host listed in the study’s redirect hosts',
          },
        ],
      )
  }
  const now = deps.now()
  const code = linkCodeOf(await intent.bytes('link', 13))
  const made = await madeBefore<LinkItem>(deps, intent, keyOf.link(code))
  if (made) return toLink(deps, made)
  const pseudonym = body.outsideId === undefined ? undefined : await pseudonymOf(deps, study.studyId, body.outsideId)
  const link: LinkItem = {
    code,
    studyId: study.studyId,
    organisationId: study.organisationId,
    kind: body.kind,
    label: body.label,
    created: now.toISOString(),
    expires: new Date(now.getTime() + body.hours * 3_600_000).toISOString(),
    quota: body.quota,
    started: 0,
    revoked: false,
    completionUrl: body.completionUrl,
    abortUrl: body.abortUrl,
    outsideIdParameter: body.outsideIdParameter,
    pseudonym,
  }
  await record(deps, study.organisationId, whoOf(caller), [
    {
      act: 'link.created',
      object: `study ${study.studyId}`,
      detail: {
        link: code,
        kind: body.kind,
        hours: body.hours,
        ...(body.quota === undefined ? {} : { quota: body.quota }),
      },
    },
  ])
  const item = { ...link, ...keyOf.link(code), ...indexKeyOf.link.ofStudy(link) }
  const stands = await createOrFirst<LinkItem>(deps, item)
  // Deleted at this moment: its links were looked for before this one was there.
  if (await isGoing(deps, study.studyId)) {
    await deps.table.remove(keyOf.link(code))
    throw notFound()
  }
  return toLink(deps, stands)
}

export const revokeLink: Implementation<Routes['revokeLink']> = async ({ study, caller, params }, deps) => {
  const link = await deps.table.get<LinkItem>(keyOf.link(params.code))
  if (!link || link.studyId !== study.studyId) throw notFound()
  if (link.revoked) return undefined
  await record(deps, study.organisationId, whoOf(caller), [
    { act: 'link.revoked', object: `study ${study.studyId}`, detail: { link: params.code } },
  ])
  await deps.table.update(keyOf.link(params.code), { set: { revoked: true } })
  return undefined
}
