/** Where containers wait, who goes first there, and how long one may take in all. */

/** Queues that every place to compute has (ports/compute.ts). */
export type ContainerQueue = 'interactive' | 'batch' | 'pipeline'

export interface QueueTerms {
  /** Among the containers of one share: more goes first. */
  priority: number
  /** Seconds from the submission to the end, waiting included. What is not over then is stopped. */
  limitSeconds: number
  /** One container for all attempts of a job: it goes on, or what became of it is found out; it is not begun anew. */
  oncePerJob: boolean
}

/** What the first step of the workflow says that computes, where it is a container. */
export type ContainerWork = 'container' | 'pipeline'

/** Queues by name. A container that asks for an hour or less is not kept waiting by those that ask for more. */
export const queueTerms: Readonly<Record<ContainerQueue, QueueTerms>> = {
  interactive: { priority: 10, limitSeconds: 4 * 3600, oncePerJob: false },
  batch: { priority: 1, limitSeconds: 48 * 3600, oncePerJob: false },
  pipeline: { priority: 5, limitSeconds: 96 * 3600, oncePerJob: true },
}

/** The longest that a container of people's questions may ask for and still be in the interactive queue, in seconds. */
export const interactiveSeconds = 3600

/** The queue of a container: runs of pipelines have one of their own, the others wait by the `seconds` they ask for. */
export function queueOf(compute: ContainerWork, seconds: number): ContainerQueue {
  if (compute === 'pipeline') return 'pipeline'
  return seconds <= interactiveSeconds ? 'interactive' : 'batch'
}
