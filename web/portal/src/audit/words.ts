/** The chain in a person's words. */
import type { Act } from '../../../../domain/audit/acts.ts'

export const actWords: Record<Act, string> = {
  'organisation.created': 'Founded the organisation', 'organisation.renamed': 'Renamed the organisation',
  'member.invited': 'Invited a person', 'invitation.revoked': 'Took an invitation back', 'member.joined': 'Joined', 'member.roles-changed': 'Changed roles', 'member.removed': 'Removed a person',
  'login.failed': 'Failed to sign in', 'token.created': 'Made an access token', 'token.revoked': 'Revoked an access token',
  'study.created': 'Created a study', 'study.changed': 'Changed a study', 'study.published': 'Published a version', 'study.state-changed': 'Changed a study’s state', 'study.deleted': 'Deleted a study',
  'study.exported': 'Exported a study', 'study.shared': 'Gave rights on a study', 'study.unshared': 'Took rights on a study',
  'link.created': 'Made a link', 'link.revoked': 'Revoked a link', 'run.opened': 'Opened a run', 'run.withdrawn': 'Withdrew a run',
}

/** One detail of an event as text: lists with commas. */
export const detailText = (value: string | number | boolean | string[]): string => (Array.isArray(value) ? value.join(', ') || 'none' : String(value))
