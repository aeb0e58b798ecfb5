/** How large a container a job gets, and for how long: the sizes that Fargate has, the smallest that fits. */
import { leaveOutBlocks, type Limits, type Plan } from './manifest.ts'

/**
 * vCPUs and the memory (MB) that may go with them: from, to, step.
 * https://docs.aws.amazon.com/batch/latest/userguide/fargate.html
 */
const sizes: readonly { cpus: number; from: number; to: number; step: number }[] = [
  { cpus: 1, from: 2048, to: 8192, step: 1024 },
  { cpus: 2, from: 4096, to: 16_384, step: 1024 },
  { cpus: 4, from: 8192, to: 30_720, step: 1024 },
  { cpus: 8, from: 16_384, to: 61_440, step: 4096 },
  { cpus: 16, from: 32_768, to: 122_880, step: 8192 },
]
/** What the runner itself needs beside the code it runs, in MB: it holds inputs and outputs of one run at a time. */
const runnerMb = 512
/** Seconds for fetching inputs, cutting them and sending the report. */
const runnerSeconds = 120

/**
 * What the workflow hands to Batch. `share` keeps one person's jobs from filling the queue: letters and digits only.
 */
export interface Container {
  seconds: number
  memoryMb: number
  cpus: number
  share: string
}

/**
 * How often a plan runs the code at most: where the run on all fails, the runs without each block are compared with it.
 */
export function runsOf(plan: Plan): number {
  switch (plan.kind) {
    case 'whole':
      return 1 + leaveOutBlocks
    case 'leave-out':
      return 1 + plan.blocks
    case 'blocks':
      return plan.blocks
  }
}

/**
 * The container for a job of a person (`userId`): time for all its runs one after the other, room for one run and the
 * runner.
 */
export function containerFor(limits: Limits, plan: Plan, userId: string): Container {
  const each = plan.kind === 'blocks' ? plan.slotSeconds : limits.seconds
  return containerOf({ ...limits, seconds: runsOf(plan) * each }, userId)
}

/** The smallest container with room for what is asked and for the runner; the largest one when there is none. */
export function containerOf(
  { seconds, memoryMb: asked, cpus }: { seconds: number; memoryMb: number; cpus: number },
  userId: string,
): Container {
  const memory = asked + runnerMb
  const size = sizes.find((candidate) => candidate.cpus >= cpus && memory <= candidate.to) ?? sizes.at(-1)!
  const inSteps = size.from + Math.ceil((memory - size.from) / size.step) * size.step
  return {
    seconds: runnerSeconds + seconds,
    memoryMb: Math.min(size.to, Math.max(size.from, inSteps)),
    cpus: size.cpus,
    share: userId.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 200) || 'nobody',
  }
}
