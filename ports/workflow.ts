/** Starts and stops jobs: Step Functions, or the embedded engine, on one definition (contracts/workflow.asl.json). */

export interface Workflow {
  /** Starts a job's execution, or does nothing when one of this name is running. `attempt` grows when a job is started again after a crash. */
  start(jobId: string, attempt: number): Promise<void>
  /** Stops a running execution and whatever it computes; nothing happens when there is none. */
  stop(jobId: string, attempt: number): Promise<void>
  /** Whether an execution of this name is running. */
  running(jobId: string, attempt: number): Promise<boolean>
}
