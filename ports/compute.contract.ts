/** What every place to compute must do. The programs in the containers are the test's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Compute, ContainerRef, ContainerRequest, ContainerState } from './compute.ts'
import { eventually } from '../test/eventually.ts'

/** What the suite needs of a place under test. Containers run until they are told to end. */
export interface ComputeUnderTest {
  compute: Compute
  /** Lets a container of the job that was accepted get to work, where that does not happen by itself. */
  begin(jobId: string): void
  /** Has the container of the job that is at work end by itself. */
  finish(jobId: string, exitCode: number): void
  /** Has the container of the job that is at work run out of the time it asked for, where that is not by itself. */
  expire(jobId: string): void
  /** What each container of the job that was ever begun was told, oldest first. */
  told(jobId: string): Promise<Readonly<Record<string, string>>[]>
  close(): Promise<void>
}

/** Runs the suite. */
export function computeContract(name: string, open: () => Promise<ComputeUnderTest>): void {
  describe(`compute: ${name}`, () => {
    let place: ComputeUnderTest
    beforeAll(async () => {
      place = await open()
    })
    afterAll(() => place.close())

    let serial = 0
    const fresh = (): string => `job_${String(serial++).padStart(32, '0')}`
    const request = (jobId: string, more: Partial<ContainerRequest> = {}): ContainerRequest => ({
      jobId,
      attempt: 1,
      oncePerJob: false,
      queue: 'interactive',
      share: 'ada',
      priority: 10,
      environment: { CLOISTER_MANIFEST: `http://signed/${jobId}` },
      seconds: 300,
      memoryMb: 3072,
      cpus: 1,
      ...more,
    })
    const until = async (
      container: ContainerRef,
      good: (s: ContainerState) => boolean = (s) => s.state === 'ended',
    ): Promise<ContainerState> => {
      const look = async (): Promise<ContainerState | false> => {
        const last = await place.compute.state(container)
        return good(last) && last
      }
      return eventually('the container came to that', look, { within: 10 })
    }
    const running = async (more?: Partial<ContainerRequest>, jobId = fresh()): Promise<ContainerRef> => {
      const container = await place.compute.submit(request(jobId, more))
      place.begin(jobId)
      await until(container, (s) => s.state === 'running')
      return container
    }
    /** The end of every container that a test leaves behind. */
    const over = async (container: ContainerRef): Promise<void> => {
      await place.compute.stop(container.jobId, container.attempt)
      await until(container)
    }

    it('runs what was submitted, told what it was to be told, and says how it ended', async () => {
      const well = await running()
      expect(await place.told(well.jobId)).toEqual([expect.objectContaining(request(well.jobId).environment)])
      place.finish(well.jobId, 0)
      expect(await until(well)).toEqual({ state: 'ended', end: 'succeeded', exitCode: 0 })
      const badly = await running()
      place.finish(badly.jobId, 3)
      expect(await until(badly)).toEqual({ state: 'ended', end: 'exit-code', exitCode: 3 })
    })
    it.each(['interactive', 'batch', 'pipeline'] as const)('has a queue %s', async (queue) => {
      const container = await running({ queue, oncePerJob: queue === 'pipeline' })
      place.finish(container.jobId, 0)
      expect(await until(container)).toMatchObject({ end: 'succeeded' })
    })
    it('begins an attempt once, however often and however concurrently it is submitted, even after its end', async () => {
      const job = fresh()
      const all = await Promise.all(Array.from({ length: 5 }, () => place.compute.submit(request(job))))
      expect(new Set(all.map((c) => c.handle)).size).toBe(1)
      place.begin(job)
      await until(all[0]!, (s) => s.state === 'running')
      expect(await place.compute.submit(request(job))).toEqual(all[0])
      place.finish(job, 0)
      await until(all[0]!)
      expect(await place.compute.submit(request(job))).toEqual(all[0])
      expect(await place.told(job)).toHaveLength(1)
    })
    it('tells attempts apart, and takes up an earlier one where a job has one container for all of them', async () => {
      const first = await running()
      const second = await place.compute.submit(request(first.jobId, { attempt: 2 }))
      expect(second.handle).not.toBe(first.handle)
      await Promise.all([over(second), over(first)])

      const once = await running({ queue: 'pipeline', oncePerJob: true })
      const again = await place.compute.submit(request(once.jobId, { queue: 'pipeline', oncePerJob: true, attempt: 2 }))
      expect(again).toEqual({ jobId: once.jobId, attempt: 2, handle: once.handle })
      place.finish(once.jobId, 0)
      expect(await until(again)).toMatchObject({ end: 'succeeded' })
      expect(
        (await place.compute.submit(request(once.jobId, { queue: 'pipeline', oncePerJob: true, attempt: 3 }))).handle,
      ).toBe(once.handle)
      expect(await place.told(once.jobId)).toHaveLength(1)
    })
    it('waits for the end as long as it is asked to, and not after it', async () => {
      const container = await running()
      const asked = performance.now()
      expect(await place.compute.state(container, 300)).toEqual({ state: 'running' })
      expect(performance.now() - asked).toBeGreaterThan(100)
      const look = place.compute.state(container, 60_000)
      place.finish(container.jobId, 0)
      expect(await look).toMatchObject({ state: 'ended', end: 'succeeded' })
    })
    it('ends what takes longer than it asked for', async () => {
      const container = await running({ seconds: 1 })
      place.expire(container.jobId)
      expect(await until(container)).toMatchObject({ state: 'ended', end: 'time-limit' })
    })
    it.each([true, false])('stops what waits or runs, again without effect (at work: %s)', async (atWork) => {
      const container = atWork ? await running() : await place.compute.submit(request(fresh()))
      await place.compute.stop(container.jobId, 1)
      await place.compute.stop(container.jobId, 1)
      expect(await until(container)).toMatchObject({ state: 'ended', end: 'stopped' })
      await place.compute.stop(container.jobId, 1)
      expect(await place.compute.state(container)).toMatchObject({ state: 'ended', end: 'stopped' })
    })
    it('stops the attempts up to the one it is told, and no other job’s', async () => {
      const older = await running()
      const newer = await running({ attempt: 2 }, older.jobId)
      const other = await running()
      await place.compute.stop(older.jobId, 1)
      expect(await until(older)).toMatchObject({ end: 'stopped' })
      expect([await place.compute.state(newer), await place.compute.state(other)]).toEqual([
        { state: 'running' },
        { state: 'running' },
      ])
      const newest = await running({ attempt: 3 }, older.jobId)
      await place.compute.stop(older.jobId, 3)
      expect([await until(newer), await until(newest)]).toMatchObject([{ end: 'stopped' }, { end: 'stopped' }])
      await over(other)
    })
    it('stops a run that was taken up, too', async () => {
      const once = await running({ queue: 'pipeline', oncePerJob: true })
      const again = await place.compute.submit(request(once.jobId, { queue: 'pipeline', oncePerJob: true, attempt: 2 }))
      await place.compute.stop(again.jobId, 2)
      expect(await until(again)).toMatchObject({ end: 'stopped' })
    })
    it('changes nothing about an end that came before the stop', async () => {
      const container = await running()
      place.finish(container.jobId, 0)
      await until(container)
      await place.compute.stop(container.jobId, 1)
      expect(await place.compute.state(container)).toEqual({ state: 'ended', end: 'succeeded', exitCode: 0 })
    })
    it('knows nothing of what was never submitted, and stops nothing of it', async () => {
      const job = fresh()
      await place.compute.stop(job, 1)
      const nobody = { jobId: job, attempt: 1, handle: `${job}-1` }
      expect(await place.compute.state(nobody)).toEqual({ state: 'unknown' })
      expect(await place.compute.logs(nobody)).toBeUndefined()
    })
    it('says where the log of a container is, or that there is none', async () => {
      const container = await running()
      expect(['string', 'undefined']).toContain(typeof (await place.compute.logs(container)))
      await over(container)
    })
  })
}
