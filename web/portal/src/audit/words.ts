/** The chain in a person's words. */
import type { Act } from '../../../../domain/audit/acts.ts'
import type { Names } from './names.ts'

export const actWords: Record<Act, string> = {
  'organisation.created': 'Founded the organisation',
  'organisation.renamed': 'Renamed the organisation',
  'organisation.second-factor': 'Changed whether two factors are needed',
  'member.invited': 'Invited a person',
  'invitation.revoked': 'Took an invitation back',
  'member.joined': 'Joined',
  'member.roles-changed': 'Changed roles',
  'member.removed': 'Removed a person',
  'group-rule.made': 'Made a rule for groups',
  'group-rule.removed': 'Removed a rule for groups',
  'login.failed': 'Failed to sign in',
  'token.created': 'Made an access token',
  'token.revoked': 'Revoked an access token',
  'study.created': 'Created a study',
  'study.changed': 'Changed a study',
  'study.published': 'Published a version',
  'study.state-changed': 'Changed a study’s state',
  'study.deleted': 'Deleted a study',
  'study.exported': 'Exported a study',
  'study.shared': 'Gave rights on a study',
  'study.unshared': 'Took rights on a study',
  'link.created': 'Made a link',
  'link.revoked': 'Revoked a link',
  'run.opened': 'Opened a run',
  'run.withdrawn': 'Withdrew a run',
  'dataset.created': 'Registered a dataset',
  'dataset.changed': 'Changed a dataset or its policy',
  'dataset.read': 'Had a dataset’s files read',
  'dataset.published': 'Published a dataset',
  'dataset.retired': 'Retired a dataset',
  'dataset.made-from-study': 'Made a study’s results available for analysis',
  'budget.raised': 'Changed a privacy budget',
  'budget.charged': 'Charged a privacy budget',
  'job.asked': 'Asked a dataset',
  'job.approved': 'Approved an analysis',
  'job.approval-refused': 'Refused an analysis',
  'job.cancelled': 'Stopped an analysis',
  'job.released': 'Released a result',
  'job.blocked': 'Blocked a result',
  'job.failed': 'An analysis failed',
  'job.held': 'Held an output for checking',
  'job.inspected': 'Inspected an analysis',
  'job.voted': 'Voted on an output',
  'pipeline.published': 'Published a pipeline',
  'pipeline.archived': 'Put a pipeline away or took it out again',
  'experiment.created': 'Set up an experiment',
  'experiment.changed': 'Changed or shared an experiment',
  'experiment.deleted': 'Removed an experiment',
  'pipeline-run.started': 'Started a pipeline run',
  'pipeline-run.ended': 'A pipeline run ended',
  'synthesis.begun': 'Began a synthetic table',
  'synthesis.confirmed': 'Confirmed a plan for synthetic data',
  'synthesis.made': 'Made synthetic data',
  'synthesis.evaluated': 'Evaluated synthetic data',
  'synthesis.changed': 'Changed or shared synthetic data',
  'synthesis.downloaded': 'Downloaded synthetic data',
}

const labels: Record<string, string> = { contentHash: 'content', madeBy: 'made in', kid: 'key', assets: 'files' }
const person = new Set(['person', 'admin'])

/** What was noted with an act, as text: people and studies by name, long hashes cut, times as days. */
export function detailWords(detail: Record<string, string | number | boolean | string[]>, names: Names): string {
  const say = (key: string, value: string | number | boolean | string[]): string => {
    if (Array.isArray(value)) return value.join(', ') || 'none'
    const text = String(value)
    if (person.has(key)) return names.person(text)
    if (key === 'study') return names.study(text) ?? text
    if (/^[0-9a-f]{64}$/.test(text)) return `${text.slice(0, 12)}…`
    return /^\d{4}-\d\d-\d\dT/.test(text) ? text.slice(0, 10) : text
  }
  return Object.entries(detail)
    .map(([k, v]) => `${labels[k] ?? k}: ${say(k, v)}`)
    .join(' · ')
}
