/**
 * Runs containers: Batch in AWS, processes of this machine on a laptop; clusters of other kinds will be one folder each
 * (docs/decisions/0011). The workflow knows no more of a place than what is said here: it submits, looks until the end,
 * and stops what nobody wants any more. What a container computes comes out as its report, never through this port.
 *
 * A container is named by the job and the attempt that it computes for. All methods may be called again, at the same
 * time and in any order, also by another process after a crash.
 */
import type { ContainerQueue } from '../domain/jobs/container-queues.ts'

export type { ContainerQueue }

/** What a container is to be. */
export interface ContainerRequest {
  jobId: string
  /** From 1; grows when a job is started again after a crash. */
  attempt: number
  /**
   * One container for all attempts of the job: a later attempt takes up what an earlier one has begun, or what became
   * of it, and begins nothing anew.
   */
  oncePerJob: boolean
  queue: ContainerQueue
  /** Whose it is: shares that have had least go first. Letters and digits. */
  share: string
  /** Among what waits of the same share: more goes first. */
  priority: number
  /** What the runner is told; it gets no other environment. */
  environment: Readonly<Record<string, string>>
  /** From its start to when it is ended; waiting does not count. */
  seconds: number
  memoryMb: number
  cpus: number
}

/** What `submit` answers: enough to look at the container again, from any process. */
export interface ContainerRef {
  jobId: string
  attempt: number
  /** The place's own name of the container. */
  handle: string
}

/**
 * Why a container is over:
 * - `succeeded`: it ended with exit code 0;
 * - `exit-code`: with another one;
 * - `memory`: it was ended for using more memory than it asked for;
 * - `time-limit`: it was ended after the seconds it asked for;
 * - `stopped`: somebody called `stop`;
 * - `not-started`: the place could not start it (no image, no network, no machine of that size);
 * - `lost`: the machine went away under it, or nobody knows why it is gone.
 */
export type ContainerEnd = 'succeeded' | 'exit-code' | 'memory' | 'time-limit' | 'stopped' | 'not-started' | 'lost'

/**
 * Where a container stands. It goes from `waiting` by `starting` to `running` and `ended`; the place may skip some, and
 * goes back to `waiting` when it tries again what its own infrastructure broke. `ended` stays.
 * - `waiting`: accepted, has no machine yet; `ahead` says how many go before it, where the place can tell;
 * - `starting`: has a machine, its image is being fetched;
 * - `running`: its program is at work;
 * - `ended`: over, for the reason in `end`; `exitCode` where there was one;
 * - `unknown`: there is no such container: never accepted, forgotten (a place remembers an end for a day at least), or
 *   accepted a moment ago and not yet told to everybody.
 */
export type ContainerState =
  | { state: 'waiting'; ahead?: number }
  | { state: 'starting' }
  | { state: 'running' }
  | { state: 'ended'; end: ContainerEnd; exitCode?: number }
  | { state: 'unknown' }

/** The place will never run this container: too large, or it has no such queue. Asking again changes nothing. */
export class ContainerRefused extends Error {
  override name = 'ContainerRefused'
}

/** The place cannot be reached, or has too much to do. Whether it heard is not known; ask again. */
export class ComputeUnavailable extends Error {
  override name = 'ComputeUnavailable'
}

export interface Compute {
  /**
   * Has a container run as soon as it is its turn, and answers once it was accepted, without waiting for its start.
   *
   * Idempotent: the same job and attempt again (with `oncePerJob`: the same job) answers the container that there is,
   * whatever its state, ended ones too; only job, attempt, `oncePerJob` and `queue` are compared. Two submissions at
   * the same moment come to the same one; a place without tokens of its own may begin two and end the later within
   * seconds.
   *
   * Throws `ContainerRefused` for what it will never run, `ComputeUnavailable` when it should be asked again.
   */
  submit(request: ContainerRequest): Promise<ContainerRef>
  /**
   * Where the container stands. With `patience` (milliseconds) it answers at the container's end, or when so long has
   * passed, or earlier when the place sees no use in waiting on: so a short job is answered at once and a long one is
   * not asked about all the time.
   *
   * Changes nothing. Throws `ComputeUnavailable` when it should be asked again.
   */
  state(container: ContainerRef, patience?: number): Promise<ContainerState>
  /**
   * Ends every container of the job up to this attempt, waiting ones and running ones, whatever queue they are in. It
   * answers when that was accepted; the container is first asked to end, and forced some seconds later. `state` tells
   * when it is gone.
   *
   * Idempotent: nothing happens when there is none, or none that is not over. Throws `ComputeUnavailable` when it
   * should be asked again.
   */
  stop(jobId: string, attempt: number): Promise<void>
  /**
   * Where what the container itself printed is kept, in the words of the place's own tools (a log group and its stream,
   * a file), for whoever runs the platform. Undefined when it printed nothing yet, is unknown, or nothing is kept. The
   * log that people watch of a pipeline's run is another port's (ports/logs.ts).
   *
   * Changes nothing. Throws `ComputeUnavailable` when it should be asked again.
   */
  logs(container: ContainerRef): Promise<string | undefined>
}

/** An installation without containers: it refuses every one, and has none to look at or to stop. */
export const noCompute: Compute = {
  submit: () => Promise.reject(new ContainerRefused('This installation runs no containers')),
  state: () => Promise.resolve({ state: 'unknown' }),
  stop: () => Promise.resolve(),
  logs: () => Promise.resolve(undefined),
}
