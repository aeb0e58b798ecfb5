import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { harness } from '../functions/kernel/testing.ts'
import { keyOf } from '../functions/kernel/items.ts'
import { carriesToken, createMetrics, metricsTokenFrom } from './metrics.ts'

const token = 'b7c2f6a4d1e84f0c9a3b'

test('a token that could be guessed is refused; only the whole token opens', () => {
  expect(metricsTokenFrom(undefined)).toEqual({})
  expect(metricsTokenFrom(token)).toEqual({ metricsToken: token })
  expect(() => metricsTokenFrom('secret')).toThrow(/at least 20 characters/)
  expect(carriesToken(`Bearer ${token}`, token)).toBe(true)
  expect(carriesToken(`bearer ${token}`, token)).toBe(true)
  for (const wrong of [undefined, '', 'Bearer ', `Bearer ${token}x`, `Basic ${token}`, token])
    expect(carriesToken(wrong, token), String(wrong)).toBe(false)
})

test('requests, refusals, errors, writes, records, chains and jobs are counted, and nobody is named', async () => {
  const { deps } = await harness()
  const metrics = createMetrics(tmpdir())
  const table = metrics.counted(deps.table)
  const event = { routeKey: 'GET /api/me', rawPath: '/api/me' } as never
  await metrics.timed(async () => ({ statusCode: 404 }))(event, {} as never)
  await expect(
    metrics.timed(async () => {
      throw new Error('down')
    })(event, {} as never),
  ).rejects.toThrow('down')
  await metrics.refusing(async () => ({ isAuthorized: false }))(event)
  metrics.heard(() => {})('error', { at: 'gateway', requestId: 'req-77' })

  const pointer = (jobId: string, place: string) =>
    table.create({ ...keyOf.jobLive(jobId), gpk: 'JOB#LIVE', gsk: `${place}user-rosa#2026#${jobId}` })
  await pointer('job_1', '')
  await pointer('job_2', 'run:')
  await pointer('job_3', 'run:')
  await table.create({ ...keyOf.runQueue(), turn: 0, atWork: [{}], served: {} })
  await table.create({ ...keyOf.chunk('run_secret', 5), first: 5, last: 9 })
  await table.create({ ...keyOf.auditEvent('org_a', 3), seq: 3 })
  await table.update(keyOf.jobLive('job_1'), { set: { gsk: '~over#2026#job_1' } })
  await table.remove(keyOf.jobLive('job_3'))

  const { body, type } = await metrics.text()
  expect(type).toContain('text/plain')
  const lines = body.split('\n')
  for (const line of [
    'cloister_request_seconds_count{route="GET /api/me",status="404"} 1',
    'cloister_request_seconds_count{route="GET /api/me",status="500"} 1',
    'cloister_request_seconds_count{route="GET /api/me",status="401"} 1',
    'cloister_errors_total{at="gateway"} 1',
    'cloister_store_writes_total{item="JOB"} 6',
    'cloister_records_total 5',
    'cloister_audit_chain_events{organisation="org_a"} 3',
    'cloister_live_jobs{state="over"} 1',
    'cloister_live_jobs{state="pipeline"} 1',
    'cloister_pipeline_runs{state="at-work"} 1',
    'cloister_pipeline_runs{state="waiting"} 0',
    'cloister_participant_runs_due 0',
  ])
    expect(lines).toContain(line)
  expect(body).toMatch(/^cloister_disk_free_bytes \d/m)
  expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
  expect(body).toMatch(/^process_resident_memory_bytes \d/m)
  expect(body).not.toMatch(/rosa|run_secret|job_\d|req-77/)
})
