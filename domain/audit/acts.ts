/** Every act that is written to the chain. */
export const acts = [
  'organisation.created', 'organisation.renamed',
  'member.invited', 'invitation.revoked', 'member.joined', 'member.roles-changed', 'member.removed',
  'login.failed', 'token.created', 'token.revoked',
  'study.created', 'study.changed', 'study.published', 'study.state-changed', 'study.deleted', 'study.exported', 'study.shared', 'study.unshared',
  'link.created', 'link.revoked',
  'run.opened', 'run.withdrawn',
] as const
export type Act = (typeof acts)[number]
