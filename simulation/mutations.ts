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

export const mutations: Readonly<Record<string, { what: string; patches: readonly Mutation[] }>> = {
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
