/** Checkers' votes on a held output: blinded until one's own is in, counted whenever one arrives. */
import type { JobProblem } from '../../domain/release/job-codes.ts'
import { votesNeeded } from '../../domain/jobs/life.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type JobItem, keyOf, type VoteItem } from '../kernel/items.ts'
import { releaseRun } from '../pipelines/confidential.ts'
import type { RunJob } from '../pipelines/view.ts'
import { end } from '../workflow/end-job.ts'
import { JobMovedOn } from '../workflow/job-item.ts'
import { settleJob } from '../workflow/settle.ts'
import { keptDecision, release } from './decision.ts'

export async function votesOn(deps: Pick<Deps, 'table'>, jobId: string): Promise<Item<VoteItem>[]> {
  const votes: Item<VoteItem>[] = []
  for await (const vote of queryAll<VoteItem>(deps.table, keyOf.job(jobId).pk, { prefix: 'VOTE#' })) votes.push(vote)
  return votes.sort((a, b) => (a.at < b.at ? -1 : 1))
}

/** Puts a vote in, or in the place of the same person's earlier one. */
export async function putVote(deps: Pick<Deps, 'table'>, vote: VoteItem): Promise<void> {
  const before = await deps.table.get<VoteItem>(keyOf.vote(vote.jobId, vote.userId))
  const item = { ...keyOf.vote(vote.jobId, vote.userId), ...vote }
  await (before ? deps.table.replace(item, before.rev!) : deps.table.create(item))
}

/**
 * Ends the held job when enough votes agree. Two checkers may vote at the same moment: whoever counts later sees both,
 * and of two ends one wins. The watch calls it as well, for a crash between a vote and what it decided.
 */
export async function conclude(
  deps: Deps,
  job: Item<JobItem>,
  votes: readonly VoteItem[],
  by: 'step' | 'request',
): Promise<void> {
  const approvals = votes.filter((v) => v.vote === 'approve').length
  const rejections = votes.filter((v) => v.vote === 'reject').length
  const refused: JobProblem = { code: 'checkers-refused', step: 'check' }
  try {
    if (rejections >= votesNeeded) await end(deps, job, refused, { by })
    else if (approvals >= votesNeeded)
      await settleJob(
        deps,
        job.outcome === 'succeeded'
          ? job
          : await (job.run
              ? releaseRun(deps, job as Item<RunJob>, (await keptDecision(deps, job))!, approvals)
              : release(deps, job, (await keptDecision(deps, job))!, approvals)),
        by,
      )
  } catch (e) {
    if (!(e instanceof JobMovedOn)) throw e
  }
}
