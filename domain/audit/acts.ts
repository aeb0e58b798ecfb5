/** Every act that is written to the chain. */
export const acts = [
  'organisation.created', 'organisation.renamed',
  'member.invited', 'invitation.revoked', 'member.joined', 'member.roles-changed', 'member.removed',
  'login.failed', 'token.created', 'token.revoked',
  'study.created', 'study.changed', 'study.published', 'study.state-changed', 'study.deleted', 'study.exported', 'study.shared', 'study.unshared',
  'link.created', 'link.revoked',
  'run.opened', 'run.withdrawn',
  'dataset.created', 'dataset.changed', 'dataset.read', 'dataset.published', 'dataset.retired', 'dataset.made-from-study', 'budget.raised',
  'job.asked', 'job.approved', 'job.approval-refused', 'job.cancelled', 'job.released', 'job.blocked', 'job.failed', 'job.held', 'job.inspected', 'job.voted', 'budget.charged',
  'pipeline.published', 'pipeline.archived', 'experiment.created', 'experiment.changed', 'experiment.deleted', 'pipeline-run.started', 'pipeline-run.ended',
  'synthesis.begun', 'synthesis.confirmed', 'synthesis.made', 'synthesis.evaluated', 'synthesis.changed', 'synthesis.downloaded',
] as const
export type Act = (typeof acts)[number]
