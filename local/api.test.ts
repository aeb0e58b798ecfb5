import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { allRoutes } from '../contracts/index.ts'
import type { LambdaHandler } from '../functions/kernel/handler.ts'
import { createApi, createRouter, queryOf } from './api.ts'
import { segments } from './http.ts'

test('a query is what it says, also by names that every object has', () => {
  expect(queryOf('?limit=5&tag=a&tag=b')).toEqual({ limit: '5', tag: 'a,b' })
  expect(queryOf('?constructor=1&toString=2')).toEqual({ constructor: '1', toString: '2' })
  expect(Object.entries(queryOf('?__proto__=1'))).toEqual([['__proto__', '1']])
  expect(queryOf('')).toEqual({})
})

test('a bearer that nobody knows takes the places of its address; one that was right has its own', async () => {
  let atWork = 0
  let most = 0
  const works: LambdaHandler = async (event) => {
    most = Math.max(most, ++atWork)
    await pause(20)
    atWork--
    return { statusCode: event.headers['authorization']?.includes('right') ? 200 : 401 }
  }
  const api = createApi({
    handlers: new Map(allRoutes.map(({ area, route }) => [`${area}/${route.function}`, works])),
    authorizer: async () => ({ isAuthorized: false }),
    log: () => {},
    doing: () => () => {},
  })
  const { named } = createRouter(new Map(allRoutes.map(({ area, route }) => [`${area}/${route.function}`, works])))(
    segments('/api/runs/r/records')!,
  ).find((target) => target.named.route.access.kind === 'run-token')!
  const ask = async (token: string) => {
    const sent = Readable.from([Buffer.from('{}')])
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': '203.0.113.7' }
    const request = Object.assign(sent, { method: named.route.method, headers, httpVersion: '1.1' })
    return (await api(request as never, '/api/runs/r/records', '', new AbortController().signal)).status
  }
  const many = (name: string) =>
    Array.from({ length: 40 }, (_, i) => `${name}${'-'.repeat(38 - name.length)}${i + 10_000}`)
  await Promise.all(many('wrong').map(ask))
  expect(most).toBe(16)
  most = 0
  await Promise.all(many('right').map(ask))
  expect(most).toBe(16)
  most = 0
  await Promise.all(many('right').map(ask))
  expect(most).toBe(40)
})
