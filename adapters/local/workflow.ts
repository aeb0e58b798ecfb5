/**
 * Jobs on the embedded engine of the Amazon States Language, in this process: the same definition as in AWS, its
 * resources mapped to functions.
 */
import { ExecutionAbortedError, StateMachine } from 'aws-local-stepfunctions'
import { executionName, type Workflow } from '../../ports/workflow.ts'

/**
 * What stands for a resource: the state's input, and a signal that the execution was stopped. Errors are matched by
 * their name, as in AWS.
 */
export type Task = (input: unknown, stopped: AbortSignal) => Promise<unknown>

export interface LocalWorkflowOptions {
  /** The definition as text, with `${Placeholder}`s where CDK puts ARNs. */
  definition: string
  /** By resource as it stands in the definition: `${PrepareArn}`. */
  tasks: Readonly<Record<string, Task>>
  /** Told when an execution ends by itself; `error` is the name of what it failed with. */
  ended?: (name: string, error: string | undefined) => void
  /** Milliseconds between retries instead of the definition's: for tests. */
  retryMilliseconds?: number
}
export interface LocalWorkflow extends Workflow {
  /** Stops everything and waits until no task is at work, at most `milliseconds`. */
  close(milliseconds: number): Promise<void>
}

interface State {
  Type: string
  Resource?: string
  Retry?: unknown
}
interface Definition {
  States: Record<string, State>
}

/** A resource that nothing was mapped to. Without this the engine would call AWS. */
export class Unmapped extends Error {
  override name = 'Unmapped'
}

class Stopped extends Error {
  override name = 'Stopped'
}

const arnOf = (placeholder: string): string =>
  placeholder.startsWith('${')
    ? `arn:aws:lambda:us-east-1:000000000000:function:${placeholder.slice(2, -1)}`
    : placeholder

/** The workflow. Throws `Unmapped` when a state names a resource that `tasks` does not have. */
export function localWorkflow({ definition, tasks, ended, retryMilliseconds }: LocalWorkflowOptions): LocalWorkflow {
  const parsed = JSON.parse(definition) as Definition
  const states = Object.entries(parsed.States).filter(([, s]) => s.Type === 'Task')
  const other = Object.entries(parsed.States).find(([, s]) => ['Parallel', 'Map'].includes(s.Type))
  if (other) throw new Unmapped(`The state ${other[0]} holds states that are not mapped`)
  for (const [name, state] of states)
    if (!Object.hasOwn(tasks, state.Resource ?? ''))
      throw new Unmapped(`The state ${name} needs ${state.Resource ?? 'a resource'}, which this host does not have`)
  // Linted by a test: here that would cost every start half a second.
  const machine = new StateMachine(
    JSON.parse(
      JSON.stringify(parsed, (key, value: unknown) => (key === 'Resource' ? arnOf(value as string) : value)),
    ) as ConstructorParameters<typeof StateMachine>[0],
    { validationOptions: { noValidate: true } },
  )
  const running = new Map<string, { stop: AbortController; abort: () => void }>()
  const known = new Set<string>()
  const atWork = new Set<Promise<unknown>>()

  return {
    start(jobId, attempt) {
      const name = executionName(jobId, attempt)
      if (known.has(name)) return Promise.resolve()
      known.add(name)
      const stop = new AbortController()
      const handlers = Object.fromEntries(
        states.map(([state, definition]) => [
          state,
          (input: unknown) => {
            // The engine would go on retrying a task that fails after the stop.
            if (stop.signal.aborted) return Promise.reject(new Stopped('stopped'))
            const work = tasks[definition.Resource!]!(input, stop.signal)
            atWork.add(work)
            const settled = (): void => {
              atWork.delete(work)
            }
            work.then(settled, settled)
            return work as Promise<never>
          },
        ]),
      )
      const execution = machine.run(
        { jobId, attempt },
        {
          overrides: {
            taskResourceLocalHandlers: handlers,
            ...(retryMilliseconds === undefined
              ? {}
              : { retryIntervalOverrides: Object.fromEntries(states.map(([state]) => [state, retryMilliseconds])) }),
          },
        },
      )
      running.set(name, { stop, abort: execution.abort })
      const over = (error?: string): void => {
        if (running.delete(name)) ended?.(name, error)
      }
      execution.result.then(
        () => over(),
        (error: unknown) => {
          if (error instanceof ExecutionAbortedError) return
          // The engine wraps what a task threw; the text may hold anything, the name is a class's.
          const cause = (error as { cause?: unknown }).cause ?? error
          over(cause instanceof Error ? cause.name : 'Error')
        },
      )
      return Promise.resolve()
    },
    stop(jobId, attempt) {
      const name = executionName(jobId, attempt)
      const found = running.get(name)
      running.delete(name)
      found?.abort()
      found?.stop.abort()
      return Promise.resolve()
    },
    running: (jobId, attempt) => Promise.resolve(running.has(executionName(jobId, attempt))),
    async close(milliseconds) {
      for (const { abort, stop } of running.values()) {
        abort()
        stop.abort()
      }
      running.clear()
      let timer: NodeJS.Timeout | undefined
      await Promise.race([
        Promise.allSettled(atWork),
        new Promise((resolve) => {
          timer = setTimeout(resolve, milliseconds)
        }),
      ])
      clearTimeout(timer)
    },
  }
}
