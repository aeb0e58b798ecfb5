/**
 * What the host counts, in Prometheus' format: for whoever watches it, by a token. Counts and times alone; no id of a
 * person, study or run is a label. In AWS CloudWatch counts the same of API Gateway, Lambda and DynamoDB.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Deps } from '../functions/kernel/deps.ts'
import type { LambdaHandler } from '../functions/kernel/handler.ts'
import { indexKeyOf, keyOf, type RunQueueItem } from '../functions/kernel/items.ts'
import { type Item, queryAll, type Table } from '../ports/table.ts'
import type { Authorizer } from './api.ts'
import { Trouble } from './trouble.ts'

export interface Metrics {
  /** The same function, whose answers are counted by route (`GET /api/me`, never the path) and status. */
  timed: (handler: LambdaHandler) => LambdaHandler
  /** The same authorizer, whose refusals are counted as answers: no function saw them. */
  refusing: (authorizer: Authorizer) => Authorizer
  /** The same log, of which errors are counted by where they arose. */
  heard: (log: Deps['log']) => Deps['log']
  /** The same table, whose writes are counted. */
  counted: (table: Table) => Table
  /** Everything, as text, and its media type. */
  text: () => Promise<{ body: string; type: string }>
}

const shortestToken = 20

/** The token of the settings; `Trouble` for one that could be guessed. */
export function metricsTokenFrom(text: string | undefined): { metricsToken?: string } {
  if (!text) return {}
  if (text.length < shortestToken)
    throw new Trouble(
      `CLOISTER_METRICS_TOKEN needs at least ${shortestToken} characters; \`openssl rand -hex 24\` makes one.`,
    )
  return { metricsToken: text }
}

/** Whether the header `Authorization` carries the token. */
export function carriesToken(authorization: string | undefined, token: string): boolean {
  const [, given = ''] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? []
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(given), digest(token))
}

/** Where jobs stand, by the beginning of their place in the index of live jobs (contracts/jobs.entities.ts). */
function stateOfPlace(place: string): 'over' | 'held' | 'pipeline' | 'analysis' {
  if (place.startsWith('~over')) return 'over'
  if (place.startsWith('held:')) return 'held'
  return place.startsWith('run:') ? 'pipeline' : 'analysis'
}

async function gatherJobs(table: Table, jobs: Gauge, runs: Gauge): Promise<void> {
  const states = { analysis: 0, pipeline: 0, held: 0, over: 0 }
  const live = indexKeyOf.jobLive.pipelineRun.partition()
  for await (const { gsk } of queryAll(table, live, { index: true, attributes: ['gsk'] })) states[stateOfPlace(gsk!)]++
  for (const [state, count] of Object.entries(states)) jobs.set({ state }, count)
  const queue = await table.get<RunQueueItem>(keyOf.runQueue(), ['atWork'])
  const atWork = queue?.atWork.length ?? 0
  runs.set({ state: 'at-work' }, atWork)
  runs.set({ state: 'waiting' }, Math.max(0, states.pipeline - atWork))
}

async function countItems(table: Table, partition: string): Promise<number> {
  let count = 0
  for await (const _ of queryAll(table, partition, { index: true, attributes: ['gsk'] })) count++
  return count
}

/**
 * The metrics of a host.
 *
 * @param home Its folder, whose disk is looked at.
 */
export function createMetrics(home: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const named = (name: string, help: string) => ({ name: `cloister_${name}`, help, registers })
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    ...named('request_seconds', 'Requests below /api, by route and status'),
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
  })
  const errors = new Counter({ ...named('errors_total', 'Errors of the platform, by place'), labelNames: ['at'] })
  const writes = new Counter({
    ...named('store_writes_total', 'Writes that the store has made, by the kind of item'),
    labelNames: ['item'],
  })
  const records = new Counter(named('records_total', 'Records of participants that were stored'))
  const chain = new Gauge({
    ...named('audit_chain_events', 'Length of the audit chains, of those that grew since the start'),
    labelNames: ['organisation'],
  })
  const jobs = new Gauge({ ...named('live_jobs', 'Jobs that are not over, by state'), labelNames: ['state'] })
  const runs = new Gauge({ ...named('pipeline_runs', 'Runs of pipelines in the queue'), labelNames: ['state'] })
  const participants = new Gauge(named('participant_runs_due', 'Participations that have not come to their end'))
  const free = new Gauge(named('disk_free_bytes', 'Free on the disk of the home'))

  const written = (key: { pk: string }): void => writes.inc({ item: key.pk.split('#', 1)[0]! })
  /** What can be told of an item that was made: how far a chain goes, and how many records came. */
  const made = (item: Item<object>): void => {
    written(item)
    const { seq, first, last } = item as { seq?: unknown; first?: unknown; last?: unknown }
    const [entity, owner = ''] = item.pk.split('#')
    if (entity === 'AUDIT' && typeof seq === 'number') chain.set({ organisation: owner }, seq)
    if (entity === 'RUN' && typeof first === 'number' && typeof last === 'number') records.inc(last - first + 1)
  }
  let table: Table | undefined

  return {
    timed: (handler) => async (event, context) => {
      const told = requests.startTimer({ route: event.routeKey })
      try {
        const result = await handler(event, context)
        told({ status: String(result.statusCode ?? 200) })
        return result
      } catch (error) {
        told({ status: '500' })
        throw error
      }
    },
    refusing: (authorizer) => async (event) => {
      const told = requests.startTimer({ route: event.routeKey, status: '401' })
      const verdict = await authorizer(event)
      if (!verdict.isAuthorized) told()
      return verdict
    },
    heard: (log) => (event, fields) => {
      if (event === 'error' || event === 'timeout') errors.inc({ at: String(fields['at'] ?? fields['route'] ?? event) })
      log(event, fields)
    },
    counted: (inner) => {
      table = inner
      return {
        get: (...what) => inner.get(...what),
        query: (...what) => inner.query(...what),
        async create(item) {
          const stored = await inner.create(item)
          made(item)
          return stored
        },
        async replace(item, rev) {
          const stored = await inner.replace(item, rev)
          written(item)
          return stored
        },
        async update<T>(...change: Parameters<Table['update']>) {
          const stored = await inner.update<T>(...change)
          written(change[0])
          return stored
        },
        async remove(key) {
          await inner.remove(key)
          written(key)
        },
      }
    },
    text: async () => {
      const { bavail, bsize } = await statfs(home)
      free.set(bavail * bsize)
      if (table) {
        await gatherJobs(table, jobs, runs)
        participants.set(await countItems(table, indexKeyOf.due.byTime.partition()))
      }
      return { body: await registry.metrics(), type: registry.contentType }
    },
  }
}
