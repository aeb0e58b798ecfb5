/** Jobs on Step Functions: one standard state machine, one execution an attempt. */
import {
  DescribeExecutionCommand,
  SFNClient,
  type SFNClientConfig,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn'
import { executionName, type Workflow } from '../../ports/workflow.ts'

export interface AwsWorkflowOptions extends Pick<SFNClientConfig, 'endpoint' | 'region' | 'credentials'> {
  stateMachineArn: string
  client?: SFNClient
}

const named = (e: unknown, name: string): boolean => e instanceof Error && e.name === name

/**
 * Executions of one state machine. A name is good for 90 days, so a repeated start of an attempt is refused by the
 * service itself.
 */
export function awsWorkflow({ stateMachineArn, client, ...options }: AwsWorkflowOptions): Workflow {
  const sfn =
    client ??
    new SFNClient({ ...options, maxAttempts: 4, requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000 } })
  const arn = (jobId: string, attempt: number): string =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${executionName(jobId, attempt)}`
  return {
    async start(jobId, attempt) {
      try {
        await sfn.send(
          new StartExecutionCommand({
            stateMachineArn,
            name: executionName(jobId, attempt),
            input: JSON.stringify({ jobId, attempt }),
          }),
        )
      } catch (e) {
        if (!named(e, 'ExecutionAlreadyExists')) throw e
      }
    },
    async stop(jobId, attempt) {
      // The service answers a second stop like the first; Batch jobs that the execution waits for are terminated with
      // it.
      try {
        await sfn.send(new StopExecutionCommand({ executionArn: arn(jobId, attempt), error: 'Stopped' }))
      } catch (e) {
        if (!named(e, 'ExecutionDoesNotExist')) throw e
      }
    },
    async running(jobId, attempt) {
      try {
        return (
          (await sfn.send(new DescribeExecutionCommand({ executionArn: arn(jobId, attempt) }))).status === 'RUNNING'
        )
      } catch (e) {
        if (named(e, 'ExecutionDoesNotExist')) return false
        throw e
      }
    },
  }
}
