import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { workflowContract } from '../../ports/workflow.contract.ts'
import { type LocalWorkflow, localWorkflow, type Task, Unmapped } from './workflow.ts'
import { eventually } from '../../test/eventually.ts'

const definition = readFileSync(fileURLToPath(new URL('../../contracts/workflow.asl.json', import.meta.url)), 'utf8')
// It has no declarations.
const require = createRequire(import.meta.url)
const lint = require('asl-validator') as (
  definition: unknown,
  options: { checkArn: boolean; checkPaths: boolean },
) => { isValid: boolean; errors: unknown[] }
class JobOver extends Error {
  override name = 'JobOver'
}

workflowContract('embedded engine', () => {
  const held = new Map<string, { promise: Promise<void>; resolve: () => void }>()
  const started: string[] = []
  const stopped: string[] = []
  const none: Task = () => Promise.resolve({})
  const prepare: Task = async (input, signal) => {
    const { jobId, attempt } = input as { jobId: string; attempt: number }
    started.push(jobId)
    signal.addEventListener('abort', () => stopped.push(jobId))
    await held.get(jobId)?.promise
    return { jobId, attempt, compute: 'none' }
  }
  const workflow = localWorkflow({
    definition,
    tasks: {
      '${PrepareArn}': prepare,
      '${QueryArn}': none,
      '${RegistrationArn}': none,
      '${CheckArn}': none,
      '${SettleArn}': none,
      '${ComputeArn}': none,
    },
  })
  return Promise.resolve({
    workflow,
    close: () => workflow.close(100),
    hold: (jobId) => {
      held.set(jobId, Promise.withResolvers<void>())
    },
    release: (jobId) => held.get(jobId)!.resolve(),
    started: (jobId) => started.filter((j) => j === jobId).length,
    stopped: (jobId) => stopped.filter((j) => j === jobId).length,
  })
})

