import { pipelines } from '../../contracts/pipelines.ts'
import { access } from '../../contracts/access.ts'
import { createAuthorizer } from '../access/authorizer.ts'
import type { Settings } from '../kernel/deps.ts'
import { streamed, type StreamingRuntime } from '../kernel/function-url.ts'
import { awsDeps, cloudwatchLogs, logLine, s3Objects } from '../wiring.ts'
import { createPipelinestream } from './pipelinestream.ts'

/**
 * The distribution before this function must know its address, and the identity provider must know the distribution's:
 * so who signs tokens is asked of the API, once.
 */
async function settings(): Promise<Settings> {
  const response = await fetch(`${process.env['API_ORIGIN']}${access.routes.signInSettings.path}`, {
    signal: AbortSignal.timeout(5000),
  })
  if (!response.ok) throw new Error(`The API answered ${response.status}`)
  const { issuer, clientId, scope, mainOrigin, studyOrigin, version } = access.routes.signInSettings.response.parse(
    await response.json(),
  )
  return { issuer, jwksUri: `${issuer}/.well-known/jwks.json`, clientId, scope, mainOrigin, studyOrigin, version }
}

export const handler = streamed(
  (globalThis as typeof globalThis & { awslambda: StreamingRuntime }).awslambda,
  pipelines,
  'pipelinestream',
  async () => {
    const deps = awsDeps({ objects: s3Objects, logs: cloudwatchLogs, settings: await settings() })
    return { handler: createPipelinestream(deps), verify: createAuthorizer(deps) }
  },
  logLine,
)
