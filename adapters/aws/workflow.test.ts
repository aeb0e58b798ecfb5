import { expect, it } from 'vitest'
import { workflowContract } from '../../ports/workflow.contract.ts'
import { startSfn } from './testing/sfn-server.ts'
import { awsWorkflow } from './workflow.ts'

const region = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

workflowContract('Step Functions', async () => {
  const sfn = await startSfn()
  const of = (act: string, jobId: string): number =>
    sfn.calls.filter((c) => c.act === act && c.name.startsWith(`${jobId}-`)).length
  return {
    workflow: awsWorkflow({ ...region, endpoint: sfn.endpoint, stateMachineArn: sfn.stateMachineArn }),
    close: sfn.close,
    hold: () => {},
    release: (jobId) => {
      for (const [name, execution] of sfn.executions)
        if (name.startsWith(`${jobId}-`) && execution.status === 'RUNNING') execution.status = 'SUCCEEDED'
    },
    started: (jobId) => of('begun', jobId),
    stopped: (jobId) => of('stopped', jobId),
  }
})

it('hands over the job and its attempt, and lets the service’s other errors through', async () => {
  const sfn = await startSfn()
  const workflow = awsWorkflow({ ...region, endpoint: sfn.endpoint, stateMachineArn: sfn.stateMachineArn })
  await workflow.start('job_a', 3)
  expect(JSON.parse(sfn.executions.get('job_a-3')!.input)).toEqual({ jobId: 'job_a', attempt: 3 })
  const elsewhere = awsWorkflow({
    ...region,
    endpoint: sfn.endpoint,
    stateMachineArn: 'arn:aws:states:eu-central-1:111122223333:stateMachine:another',
  })
  await expect(elsewhere.start('job_a', 1)).rejects.toThrow(
    expect.objectContaining({ name: 'StateMachineDoesNotExist' }),
  )
  for (const act of ['stop', 'running'] as const)
    await expect(elsewhere[act]('job_a', 1)).rejects.toThrow(expect.objectContaining({ name: 'InvalidArn' }))
  await sfn.close()
})
