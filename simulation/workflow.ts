/**
 * Executions of contracts/workflow.asl.json: the states that it uses, with its retries and waits in simulated time. In
 * the mode `lambda` executions outlive every process, as those of Step Functions do, and each task is a process of its
 * own; in the mode `host` they live and die with the host.
 */
import { readFileSync } from 'node:fs'
import { executionName, type Workflow } from '../ports/workflow.ts'
import { atWork, Process } from './processes.ts'
import type { World } from './world.ts'

interface Retrier {
  ErrorEquals: string[]
  IntervalSeconds?: number
  MaxAttempts: number
  BackoffRate?: number
  MaxDelaySeconds?: number
}
interface Rule {
  And?: Rule[]
  Variable: string
  StringEquals?: string
  BooleanEquals?: boolean
  NumericEquals?: number
  IsPresent?: boolean
  Next: string
}
interface State {
  Type: 'Task' | 'Choice' | 'Wait'
  Resource?: string
  Parameters?: Record<string, string>
  ResultPath?: string | null
  Retry?: Retrier[]
  Catch?: { ErrorEquals: string[]; Next: string }[]
  Choices?: Rule[]
  Default?: string
  SecondsPath?: string
  Next?: string
  End?: boolean
}
const definition = JSON.parse(readFileSync(new URL('../contracts/workflow.asl.json', import.meta.url), 'utf8')) as {
  StartAt: string
  States: Record<string, State>
}

type Data = Record<string, unknown>
/** A task of the definition, by its resource: `${PrepareArn}`. */
export type Tasks = Readonly<Record<string, (input: never) => Promise<unknown>>>

const at = (data: Data, path: string): unknown =>
  path
    .slice(2)
    .split('.')
    .reduce<unknown>((value, name) => (value as Data | undefined)?.[name], data)

function holds(rule: Rule, data: Data): boolean {
  if (rule.And) return rule.And.every((one) => holds(one, data))
  const value = at(data, rule.Variable)
  if (rule.IsPresent !== undefined) return (value !== undefined) === rule.IsPresent
  if (rule.StringEquals !== undefined) return value === rule.StringEquals
  if (rule.BooleanEquals !== undefined) return value === rule.BooleanEquals
  return value === rule.NumericEquals
}

/** A function that died, as Step Functions names it. */
class ServiceException extends Error {
  override name = 'Lambda.ServiceException'
}
const named = (names: readonly string[], error: Error): boolean =>
  names.includes('States.ALL') ||
  names.includes(error.name) ||
  (names.includes('States.TaskFailed') && error.name !== 'States.Timeout')

interface Execution {
  name: string
  stopped: boolean
  /** Of a host: ends with it. */
  process: Process | undefined
}

/** The workflow of a world. */
export class Executions {
  readonly #world: World
  readonly #tasks: Tasks
  readonly #known = new Set<string>()
  readonly #running = new Map<string, Execution>()
  /** How often each was begun: a start meets faults of its own. */
  readonly #starts = new Map<string, number>()

  constructor(world: World, tasks: Tasks) {
    this.#world = world
    this.#tasks = tasks
  }

  /** As handlers reach it. */
  readonly port: Workflow = {
    start: (jobId, attempt) =>
      this.#world.call(`start ${executionName(jobId, attempt)}`, () => this.#start(jobId, attempt)),
    stop: (jobId, attempt) =>
      this.#world.call(`stop ${executionName(jobId, attempt)}`, () => {
        const found = this.#running.get(executionName(jobId, attempt))
        if (found) found.stopped = true
        this.#running.delete(executionName(jobId, attempt))
      }),
    running: (jobId, attempt) =>
      this.#world.call(`running ${executionName(jobId, attempt)}`, () =>
        this.#running.has(executionName(jobId, attempt)),
      ),
  }

  /** A host began anew: it knows nothing of what an earlier one had at work. */
  forget(): void {
    this.#known.clear()
    this.#running.clear()
  }

  get atWork(): number {
    return this.#running.size
  }

  #start(jobId: string, attempt: number): void {
    const name = executionName(jobId, attempt)
    if (this.#known.has(name)) return
    const process = this.#world.mode === 'host' ? atWork().process : undefined
    // What a host has begun ends with it, also what it was about to begin.
    if (process?.alive === false) return
    this.#known.add(name)
    const starts = (this.#starts.get(name) ?? 0) + 1
    this.#starts.set(name, starts)
    const execution: Execution = { name: starts > 1 ? `${name} again ${starts}` : name, stopped: false, process }
    this.#running.set(name, execution)
    const owner = process ?? new Process(this.#world, `execution ${name}`)
    void this.#world
      .task(owner, name, () => this.#walk(execution, { jobId, attempt }))
      .catch(() => this.#world.time.note(`${name} fails`))
      .finally(() => {
        if (this.#running.get(name) === execution) this.#running.delete(name)
      })
  }

  async #walk(execution: Execution, data: Data): Promise<void> {
    let name = definition.StartAt
    for (let steps = 0; steps < 3000 && !execution.stopped; steps++) {
      const state = definition.States[name]!
      let next = state.Next
      if (state.Type === 'Choice') next = state.Choices!.find((rule) => holds(rule, data))?.Next ?? state.Default!
      else if (state.Type === 'Wait') await this.#world.pause(Number(at(data, state.SecondsPath!)) * 1000)
      else next = await this.#attempt(execution, name, state, data)
      if (next === undefined) return
      name = next
    }
  }

  /** A task with its retries; answers the state that follows. */
  async #attempt(execution: Execution, name: string, state: State, data: Data): Promise<string | undefined> {
    const tried = new Map<Retrier, number>()
    for (;;) {
      if (execution.stopped) return undefined
      try {
        const result = await this.#invoke(
          execution,
          name,
          state,
          data,
          [...tried.values()].reduce((a, b) => a + b, 0),
        )
        if (state.ResultPath === undefined) for (const key of Object.keys(data)) delete data[key]
        if (state.ResultPath !== null) Object.assign(state.ResultPath ? within(data, state.ResultPath) : data, result)
        return state.Next
      } catch (e) {
        const error = e as Error
        const retrier = state.Retry?.find((one) => named(one.ErrorEquals, error))
        const before = retrier ? (tried.get(retrier) ?? 0) : 0
        if (retrier && before < retrier.MaxAttempts) {
          tried.set(retrier, before + 1)
          const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity } = retrier
          await this.#world.pause(Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** before) * 1000)
          continue
        }
        const caught = state.Catch?.find((one) => named(one.ErrorEquals, error))
        if (!caught) throw error
        return caught.Next
      }
    }
  }

  #invoke(execution: Execution, name: string, state: State, data: Data, tries: number): Promise<object> {
    const input = Object.fromEntries(
      Object.entries(state.Parameters ?? {}).map(([key, value]) =>
        key.endsWith('.$') ? [key.slice(0, -2), at(data, value)] : [key, value],
      ),
    )
    const process = execution.process ?? new Process(this.#world, `${execution.name} ${name}`)
    return new Promise((resolve, reject) => {
      if (!execution.process) process.onDeath.push(() => reject(new ServiceException('died')))
      this.#world
        .task(
          process,
          `${execution.name} ${name} ${tries}`,
          async () =>
            JSON.parse(JSON.stringify(await this.#tasks[state.Resource!]!(structuredClone(input) as never))) as object,
        )
        .then(resolve, reject)
    })
  }
}

function within(data: Data, path: string): Data {
  const name = path.slice(2)
  data[name] = {}
  return data[name] as Data
}
