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
    let t: WorkflowUnderTest
    beforeAll(async () => {
      t = await open()
    })
    afterAll(async () => {
      await t.close()
    })
    const until = (good: () => Promise<boolean>): Promise<boolean> =>
      eventually('the workflow came to that', good, { within: 10 })
    let serial = 0
    const fresh = (): string => `job_${String(serial++).padStart(32, '0')}`

    it('runs what was started, and then no longer', async () => {
      const job = fresh()
      t.hold(job)
      expect(await t.workflow.running(job, 1)).toBe(false)
      await t.workflow.start(job, 1)
      expect(await t.workflow.running(job, 1)).toBe(true)
      t.release(job)
      await until(async () => !(await t.workflow.running(job, 1)))
      expect(t.started(job)).toBe(1)
    })
    it('starts an attempt once, however often and however concurrently it is asked, even after its end', async () => {
      const job = fresh()
      t.hold(job)
      await Promise.all(Array.from({ length: 10 }, () => t.workflow.start(job, 1)))
      await t.workflow.start(job, 1)
      expect(t.started(job)).toBe(1)
      t.release(job)
      await until(async () => !(await t.workflow.running(job, 1)))
      await t.workflow.start(job, 1)
      expect(await t.workflow.running(job, 1)).toBe(false)
      expect(t.started(job)).toBe(1)
    })
    it('tells attempts and jobs apart', async () => {
      const [a, b] = [fresh(), fresh()]
      t.hold(a)
      t.hold(b)
      await t.workflow.start(a, 1)
      expect([await t.workflow.running(a, 2), await t.workflow.running(b, 1)]).toEqual([false, false])
      await t.workflow.start(a, 2)
      await t.workflow.start(b, 1)
      expect([t.started(a), t.started(b)]).toEqual([2, 1])
      await t.workflow.stop(a, 1)
      expect([await t.workflow.running(a, 1), await t.workflow.running(a, 2), await t.workflow.running(b, 1)]).toEqual([
        false,
        true,
        true,
      ])
      for (const job of [a, b]) t.release(job)
      await until(async () => !(await t.workflow.running(a, 2)) && !(await t.workflow.running(b, 1)))
    })
    it('stops what runs; stopping again, or what never ran or has ended, does nothing', async () => {
      const job = fresh()
      t.hold(job)
      await t.workflow.stop(job, 1)
      await t.workflow.start(job, 1)
      await t.workflow.stop(job, 1)
      expect(await t.workflow.running(job, 1)).toBe(false)
      await t.workflow.stop(job, 1)
      expect(t.stopped(job)).toBe(1)
      t.release(job)
    })
  })
}
