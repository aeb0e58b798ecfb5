/** What every workflow must do. The suite's machine is the real definition; only what its tasks do is the test's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Workflow } from './workflow.ts'
import { eventually } from '../test/eventually.ts'

/** What the suite needs of a workflow under test: `hold` keeps the executions of a job at work until `release`. */
export interface WorkflowUnderTest {
  workflow: Workflow
  hold(jobId: string): void
  release(jobId: string): void
  /** How often an execution of this job was begun, and how often one was stopped. */
  started(jobId: string): number
  stopped(jobId: string): number
  close(): Promise<void>
}

/** Runs the suite. */
export function workflowContract(name: string, open: () => Promise<WorkflowUnderTest>): void {
  describe(`workflow: ${name}`, () => {
    let tested: WorkflowUnderTest
    beforeAll(async () => {
      tested = await open()
    })
    afterAll(async () => {
      await tested.close()
    })
    const until = (good: () => Promise<boolean>): Promise<boolean> =>
      eventually('the workflow came to that', good, { within: 10 })
    let serial = 0
    const fresh = (): string => `job_${String(serial++).padStart(32, '0')}`

    it('runs what was started, and then no longer', async () => {
      const job = fresh()
      tested.hold(job)
      expect(await tested.workflow.running(job, 1)).toBe(false)
      await tested.workflow.start(job, 1)
      expect(await tested.workflow.running(job, 1)).toBe(true)
      tested.release(job)
      await until(async () => !(await tested.workflow.running(job, 1)))
      expect(tested.started(job)).toBe(1)
    })
    it('starts an attempt once, however often and however concurrently it is asked, even after its end', async () => {
      const job = fresh()
      tested.hold(job)
      await Promise.all(Array.from({ length: 10 }, () => tested.workflow.start(job, 1)))
      await tested.workflow.start(job, 1)
      expect(tested.started(job)).toBe(1)
      tested.release(job)
      await until(async () => !(await tested.workflow.running(job, 1)))
      await tested.workflow.start(job, 1)
      expect(await tested.workflow.running(job, 1)).toBe(false)
      expect(tested.started(job)).toBe(1)
    })
    it('tells attempts and jobs apart', async () => {
      const [first, second] = [fresh(), fresh()]
      tested.hold(first)
      tested.hold(second)
      await tested.workflow.start(first, 1)
      expect([await tested.workflow.running(first, 2), await tested.workflow.running(second, 1)]).toEqual([
        false,
        false,
      ])
      await tested.workflow.start(first, 2)
      await tested.workflow.start(second, 1)
      expect([tested.started(first), tested.started(second)]).toEqual([2, 1])
      await tested.workflow.stop(first, 1)
      expect([
        await tested.workflow.running(first, 1),
        await tested.workflow.running(first, 2),
        await tested.workflow.running(second, 1),
      ]).toEqual([false, true, true])
      for (const job of [first, second]) tested.release(job)
      await until(async () => !(await tested.workflow.running(first, 2)) && !(await tested.workflow.running(second, 1)))
    })
    it('stops what runs; stopping again, or what never ran or has ended, does nothing', async () => {
      const job = fresh()
      tested.hold(job)
      await tested.workflow.stop(job, 1)
      await tested.workflow.start(job, 1)
      await tested.workflow.stop(job, 1)
      expect(await tested.workflow.running(job, 1)).toBe(false)
      await tested.workflow.stop(job, 1)
      expect(tested.stopped(job)).toBe(1)
      tested.release(job)
    })
  })
}