describe('the one definition', () => {
  const names = ['prepare', 'compute', 'query', 'registration', 'check', 'settle'] as const
  type Step = (typeof names)[number]
  /** The acts of `compute` are told apart. */
  type Name = Exclude<Step, 'compute'> | 'submit' | 'look' | 'stop'
  const resourceOf = (name: Step): string => `\${${name[0]!.toUpperCase()}${name.slice(1)}Arn}`
  const open: LocalWorkflow[] = []
  afterEach(async () => {
    for (const workflow of open.splice(0)) await workflow.close(100)
  })

  /** Runs one job to its end and answers which tasks ran, in order, with what they got. */
  async function walk(
    act: Partial<Record<Name, Task>>,
    edit: (d: string) => string = (d) => d,
  ): Promise<{ ran: Name[]; inputs: Partial<Record<Name, unknown>>; error: string | undefined }> {
    const ran: Name[] = []
    const inputs: Partial<Record<Name, unknown>> = {}
    const over = Promise.withResolvers<string | undefined>()
    const task =
      (step: Step): Task =>
      (input, signal) => {
        const name = step === 'compute' ? (input as { act: 'submit' | 'look' | 'stop' }).act : step
        ran.push(name)
        inputs[name] = input
        return (act[name] ?? (() => Promise.resolve({ odd: 'result' })))(input, signal)
      }
    const workflow = localWorkflow({
      definition: edit(definition),
      tasks: Object.fromEntries(names.map((n) => [resourceOf(n), task(n)])),
      retryMilliseconds: 0,
      ended: (_, error) => over.resolve(error),
    })
    open.push(workflow)
    await workflow.start('job_a', 2)
    return { error: await over.promise, ran, inputs }
  }
  const prepared =
    (compute: string, more: object = {}): Task =>
    (input) =>
      Promise.resolve({ ...(input as object), compute, ...more })
  const fails =
    (failure: Error): Task =>
    () =>
      Promise.reject(failure)
  const container = { manifest: 'http://signed/manifest', seconds: 300, memoryMb: 3072, cpus: 1, share: 'ada' }

  it.each(['query', 'registration'] as const)(
    'walks prepare, %s, check, settle; each gets job and attempt and nothing else',
    async (compute) => {
      const { ran, inputs, error } = await walk({ prepare: prepared(compute) })
      expect(error).toBeUndefined()
      expect(ran).toEqual(['prepare', compute, 'check', 'settle'])
      for (const name of ran) expect(inputs[name]).toEqual({ jobId: 'job_a', attempt: 2 })
    },
  )
  const submitted = { handle: 'one', at: '2026-03-02T09:00:00.000Z', until: '2026-03-02T13:00:00.000Z' }
  /** A container whose looks answer these, one after the other: seconds to wait, or `over`. */
  function looks(...answers: (number | 'over')[]): Partial<Record<Name, Task>> {
    const answer = (wait: number | 'over') =>
      Promise.resolve({ over: wait === 'over', wait: wait === 'over' ? 0 : wait, submitted })
    return { submit: () => answer(0), look: () => answer(answers.shift()!) }
  }
  it.each(['container', 'pipeline'])('submits a %s once, and looks at it until it is over', async (compute) => {
    const { ran, inputs, error } = await walk({
      prepare: prepared(compute, { container }),
      ...looks(0, 1, 0, 'over'),
    })
    expect(error).toBeUndefined()
    expect(ran).toEqual(['prepare', 'submit', 'look', 'look', 'look', 'look', 'check', 'settle'])
    const job = { jobId: 'job_a', attempt: 2 }
    expect(inputs.submit).toEqual({ act: 'submit', ...job, compute, container })
    expect(inputs.look).toEqual({ act: 'look', ...job, submitted })
    expect([inputs.check, inputs.settle]).toEqual([job, job])
  })
  it('waits as long as a look says, and not at all when it says nothing', async () => {
    const began = performance.now()
    await walk({ prepare: prepared('container', { container }), ...looks(0, 0, 0, 'over') })
    expect(performance.now() - began).toBeLessThan(900)
    const again = performance.now()
    await walk({ prepare: prepared('container', { container }), ...looks(1, 'over') })
    expect(performance.now() - again).toBeGreaterThan(990)
  })
  it('looks at nothing when there is nothing to wait for after the submission', async () => {
    const submit: Task = () => Promise.resolve({ over: true, wait: 0, submitted })
    expect((await walk({ prepare: prepared('container', { container }), submit })).ran).toEqual([
      'prepare',
      'submit',
      'check',
      'settle',
    ])
  })
  it('stops a container that it cannot submit or look at, and checks all the same', async () => {
    const broken = fails(new TypeError('quotes 42'))
    const refused = fails(Object.assign(new Error('too large'), { name: 'ContainerRefused' }))
    const many = (name: Name, n: number): Name[] => Array.from({ length: n }, () => name)
    const prepare = prepared('container', { container })
    const rest: Name[] = ['check', 'settle']
    expect((await walk({ prepare, submit: broken })).ran).toEqual(['prepare', ...many('submit', 6), 'stop', ...rest])
    expect((await walk({ prepare, submit: refused })).ran).toEqual(['prepare', 'submit', 'stop', ...rest])
    const lost = await walk({ prepare, ...looks(), look: broken })
    expect(lost.ran).toEqual(['prepare', 'submit', ...many('look', 11), 'stop', ...rest])
    expect(lost.inputs.stop).toEqual({ act: 'stop', jobId: 'job_a', attempt: 2 })
    expect((await walk({ prepare, submit: refused, stop: broken })).ran).toEqual([
      'prepare',
      'submit',
      ...many('stop', 6),
      ...rest,
    ])
  })
  it.each(['none', 'something new'])('computes nothing for %s', async (compute) =>
    expect((await walk({ prepare: prepared(compute) })).ran).toEqual(['prepare', 'settle']),
  )
  it.each(['container', 'pipeline'])('computes nothing for a %s without its manifest', async (compute) =>
    expect((await walk({ prepare: prepared(compute) })).ran).toEqual(['prepare', 'settle']),
  )

  it('retries a step that failed, and goes on when it then works', async () => {
    let left = 1
    const flaky: Task = (input) =>
      left-- > 0 ? Promise.reject(new Error('once')) : Promise.resolve({ ...(input as object), compute: 'query' })
    expect((await walk({ prepare: flaky })).ran).toEqual(['prepare', 'prepare', 'query', 'check', 'settle'])
  })
  it('settles whatever fails, for good, on the way', async () => {
    const broken = fails(new TypeError('quotes 42'))
    expect((await walk({ prepare: broken })).ran).toEqual(['prepare', 'prepare', 'prepare', 'settle'])
    expect((await walk({ prepare: prepared('query'), query: broken })).ran).toEqual([
      'prepare',
      'query',
      'query',
      'check',
      'settle',
    ])
    expect((await walk({ prepare: prepared('registration'), registration: broken })).ran).toEqual([
      'prepare',
      'registration',
      'registration',
      'check',
      'settle',
    ])
    expect((await walk({ prepare: prepared('query'), check: broken })).ran).toEqual([
      'prepare',
      'query',
      'check',
      'check',
      'check',
      'settle',
    ])
  })
  it('does not retry a job that is over', async () => {
    const over = fails(new JobOver('over'))
    expect((await walk({ prepare: over })).ran).toEqual(['prepare', 'settle'])
    expect((await walk({ prepare: prepared('query'), query: over, check: over })).ran).toEqual([
      'prepare',
      'query',
      'check',
      'settle',
    ])
  })
  it('fails, after trying six times, only when settle does', async () => {
    const { ran, error } = await walk({ prepare: prepared('none'), settle: fails(new RangeError('x')) })
    expect(ran).toEqual(['prepare', ...Array.from({ length: 6 }, () => 'settle')])
    expect(error).toBeDefined()
  })
  it('settles after a step that does not come back', async () => {
    const never: Task = () => new Promise(() => {})
    const shorter = (d: string): string => d.replaceAll(/"TimeoutSeconds": \d+/g, '"TimeoutSeconds": 1')
    expect((await walk({ prepare: prepared('query'), query: never, check: never }, shorter)).ran).toEqual([
      'prepare',
      'query',
      'check',
      'settle',
    ])
    expect((await walk({ prepare: never }, shorter)).ran).toEqual(['prepare', 'settle'])
  })

  it('is valid: states, transitions, paths and ARNs; and uses nothing that the embedded engine does not have', () => {
    const substituted = definition.replaceAll(/\$\{(\w+)\}/g, 'arn:aws:lambda:us-east-1:111122223333:function:$1')
    expect(lint(JSON.parse(substituted), { checkArn: true, checkPaths: true })).toMatchObject({
      isValid: true,
      errors: [],
    })
    expect(definition).not.toMatch(
      /JSONata|"Assign"|HeartbeatSeconds|"Type": "(Map|Parallel)"|waitForTaskToken|ItemReader/,
    )
    const states = Object.entries(
      (
        JSON.parse(definition) as {
          States: Record<
            string,
            { Type: string; TimeoutSeconds?: number; Catch?: { ErrorEquals: string[]; Next: string }[] }
          >
        }
      ).States,
    ).filter(([, s]) => s.Type === 'Task')
    for (const [name, state] of states) {
      expect([name, typeof state.TimeoutSeconds]).toEqual([name, 'number'])
    }
    for (const [name, state] of states.filter(([other]) => other !== 'Settle')) {
      expect([name, state.Catch!.at(-1)]).toEqual([
        name,
        {
          ErrorEquals: ['States.ALL'],
          ResultPath: null,
          Next: expect.stringMatching(/^(StopContainer|Check|Settle)$/) as string,
        },
      ])
    }
  })

  it('stops: the task is told, and nothing runs after it', async () => {
    const ran: string[] = []
    const told = Promise.withResolvers<void>()
    const task =
      (name: string): Task =>
      (_, signal) => {
        ran.push(name)
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            told.resolve()
            reject(new Error('killed'))
          }),
        )
      }
    const tasks = Object.fromEntries(names.map(resourceOf).map((r) => [r, task(r)]))
    const workflow = localWorkflow({ definition, tasks, retryMilliseconds: 0 })
    open.push(workflow)
    await workflow.start('job_a', 1)
    await workflow.stop('job_a', 1)
    await told.promise
    await eventually('the execution has ended', async () => !(await workflow.running('job_a', 1)))
    expect(ran).toEqual(['${PrepareArn}'])
  })
  it('refuses to start with a resource that is mapped to nothing, also by a prototype’s name', () => {
    const none: Task = () => Promise.resolve({})
    const all = Object.fromEntries(names.map((n) => [resourceOf(n), none]))
    for (const missing of Object.keys(all))
      expect(
        () =>
          localWorkflow({ definition, tasks: Object.fromEntries(Object.entries(all).filter(([r]) => r !== missing)) }),
        missing,
      ).toThrow(Unmapped)
    expect(() => localWorkflow({ definition: definition.replace('${QueryArn}', 'constructor'), tasks: all })).toThrow(
      Unmapped,
    )
  })
})
