/** Checkers' votes on a held output: blinded until one's own is in, counted whenever one arrives. */
import { votesNeeded } from '../../domain/jobs/life.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type JobItem, keyOf, type VoteItem } from '../kernel/items.ts'
import { end } from '../workflow/end-job.ts'
import { JobMovedOn } from '../workflow/job-item.ts'
import { settleJob } from '../workflow/settle.ts'
import { type Decision, keptDecision } from './decision.ts'
import type { EndedBy, WorkflowDeps } from '../workflow/job-kind.ts'

/** Votes on a held output, oldest first. */
export async function votesOn(deps: Pick<Deps, 'table'>, jobId: string): Promise<Item<VoteItem>[]> {
  const votes: Item<VoteItem>[] = []
  for await (const vote of queryAll<VoteItem>(deps.table, keyOf.vote.partition(jobId), { prefix: keyOf.vote.prefix() }))
    votes.push(vote)
  return votes.sort((a, b) => (a.at < b.at ? -1 : 1))
}

/** Puts a vote in, or in the place of the same person's earlier one. */
export async function putVote(deps: Pick<Deps, 'table'>, vote: VoteItem): Promise<void> {
  const before = await deps.table.get<VoteItem>(keyOf.vote(vote.jobId, vote.userId))
  const item = { ...keyOf.vote(vote.jobId, vote.userId), ...vote }
  await (before ? deps.table.replace(item, before.rev!) : deps.table.create(item))
}

/**
 * Ends the held job when enough votes agree; `release` lets its kept decision out. Two checkers may vote at the same
 * moment: whoever counts later sees both, and of two ends one wins. The watch calls it as well, for a crash between a
 * vote and what it decided.
 */
export async function conclude(
  deps: WorkflowDeps,
  job: Item<JobItem>,
  by: EndedBy,
  release: (decision: Decision, approvals: number) => Promise<Item<JobItem>>,
): Promise<void> {
  const votes = await votesOn(deps, job.jobId)
  const approvals = votes.filter((v) => v.vote === 'approve').length
  const rejections = votes.filter((v) => v.vote === 'reject').length
  try {
    if (rejections >= votesNeeded) await end(deps, job, { code: 'checkers-refused', step: 'check' }, { by })
    else if (approvals >= votesNeeded) {
      const released = job.outcome === 'succeeded' ? job : await release((await keptDecision(deps, job))!, approvals)
      await settleJob(deps, released, by)
    }
  } catch (e) {
    if (!(e instanceof JobMovedOn)) throw e
  }
}
