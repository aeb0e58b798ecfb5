/** Items of the table as the contract shows them. */
import type { z } from 'zod'
import type { Link, Study, StudyVersion } from '../../contracts/studies.ts'
import { may, type StudyRight, studyRights, type Subject } from '../../domain/access/permissions.ts'
import { linkState } from '../../domain/studies/links.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import type { LinkItem, StudyItem, VersionItem } from '../kernel/items.ts'

/** A person's rights on a study, with those that a role gives. */
const rightsOf = (who: Subject): StudyRight[] => {
  const person: Subject = { roles: who.roles, rights: who.rights }
  const byRole: StudyRight[] = [
    ...(may(person, 'study.share') ? ['share' as const] : []),
    ...(may(person, 'study.unshare') ? ['remove' as const] : []),
  ]
  return studyRights.filter((r) => who.rights?.includes(r) || byRole.includes(r))
}

export const toStudy = (s: Item<StudyItem>, who: Subject): z.input<typeof Study> => ({
  studyId: s.studyId,
  organisationId: s.organisationId,
  title: s.title,
  description: s.description,
  state: s.state,
  runtime: s.runtime,
  redirectHosts: s.redirectHosts,
  version: s.version,
  created: s.created,
  changed: s.changed,
  rev: s.rev!,
  rights: rightsOf(who),
})

export const toVersion = (v: VersionItem): z.input<typeof StudyVersion> => ({
  version: v.version,
  contentHash: v.contentHash,
  kind: v.kind,
  note: v.note,
  published: v.published,
  publishedBy: v.publishedBy,
  assets: v.assets,
  bytes: v.bytes,
})

export const toLink = (deps: Pick<Deps, 'settings' | 'now'>, l: LinkItem): z.input<typeof Link> => ({
  code: l.code,
  url: `${deps.settings.mainOrigin}/p/${l.code}`,
  kind: l.kind,
  label: l.label,
  created: l.created,
  expires: l.expires,
  quota: l.quota,
  started: l.started,
  revoked: l.revoked,
  state: linkState(l, deps.now()),
  ...(l.completionUrl ? { completionUrl: l.completionUrl } : {}),
  ...(l.abortUrl ? { abortUrl: l.abortUrl } : {}),
  ...(l.outsideIdParameter ? { outsideIdParameter: l.outsideIdParameter } : {}),
})
