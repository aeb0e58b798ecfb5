/**
 * For tests: as much of Step Functions as the workflow adapter speaks (JSON 1.0). Executions wait until the test lets
 * them go.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Execution {
  input: string
  status: 'RUNNING' | 'SUCCEEDED' | 'ABORTED'
}
interface Body {
  stateMachineArn: string
  executionArn: string
  name: string
  input: string
}
class SfnError extends Error {
  override name = 'SfnError'
}

export interface SfnServer {
  endpoint: string
  stateMachineArn: string
  executions: Map<string, Execution>
  calls: { act: string; name: string }[]
  close(): Promise<void>
}

export async function startSfn(): Promise<SfnServer> {
  const stateMachineArn = 'arn:aws:states:eu-central-1:111122223333:stateMachine:cloister-test-jobs'
  const executions = new Map<string, Execution>()
  const calls: SfnServer['calls'] = []
  const nameOf = (executionArn: string): string => {
    const match = /^arn:aws:states:eu-central-1:111122223333:execution:cloister-test-jobs:(.+)$/.exec(executionArn)
    if (!match) throw new SfnError('InvalidArn')
    return match[1]!
  }
  const find = (executionArn: string): Execution => {
    const found = executions.get(nameOf(executionArn))
    if (!found) throw new SfnError('ExecutionDoesNotExist')
    return found
  }
  const acts: Record<string, (b: Body) => object> = {
    StartExecution: (body) => {
      if (body.stateMachineArn !== stateMachineArn) throw new SfnError('StateMachineDoesNotExist')
      if (!/^[\w-]{1,80}$/.test(body.name)) throw new SfnError('InvalidName')
      const existing = executions.get(body.name)
      // The same name and input while it runs: answered as if it had been started now.
      if (existing && (existing.status !== 'RUNNING' || existing.input !== body.input))
        throw new SfnError('ExecutionAlreadyExists')
      if (!existing) {
        executions.set(body.name, { input: body.input, status: 'RUNNING' })
        calls.push({ act: 'begun', name: body.name })
      }
      return {
        executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${body.name}`,
        startDate: 1_772_442_000,
      }
    },
    StopExecution: (body) => {
      const found = find(body.executionArn)
      if (found.status === 'RUNNING') {
        found.status = 'ABORTED'
        calls.push({ act: 'stopped', name: nameOf(body.executionArn) })
      }
      return { stopDate: 1_772_442_000 }
    },
    DescribeExecution: (body) => ({
      executionArn: body.executionArn,
      stateMachineArn,
      status: find(body.executionArn).status,
      startDate: 1_772_442_000,
    }),
  }
  const server = createServer((request, response) => {
    void (async () => {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      response.setHeader('content-type', 'application/x-amz-json-1.0')
      try {
        response.end(
          JSON.stringify(
            acts[String(request.headers['x-amz-target']).replace('AWSStepFunctions.', '')]!(JSON.parse(text) as Body),
          ),
        )
      } catch (e) {
        response.statusCode = 400
        response.end(
          JSON.stringify({ __type: e instanceof SfnError ? e.message : 'InternalFailure', message: 'refused' }),
        )
      }
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stateMachineArn,
    executions,
    calls,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
