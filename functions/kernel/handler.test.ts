import type { Context } from 'aws-lambda'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { area, route, routeKey } from '../../contracts/route.ts'
import { served } from './area.ts'
import type { Deps } from './deps.ts'
import { Failure } from './failure.ts'
import { type Event, lambda } from './handler.ts'
import { eventOf } from './testing.ts'

const params = z.object({ id: z.string().regex(/^[a-z]+$/) })
const contract = area(
  'toys',
  'For tests',
  {},
  {
    make: route({
      method: 'POST',
      path: '/api/toys/{id}',
      function: 'toys',
      access: { kind: 'anyone' },
      status: 201,
      summary: '',
      params,
      query: z.object({ limit: z.coerce.number().int().max(5).default(2) }),
      maxBody: 100,
      body: z.object({ name: z.string().max(10), parts: z.array(z.object({ n: z.int() })).default([]) }),
      response: z.object({ name: z.string(), limit: z.int() }),
      problems: [],
      grants: ['read ORG'],
    }),
    fill: route({
      method: 'PUT',
      path: '/api/toys/{id}',
      function: 'toys',
      access: { kind: 'anyone' },
      status: 200,
      summary: '',
      params,
      body: z.array(z.json()),
      response: z.array(z.json()),
      problems: [],
      grants: [],
    }),
    drop: route({
      method: 'DELETE',
      path: '/api/toys/{id}',
      function: 'toys',
      access: { kind: 'person' },
      status: 204,
      summary: '',
      params,
      response: z.undefined(),
      problems: [],
      grants: [],
    }),
  },
)

const toys = served(contract, {})

let logs: Record<string, unknown>[]
let implementation: (deps: Deps) => Promise<object>
const key = { pk: 'ORG#x', sk: 'ORG' }
const deps = {
  log: (event: string, fields: object) => {
    logs.push({ event, ...fields })
  },
  table: { get: async () => undefined, create: async () => key, query: async () => ({ items: [] }) },
  objects: {},
  keys: {},
} as unknown as Deps
const handler = lambda(toys, 'toys', deps, {
  make: async ({ body, query }, deps) => ({ name: body.name, limit: query.limit, ...(await implementation(deps)) }),
  drop: async () => undefined,
  fill: async ({ body }) => body,
})
const send = async (
  event: Event,
): Promise<{ status: number; headers: Record<string, unknown>; body: Record<string, unknown> | undefined }> => {
  const result = await handler(event, {} as Context)
  return {
    status: result.statusCode!,
    headers: result.headers!,
    body: result.body === undefined ? undefined : (JSON.parse(result.body) as Record<string, unknown>),
  }
}
const make = (body: unknown = { name: 'ball' }, more: object = {}): Event => ({
  ...eventOf(toys.routes.make, { params: { id: 'a' }, body } as never),
  ...more,
})
beforeEach(() => {
  logs = []
  implementation = async () => ({})
})

