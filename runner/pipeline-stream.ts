/**
 * In a container the log is standard output, which awslogs carries to CloudWatch. Only the container can find out which
 * stream that is, so it says so before it prints anything.
 */
import type { PipelineManifest } from '../domain/pipelines/manifest.ts'
import { containersPerAttempt, placesOf } from '../ports/logs.ts'
import type { PipelineIo } from './pipeline-io.ts'

/**
 * What the container's metadata say that counts here.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
 */
interface Metadata {
  LogOptions?: { 'awslogs-stream'?: string }
}

/**
 * Says which stream this container writes to; answers the place of its first record. Throws when that cannot be found
 * out: a log that nobody can find is none.
 */
export async function sayStream(
  manifest: PipelineManifest,
  io: PipelineIo,
  env: Record<string, string | undefined> = process.env,
): Promise<number> {
  const started = Math.min(containersPerAttempt, Math.max(1, Number(env['AWS_BATCH_JOB_ATTEMPT'] ?? 1))) - 1
  const container = (manifest.attempt - 1) * containersPerAttempt + started
  const base = placesOf(container)
  const uri = env['ECS_CONTAINER_METADATA_URI_V4']
  if (!uri) return base
  const response = await fetch(uri, { signal: AbortSignal.timeout(10_000) })
  const stream = ((await response.json()) as Metadata).LogOptions?.['awslogs-stream']
  const link = manifest.streams[started]
  if (!stream || !link) throw new Error('the container’s log stream is not known')
  await io.putBytes(link, Buffer.from(JSON.stringify({ stream, base })))
  return base
}
