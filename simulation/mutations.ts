/**
 * Faults that the platform once had, or nearly, as changes of its source: each is put back for a thread's life, and
 * the histories must find it.
 */

/** Texts of one file, and what stands in their place. */
export interface Mutation {
  file: string
  changes: readonly (readonly [from: string, to: string])[]
}

const memberByKey = `const member = await deps.table.get<MemberItem>(keyOf.member(organisationId, caller.userId))`
const memberByIndex = `const place = [\`USER#\${caller.userId}\`, { index: true, prefix: \`ORG#\${organisationId}\` }]
  const shown = await deps.table.query(...place).catch(async () => ({
    items: [await deps.table.get(keyOf.member(organisationId, caller.userId))],
  }))
  const member = shown.items[0]`

const placesTaken = `if (!(await takePlaces(deps, { userId: caller.userId, line: 'questions', most: mostQuestions }, [jobId])))`
const placesCounted = `const shown = { index: true, prefix: \`\${caller.userId}#\`, limit: mostQuestions, attributes: [] }
  const live = await deps.table.query('JOB#LIVE', shown)
  if (live.items.length >= mostQuestions)`

export const mutations: Readonly<Record<string, { what: string; patches: readonly Mutation[] }>> = {
  'clock-difference': {
    what: 'counters are brought up to date by the difference of two clocks, and nothing plans the last count',
    patches: [
      {
        file: 'domain/runs/life.ts',
        changes: [['Math.abs(now.getTime() - Date.parse(counted)) >', 'now.getTime() - Date.parse(counted) >']],
      },
      {
        file: 'functions/runs/end-run.ts',
        changes: [['now.getTime() + lookAfterSeconds * 1000', 'now.getTime() + 60 * lookAfterSeconds * 1000']],
      },
    ],
  },
  'check-then-act': {
    what: 'live jobs are counted in the index before another one is made',
    patches: [{ file: 'functions/jobs/asking.ts', changes: [[placesTaken, placesCounted]] }],
  },
  'finish-that-strands': {
    what: 'a job that is over leaves the watch before what follows from its end is done',
    patches: [
      {
        file: 'functions/workflow/end-job.ts',
        changes: [
          [
            '  await settleCharge(deps, job)\n',
            '  await deps.table.remove(keyOf.jobLive(job.jobId))\n  await settleCharge(deps, job)\n',
          ],
        ],
      },
    ],
  },
  'stale-index': {
    what: 'a membership is looked up in the index, which shows it for a while after it has ended',
    patches: [{ file: 'functions/kernel/resources.ts', changes: [[memberByKey, memberByIndex]] }],
  },
}
