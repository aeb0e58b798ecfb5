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

/** A study as this person may see it. */
export const toStudy = (study: Item<StudyItem>, who: Subject): z.input<typeof Study> => ({
  studyId: study.studyId,
  organisationId: study.organisationId,
  title: study.title,
  description: study.description,
  state: study.state,
  runtime: study.runtime,
  redirectHosts: study.redirectHosts,
  version: study.version,
  created: study.created,
  changed: study.changed,
  rev: study.rev!,
  rights: rightsOf(who),
})

/** A published version, without its document. */
export const toVersion = (version: VersionItem): z.input<typeof StudyVersion> => ({
  version: version.version,
  contentHash: version.contentHash,
  kind: version.kind,
  note: version.note,
  published: version.published,
  publishedBy: version.publishedBy,
  assets: version.assets,
  bytes: version.bytes,
})

/** A link with the address that it opens. */
export const toLink = (deps: Pick<Deps, 'settings' | 'now'>, link: LinkItem): z.input<typeof Link> => ({
  code: link.code,
  url: `${deps.settings.mainOrigin}/p/${link.code}`,
  kind: link.kind,
  label: link.label,
  created: link.created,
  expires: link.expires,
  quota: link.quota,
  started: link.started,
  revoked: link.revoked,
  state: linkState(link, deps.now()),
  completionUrl: link.completionUrl,
  abortUrl: link.abortUrl,
  outsideIdParameter: link.outsideIdParameter,
})
