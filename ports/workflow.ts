/** Starts and stops jobs: Step Functions, or the embedded engine, on one definition (contracts/workflow.asl.json). */

export interface Workflow {
  /**
   * Starts a job's execution. Nothing happens when one of this name was started before, whether it still runs or has
   * ended. `attempt` grows when a job is started again after a crash.
   */
  start(jobId: string, attempt: number): Promise<void>
  /**
   * Stops a running execution and whatever container it waits for; nothing happens when there is none. A function that
   * is at work goes on to its own end, as in AWS.
   */
  stop(jobId: string, attempt: number): Promise<void>
  /** Whether an execution of this name is running. */
  running(jobId: string, attempt: number): Promise<boolean>
}

/** An execution's name: what makes a second start of the same attempt do nothing. */
export const executionName = (jobId: string, attempt: number): string => `${jobId}-${attempt}`
