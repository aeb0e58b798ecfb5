/**
 * What Step Functions is in AWS: the one definition, with the functions of this host for its resources.
 */
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { turnsOf } from '../adapters/local/turns.ts'
import { localWorkflow, type LocalWorkflow, type Task } from '../adapters/local/workflow.ts'
import { steps } from '../functions/all.ts'
import type { StepDeps } from '../functions/workflow/job-kind.ts'
import type { Doing } from './last-words.ts'
import type { Workflow } from '../ports/workflow.ts'

/**
 * Stands in for the workflow until it can be made: the functions that are its tasks need it, or something like it,
 * first.
 */
export function later(): { workflow: Workflow; is: (w: Workflow) => void } {
  let made: Workflow | undefined
  const now = (): Workflow => {
    if (!made) throw new Error('The workflow is not there yet')
    return made
  }
  return {
    workflow: {
      start: async (...a) => now().start(...a),
      stop: async (...a) => now().stop(...a),
      running: async (...a) => now().running(...a),
    },
    is: (started) => {
      made = started
    },
  }
}

const resources = {
  prepare: '${PrepareArn}',
  compute: '${ComputeArn}',
  query: '${QueryArn}',
  registration: '${RegistrationArn}',
  check: '${CheckArn}',
  settle: '${SettleArn}',
} as const

/** What reserved concurrency is in AWS: steps that need the engine wait before they begin, not in the middle of it. */
const stepsAtOnce = Math.max(2, availableParallelism())
const engineSteps: Partial<Record<keyof typeof resources, 'preparing' | 'computing'>> = {
  prepare: 'preparing',
  query: 'computing',
  registration: 'computing',
}

/** Makes the workflow of this host. A step that fails is logged by the name of its error alone. */
export async function createWorkflow(root: string, deps: StepDeps, doing: Doing): Promise<LocalWorkflow> {
  const tasks: Record<string, Task> = {}
  const places = { preparing: turnsOf(stepsAtOnce), computing: turnsOf(stepsAtOnce) }
  for (const [name, resource] of Object.entries(resources) as [keyof typeof resources, string][]) {
    const step = (await steps[name]())(deps)
    const of = engineSteps[name]
    tasks[resource] = async (input, stopped) => {
      const leave = of ? await places[of].enter() : () => {}
      const began = performance.now()
      const { jobId: job, attempt, act } = input as { jobId: string; attempt: number; act?: string }
      const over = doing(`step ${act ?? name}`)
      try {
        stopped.throwIfAborted()
        // As JSON both ways, as between Step Functions and Lambda.
        const answer = JSON.parse(JSON.stringify(await step(structuredClone(input) as never))) as unknown
        deps.log('step', { step: act ?? name, job, attempt, ms: Math.round(performance.now() - began) })
        return answer
      } catch (e) {
        deps.log('error', { at: name, job, attempt, error: e instanceof Error ? e.name : typeof e })
        throw e
      } finally {
        over()
        leave()
      }
    }
  }
  return localWorkflow({
    definition: await readFile(join(root, 'contracts/workflow.asl.json'), 'utf8'),
    tasks,
    ended: (execution, error) => {
      if (error !== undefined) deps.log('error', { at: 'workflow', execution, error })
    },
  })
}
