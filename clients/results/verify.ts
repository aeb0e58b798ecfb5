/** Whether a run's sealed records are all there and are the ones that the participant's page made. */
import { coverage, recordHash, runHash, type SealedRecord } from '../../domain/runs/records.ts'
import type { Finding } from './model.ts'

/** A sealed record with its number in its run, from 1. */
export interface Numbered extends SealedRecord {
  seq: number
}

/** Numbers from 1 to `last` that are not in `seqs`, as ranges, both ends included. */
export function gaps(seqs: readonly number[], last: number): [first: number, last: number][] {
  const out: [number, number][] = []
  let next = 1
  for (const seq of [...new Set(seqs)].sort((a, b) => a - b)) {
    if (seq > last) break
    if (seq > next) out.push([next, seq - 1])
    next = seq + 1
  }
  return next <= last ? [...out, [next, last]] : out
}

const several = (first: number, last: number): string =>
  first === last ? `Record ${first}` : `Records ${first} to ${last}`

/**
 * What is wrong with a run's sealed records, before anything is opened: gaps, a hash that does not match the end, no
 * end, records after it. Nothing is thrown: what is wrong is a finding.
 */
export async function verifySealed(records: readonly Numbered[]): Promise<Finding[]> {
  const end = records.find((r) => r.op === 'end' && r.end)
  const highest = coverage(records.map((r) => [r.seq, r.seq])).highest
  const last = end?.seq ?? highest
  const findings: Finding[] = gaps(
    records.map((r) => r.seq),
    last,
  ).map(([seq, through]) => ({ kind: 'gap', seq, through, message: `${several(seq, through)} never arrived.` }))
  for (const { seq } of records)
    if (seq > last) findings.push({ kind: 'after-end', seq, message: `Record ${seq} comes after the end of the run.` })
  if (!end?.end)
    return [
      ...findings,
      {
        kind: 'unfinished',
        message: highest === 0 ? 'Nothing has arrived.' : `The run has no end yet; ${highest} records so far.`,
      },
    ]
  if (end.end.last !== end.seq)
    findings.push({
      kind: 'altered',
      seq: end.seq,
      message: `The end says it is record ${end.end.last}, but is stored as ${end.seq}.`,
    })
  if (findings.some((f) => f.kind === 'gap')) return findings
  const before = records.filter((r) => r.seq < end.seq).sort((a, b) => a.seq - b.seq)
  if ((await runHash(await Promise.all(before.map(recordHash)))) !== end.end.hash) {
    findings.push({
      kind: 'altered',
      message:
        'The records do not match the hash that the participant’s page sent at the end: at least one is not what was sent.',
    })
  }
  return findings
}
