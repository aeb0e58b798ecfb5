/**
 * Logs in AWS. A live one is in CloudWatch Logs, where awslogs puts what the runner prints: each line a record with its
 * place in front, because CloudWatch keeps no places of its own. Which stream it is the runner says in an object. When
 * a run is over its log is copied into objects of a few megabytes, which stay; the places stay the same.
 */
import { CloudWatchLogsClient, type CloudWatchLogsClientConfig } from '@aws-sdk/client-cloudwatch-logs'
import { encodeRecord } from '../../domain/pipelines/log.ts'
import { followPage, isRunId, largestPage, logObjectOf, type Logs } from '../../ports/logs.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import { archivedLogs } from './archived-logs.ts'
import { liveLogs } from './live-logs.ts'

export interface AwsLogsOptions extends Pick<CloudWatchLogsClientConfig, 'endpoint' | 'region' | 'credentials'> {
  group: string
  objects: Pick<ObjectStore, 'get' | 'put' | 'list'>
  client?: CloudWatchLogsClient
  /**
   * Milliseconds between looks at a log that grows, and how long `archive` waits for a last record that is still on its
   * way: for tests.
   */
  pace?: { look: number; patience: number }
}

const bytes = new TextEncoder()
const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })

/** The logs of an installation. */
export function awsLogs({
  group,
  objects,
  client,
  pace = { look: 1000, patience: 30_000 },
  ...options
}: AwsLogsOptions): Logs {
  const cloudwatch =
    client ??
    new CloudWatchLogsClient({
      ...options,
      maxAttempts: 6,
      requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000 },
    })
  const live = liveLogs(cloudwatch, group, objects)
  const archived = archivedLogs(objects)
  const checked = (runId: string): string => {
    if (!isRunId(runId)) throw new RangeError('not the id of a run')
    return runId
  }
  const read: Logs['read'] = async (runId, from, limits) => {
    const index = await archived.indexOf(checked(runId))
    return index ? archived.read(runId, index, from, limits) : live.read(runId, from, limits)
  }

  return {
    read,
    async tail(runId, before, limits) {
      const index = await archived.indexOf(checked(runId))
      return index ? archived.tail(runId, index, before, limits) : live.tail(runId, before, limits)
    },
    async *follow(runId, from, signal) {
      for (let at = from, silent = 0; !signal.aborted;) {
        const page = await read(runId, at, followPage)
        if (page.records.length > 0 || page.ended) {
          at = page.next
          silent = 0
          yield page
        } else silent++
        if (page.ended) return
        // GetLogEvents takes 25 requests a second of an account: who waits long asks seldom.
        if (page.records.length < followPage.records) await pause(pace.look * Math.min(3, 1 + silent / 10), signal)
      }
    },
    async conclude(runId, record) {
      if ((await this.tail(runId, undefined, { records: 1, bytes: 1 })).ended) return
      await objects.put(
        'released',
        logObjectOf.conclusion(checked(runId)),
        bytes.encode(encodeRecord(record)),
        'application/json',
      )
    },
    async archive(runId) {
      if (await archived.indexOf(checked(runId))) return
      const ended = async (): Promise<boolean> => (await live.tail(runId, undefined, { records: 1, bytes: 1 })).ended
      // What was printed last may be on its way for some seconds.
      for (const until = performance.now() + pace.patience; !(await ended()) && performance.now() < until;)
        await pause(pace.look)
      await archived.write(runId, (from) => live.read(runId, from, largestPage))
    },
  }
}