describe('a handler', () => {
  it('parses, answers with the declared status, and lets nothing undeclared out', async () => {
    implementation = async () => ({ secret: 's' })
    expect(await send(make())).toMatchObject({
      status: 201,
      body: { name: 'ball', limit: 2 },
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    })
    expect((await send(make())).body).not.toHaveProperty('secret')
    expect(
      await send({
        ...make({ name: 'ball' }),
        isBase64Encoded: true,
        body: Buffer.from('{"name":"ball"}').toString('base64'),
      }),
    ).toMatchObject({ status: 201 })
  })
  it('names each wrong field, with what it was', async () => {
    expect(await send(make({ name: 'much too long a name', parts: [{ n: 1 }, { n: 'x' }] }))).toMatchObject({
      status: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: {
        kind: 'invalid-request',
        errors: [
          { path: '/body/name', value: 'much too long a name' },
          { path: '/body/parts/1/n', value: 'x' },
        ],
      },
    })
    expect(await send({ ...make(), queryStringParameters: { limit: '9' } })).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/query/limit' }] },
    })
    expect(await send({ ...make(), pathParameters: { id: '../x' } })).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/path/id' }] },
    })
  })
  it('refuses what is not JSON, and what is too large before it is read', async () => {
    for (const body of ['', 'x', '{"name":', undefined])
      expect(await send(make({}, { body }))).toMatchObject({
        status: 400,
        body: { kind: 'invalid-request', errors: [{ path: '/body' }] },
      })
    expect(await send(make({}, { body: '['.repeat(50) + ']'.repeat(50) }))).toMatchObject({
      status: 400,
      body: { errors: [{ path: '/body', message: expect.not.stringContaining('Too deep') as string }] },
    })
    expect(await send(make({ name: 'x'.repeat(100) }))).toMatchObject({
      status: 413,
      body: { kind: 'payload-too-large' },
    })
  })
  it('refuses what is nested so deeply that looking at it would end the process', async () => {
    const deep = lambda(
      served(
        area(
          'toys',
          '',
          {},
          {
            keep: route({
              method: 'PUT',
              path: '/api/toys/{id}',
              function: 'toys',
              access: { kind: 'anyone' },
              status: 204,
              summary: '',
              params,
              body: z.json(),
              response: z.undefined(),
              problems: [],
              grants: [],
            }),
          },
        ),
        {},
      ),
      'toys',
      deps,
      { keep: async () => undefined },
    )
    const put = async (levels: number) =>
      deep(
        { ...make({}, { body: '['.repeat(levels) + ']'.repeat(levels) }), routeKey: 'PUT /api/toys/{id}' },
        {} as Context,
      )
    expect((await put(100)).statusCode).toBe(204)
    // Told before it is parsed: the parser takes most of the time that such a body costs.
    const parser = vi.spyOn(JSON, 'parse')
    await put(400_000)
    expect(parser).not.toHaveBeenCalled()
    parser.mockRestore()
    for (const levels of [102, 5000, 400_000])
      expect(JSON.parse((await put(levels)).body!)).toMatchObject({
        kind: 'invalid-request',
        errors: [{ path: '/body', message: 'Too deep' }],
      })
  })
  it('refuses what is more than anybody needs before it is parsed', async () => {
    const parser = vi.spyOn(JSON, 'parse')
    const answers = [`[${'{},'.repeat(200_000)}0]`, `[${'0,'.repeat(200_000)}0]`].map((body) =>
      handler({ ...make({}, { body }), routeKey: routeKey(toys.routes.fill) }, {} as Context),
    )
    expect((await Promise.all(answers)).map(({ statusCode }) => statusCode)).toEqual([413, 413])
    expect(parser).not.toHaveBeenCalled()
    parser.mockRestore()
  })
  it('has a body of many values checked aside where there is an aside, and takes its word', async () => {
    const aside = vi.fn<(name: string, key: string, text: string) => Promise<object>>(async (_, __, text) =>
      text.includes('bad') ? { wrong: '/body/1: no', errors: [{ path: '/body/1', message: 'no' }] } : { json: '[7]' },
    )
    const beside = lambda(toys, 'toys', { ...deps, aside } as unknown as Deps, {
      make: async () => ({ name: 'ball', limit: 1 }),
      drop: async () => undefined,
      fill: async ({ body }) => body,
    })
    const fill = async (value: unknown): Promise<[number | undefined, unknown]> => {
      const event = make({}, { body: JSON.stringify(value), routeKey: routeKey(toys.routes.fill) })
      const { statusCode, body } = await beside(event, {} as Context)
      return [statusCode, JSON.parse(body!)]
    }
    expect(await fill([1, 2])).toEqual([200, [1, 2]])
    expect(aside).not.toHaveBeenCalled()
    expect(await fill(Array.from({ length: 3000 }, () => 1))).toEqual([200, [7]])
    expect(aside).toHaveBeenCalledWith('routeBody', 'PUT /api/toys/{id}', expect.any(String))
    expect(await fill(Array.from({ length: 3000 }, () => 'bad'))).toMatchObject([
      400,
      { kind: 'invalid-request', errors: [{ path: '/body/1' }] },
    ])
  })
  it('answers 404 for a route that is not its own, 401 without a caller, 204 without a body', async () => {
    expect(await send(make({}, { routeKey: 'GET /api/other' }))).toMatchObject({ status: 404 })
    const drop = (as?: object) =>
      send(eventOf(toys.routes.drop, { params: { id: 'a' }, ...(as ? { as } : {}) } as never))
    expect(await drop()).toMatchObject({
      status: 401,
      body: { kind: 'sign-in-required' },
      headers: { 'www-authenticate': 'Bearer' },
    })
    expect(await drop({ userId: 'u', loginAt: 0, groups: [] })).toMatchObject({ status: 204, body: undefined })
  })
  it('maps a failure once, with what it carries', async () => {
    implementation = async () => {
      throw new Failure('login-too-old', 'Sign in again.', undefined, { maxAgeSeconds: 900 })
    }
    expect(await send(make())).toMatchObject({
      status: 403,
      body: {
        type: '/docs/problems#login-too-old',
        kind: 'login-too-old',
        detail: 'Sign in again.',
        maxAgeSeconds: 900,
        instance: expect.any(String) as string,
      },
    })
  })
  it('tells nobody, and no log, what a defect said', async () => {
    implementation = async () => {
      throw new TypeError('row value hunter2')
    }
    expect(await send(make())).toMatchObject({ status: 500, body: { kind: 'internal' } })
    implementation = async () => ({ name: { hunter2: 1 } })
    expect(await send(make())).toMatchObject({ status: 500, body: { kind: 'internal' } })
    expect(logs).toMatchObject([
      { event: 'error', error: 'TypeError' },
      { event: 'error', error: 'ZodError' },
    ])
    expect(JSON.stringify(logs)).not.toContain('hunter2')
  })
  it('can do what its grants name and nothing else', async () => {
    implementation = async (deps) => {
      await deps.table.get(key)
      await deps.table.query('ORG#x')
      return {}
    }
    expect(await send(make())).toMatchObject({ status: 201 })
    for (const act of [
      (deps: Deps) => deps.table.create(key),
      (deps: Deps) => deps.table.get({ pk: 'RUN#x', sk: 'RUN' }),
      (deps: Deps) => deps.table.get({ pk: 'ORGANISATION#x', sk: 'X' }),
      (deps: Deps) => deps.table.remove(key),
      (deps: Deps) => deps.table.query('AUDIT#x'),
      (deps: Deps) => deps.objects.get('sealed', 'x'),
      (deps: Deps) => deps.objects.signedPut('assets', 'x', { sha256: '', size: 1, type: '' }, 1),
      (deps: Deps) => deps.keys.unwrap('k', new Uint8Array()),
      (deps: Deps) => deps.keys.mac('pseudonym', 'x'),
    ]) {
      implementation = async (deps) => {
        await act(deps)
        return {}
      }
      expect(await send(make())).toMatchObject({ status: 500 })
      expect(logs.at(-1)).toMatchObject({ error: 'NotGranted' })
    }
  })
})
