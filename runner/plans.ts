/** Who is in which run: subjects are cut into disjoint blocks by a secret key, the same way each time. */
import { createHmac } from 'node:crypto'
import { leaveOutBlocks, type Plan } from '../domain/jobs/manifest.ts'

/** One run of the code, and the blocks whose subjects it is given. */
export interface RunPlan {
  run: 'all' | number
  blocks: 'every' | { without: number } | { only: number }
}

/** The runs a plan asks for, in order; the whole cohort first. */
export function runsOf(plan: Plan): RunPlan[] {
  const each = (blocks: number): number[] => Array.from({ length: blocks }, (_, i) => i)
  const all: RunPlan = { run: 'all', blocks: 'every' }
  if (plan.kind === 'whole') return [all]
  if (plan.kind === 'leave-out')
    return [all, ...each(plan.blocks).map((b): RunPlan => ({ run: b, blocks: { without: b } }))]
  return each(plan.blocks).map((b): RunPlan => ({ run: b, blocks: { only: b } }))
}

/** What a plan of one run becomes when that run fails. */
export const whenFailed = { kind: 'leave-out', blocks: leaveOutBlocks } as const satisfies Plan

/** Runs whose times differ by more than this (seconds, and a share of the shortest) did not do the same. */
const alike = { seconds: 1, share: 0.5 }
/**
 * Seconds after its start at which a plan's end may be seen: `elapsed`, or later. Time is an output like any other:
 * where the runs without each block took about as long as each other, it does not hang on a few people. Where they did
 * not, or there is nothing to compare, all that can be seen of it is a power of two; of a plan that was `over` before
 * its last run, how many time limits (`most` seconds each) it took.
 */
export function paceOf(plan: Plan, took: readonly number[], elapsed: number, most: number, over: boolean): number {
  if (over) return Math.ceil(elapsed / most - 0.1) * most
  const shortest = Math.min(...took)
  if (plan.kind === 'leave-out' && Math.max(...took) - shortest <= alike.seconds + alike.share * shortest)
    return elapsed
  return Math.min(2 ** Math.max(0, Math.ceil(Math.log2(elapsed))), runsOf(plan).length * most)
}

export function inRun({ blocks }: RunPlan, block: number): boolean {
  if (blocks === 'every') return true
  return 'only' in blocks ? blocks.only === block : blocks.without !== block
}

const mac = (key: Buffer, subject: string): Buffer => createHmac('sha256', key).update(subject, 'utf8').digest()

/**
 * The block (0 to blocks - 1) of each subject.
 *
 * `balanced` sorts subjects by their HMAC and cuts evenly: sizes differ by at most one, which is what agreement between
 * leave-out runs needs. `independent` takes the HMAC modulo the number of blocks: a subject's block then depends on
 * nobody else, so that adding or removing one person changes exactly one block. Sample-and-aggregate (Nissim,
 * Raskhodnikova, Smith 2007) needs that: an even cut would shift every block's boundary.
 */
export function partition(
  subjects: Iterable<string>,
  blocks: number,
  keyHex: string,
  how: 'balanced' | 'independent',
): Map<string, number> {
  if (!Number.isSafeInteger(blocks) || blocks < 1) throw new RangeError('a plan has at least one block')
  const key = Buffer.from(keyHex, 'hex')
  if (key.length !== 32) throw new RangeError('partitionKey is 32 bytes as hex')
  const macs = [...new Set(subjects)].map((subject) => ({ subject, mac: mac(key, subject) }))
  // 48 of 256 bits modulo a few hundred: the bias is below 1e-11.
  if (how === 'independent') return new Map(macs.map((m) => [m.subject, m.mac.readUIntBE(0, 6) % blocks]))
  macs.sort((a, b) => Buffer.compare(a.mac, b.mac))
  return new Map(macs.map((m, rank) => [m.subject, Math.floor((rank * blocks) / macs.length)]))
}

/** How a plan cuts. */
export const cutOf = (plan: Plan): 'balanced' | 'independent' => (plan.kind === 'blocks' ? 'independent' : 'balanced')
