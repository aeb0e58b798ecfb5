/**
 * For tests of handlers: real parts on one's own machine, and calls in API Gateway's shape.
 *
 *     const h = await harness()
 *     const { organisationId } = await h.organisation('Lab', { ada: ['admin', 'researcher'], otto: ['auditor'] })
 *     const as = h.person('ada')
 *     await h.call('studies', 'create', { as, params: { organisationId }, body }) // the parsed answer, or `Refused`
 *     await h.refused('studies', 'study', { as, params: { studyId } }) // the problem; throws when it succeeds
 *     await h.answer('runs', 'append', { authorization, params, body }) // { status, headers, body }, whatever it is
 *     h.clock.advance(60) // seconds; it stands still otherwise
 *     h.deps // table in memory, keyring and objects in a temporary folder; log lines are kept in h.logs
 *     await h.close()
 *
 * `h.person(name, { groups, loginSecondsAgo, scopes, secondFactor })` is a Caller with user id `user-<name>`; `scopes`
 * makes it come with a personal access token. Functions are found as the contract names them:
 * functions/<area>/<function>.ts, export `create<Function>`.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context } from 'aws-lambda'
import { localKeys } from '../../adapters/local/keys.ts'
import { localObjects, type LocalObjects } from '../../adapters/local/objects.ts'
import { memoryTable } from '../../adapters/local/testing.ts'
import { allEntities, areas } from '../../contracts/index.ts'
import type { Problem } from '../../contracts/problems.ts'
import {
  type Answered,
  type Area,
  type BodyInput,
  fillPath,
  type QueryInput,
  type Route,
  routeKey,
} from '../../contracts/route.ts'
import type { Role, Scope } from '../../domain/access/permissions.ts'
import type { Item, Table } from '../../ports/table.ts'
import { noCompute } from '../../ports/compute.ts'
import type { z } from 'zod'
import { type Caller, toContext } from './caller.ts'
import { kinds } from '../job-kinds.ts'
import type { StepDeps } from '../workflow/job-kind.ts'
import type { Deps } from './deps.ts'
import type { Event, LambdaHandler } from './handler.ts'
import { newId } from './ids.ts'
import { realPause } from './pause.ts'
import { keyOf, type MemberItem, type OrganisationItem, type PersonProfile } from './items.ts'

type Areas = typeof areas
type Routes<A extends keyof Areas> = Areas[A]['routes']
type RouteOf<A extends keyof Areas, N extends keyof Routes<A>> = Routes<A>[N] extends Route ? Routes<A>[N] : never

export interface CallInput<R extends Route = Route> {
  as?: Caller
  params?: R['params'] extends z.ZodObject ? { [K in keyof z.input<R['params']>]: string | number } : undefined
  query?: QueryInput<R>
  body?: BodyInput<R>
  /** For run tokens; a person's credentials are `as`. */
  authorization?: string
  idempotencyKey?: string
}

/** A route answered with a problem where the test wanted success, or the other way round. */
export class Refused extends Error {
  override name = 'Refused'
  readonly problem: Problem
  constructor(where: string, problem: Problem) {
    super(`${where}: ${problem.status} ${problem.kind}: ${problem.detail} ${JSON.stringify(problem.errors ?? [])}`)
    this.problem = problem
  }
}

/** A part that this test did not bring. */
const absent = <P extends object>(name: string): P =>
  new Proxy({} as P, {
    get: (_, act) => () => {
      throw new Error(`This harness has no ${name}, so no ${String(act)}`)
    },
  })

const start = Date.parse('2026-03-02T09:00:00.000Z')
const pascal = (name: string): string =>
  name
    .split('-')
    .map((w) => w[0]!.toUpperCase() + w.slice(1))
    .join('')

/** What an entity says of its end holds for every item that is written: it carries `goneAt`, or never does. */
function withEnds(table: Table): Table {
  return {
    ...table,
    async create<T extends object>(item: Item<T>) {
      const found = allEntities.find(({ entity }) => entity.key.read(item))
      const ends = found?.entity.declaration.deletedBy
      const expires = ends !== undefined && !('kept' in ends) && ends.includes('expiry')
      if (expires !== (item.goneAt !== undefined))
        throw new Error(`${found?.name ?? item.pk}: ${expires ? 'its end is not said' : 'it has no end'}`)
      return table.create(item)
    },
  }
}

/** The event API Gateway sends for a route (HTTP API, payload 2.0). */
export function eventOf(route: Route, input: CallInput): Event {
  const params = Object.fromEntries(Object.entries(input.params ?? {}).map(([k, v]) => [k, String(v)]))
  const query = Object.fromEntries(
    Object.entries((input.query ?? {}) as Record<string, unknown>)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [k, String(v)]),
  )
  const rawPath = fillPath(route.path, params)
  return {
    version: '2.0',
    routeKey: routeKey(route),
    rawPath,
    rawQueryString: new URLSearchParams(query).toString(),
    isBase64Encoded: false,
    headers: {
      'content-type': 'application/json',
      ...(input.authorization ? { authorization: input.authorization } : {}),
      ...(input.idempotencyKey ? { 'idempotency-key': input.idempotencyKey } : {}),
    },
    ...(Object.keys(params).length ? { pathParameters: params } : {}),
    ...(Object.keys(query).length ? { queryStringParameters: query } : {}),
    ...(route.body ? { body: JSON.stringify(input.body) } : {}),
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName: 'localhost',
      domainPrefix: 'local',
      requestId: randomUUID(),
      routeKey: routeKey(route),
      stage: '$default',
      time: '',
      timeEpoch: 0,
      http: { method: route.method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      authorizer: { lambda: input.as ? toContext(input.as) : undefined },
    },
  }
}

export interface Harness {
  deps: StepDeps
  objects: LocalObjects
  logs: Record<string, unknown>[]
  clock: { now(): Date; set(iso: string): void; advance(seconds: number): void }
  /** A temporary folder that goes away with the harness. */
  folder: string
  person(
    name: string,
    options?: { groups?: string[]; loginSecondsAgo?: number; scopes?: Scope[]; secondFactor?: true },
  ): Caller
  /** Puts an organisation with its key pair and members into the table, as if they had joined. */
  organisation(name: string, people: Record<string, Role[]>): Promise<{ organisationId: string; kid: string }>
  answer<A extends keyof Areas, N extends keyof Routes<A> & string>(
    area: A,
    name: N,
    input?: CallInput<RouteOf<A, N>>,
  ): Promise<{ status: number; headers: Record<string, unknown>; body: unknown }>
  call<A extends keyof Areas, N extends keyof Routes<A> & string>(
    area: A,
    name: N,
    input?: CallInput<RouteOf<A, N>>,
  ): Promise<Answered<RouteOf<A, N>>>
  refused<A extends keyof Areas, N extends keyof Routes<A> & string>(
    area: A,
    name: N,
    input?: CallInput<RouteOf<A, N>>,
  ): Promise<Problem>
  close(): Promise<void>
}

/** Starts the parts; see the top of this file. */
export async function harness(
  parts: Partial<Pick<Deps, 'engine' | 'workflow' | 'compute' | 'logs' | 'mail'>> = {},
): Promise<Harness> {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-test-'))
  const table = memoryTable()
  let time = start
  const logs: Record<string, unknown>[] = []
  const settings: Deps['settings'] = {
    mainOrigin: 'http://127.0.0.1:4680',
    studyOrigin: 'http://localhost:4680',
    issuer: 'http://127.0.0.1:4680/oidc',
    jwksUri: 'http://127.0.0.1:4680/oidc/jwks',
    clientId: 'cloister-portal',
    scope: 'openid profile email',
    tellsFactors: true,
    version: 'test',
  }
  const objects = localObjects({
    folder: join(folder, 'objects'),
    baseUrl: settings.mainOrigin,
    secret: randomBytes(32),
    table,
  })
  const deps: StepDeps = {
    kinds,
    table: withEnds(table),
    objects,
    keys: localKeys({ file: join(folder, 'keyring.json') }),
    engine: parts.engine ?? absent<Deps['engine']>('engine'),
    workflow: parts.workflow ?? absent<Deps['workflow']>('workflow'),
    compute: parts.compute ?? noCompute,
    logs: parts.logs ?? absent<Deps['logs']>('logs'),
    mail: parts.mail,
    settings,
    now: () => new Date(time),
    random: (n) => new Uint8Array(randomBytes(n)),
    pause: realPause,
    memory: new Map(),
    log: (event, fields) => {
      logs.push({ event, ...fields })
    },
  }
  const handlers = new Map<string, Promise<LambdaHandler>>()
  const handlerOf = (area: string, name: string): Promise<LambdaHandler> => {
    const key = `${area}/${name}`
    let found = handlers.get(key)
    if (!found) {
      found = import(/* @vite-ignore */ new URL(`../${key}.ts`, import.meta.url).href).then(
        (m: Record<string, (d: StepDeps) => LambdaHandler>) => m[`create${pascal(name)}`]!(deps),
      )
      handlers.set(key, found)
    }
    return found
  }
  const answer: Harness['answer'] = async (area, name, input = {}) => {
    const route = (areas[area] as Area).routes[name]!
    const handler = await handlerOf(area, route.function)
    const result = await handler(eventOf(route, input as CallInput), {} as Context)
    return {
      status: result.statusCode ?? 200,
      headers: result.headers ?? {},
      body: result.body === undefined ? undefined : (JSON.parse(result.body) as unknown),
    }
  }

  return {
    deps,
    objects,
    logs,
    folder,
    answer,
    clock: {
      now: () => new Date(time),
      set: (iso) => {
        time = Date.parse(iso)
      },
      advance: (seconds) => {
        time += seconds * 1000
      },
    },
    person: (name, { groups = [], loginSecondsAgo = 0, scopes, secondFactor } = {}) => ({
      userId: `user-${name}`,
      groups,
      ...(secondFactor ? { secondFactor } : {}),
      loginAt: Math.floor(time / 1000) - loginSecondsAgo,
      ...(scopes
        ? {
            token: {
              tokenId: 'tok_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
              scopes,
              expires: new Date(time + 86_400_000).toISOString(),
            },
          }
        : {}),
    }),
    async organisation(name, people) {
      const organisationId = newId(deps, 'org')
      const kid = await deps.keys.createKey(organisationId)
      const since = deps.now().toISOString()
      await deps.table.create<OrganisationItem>({
        ...keyOf.organisation(organisationId),
        organisationId,
        name,
        kid,
        created: since,
      })
      for (const [who, roles] of Object.entries(people)) {
        const userId = `user-${who}`
        await deps.table
          .create<PersonProfile>({
            ...keyOf.person(userId),
            userId,
            name: pascal(who),
            email: `${who}@lab.example`,
            seen: since,
          })
          .catch(() => undefined)
        await deps.table.create<MemberItem>({
          ...keyOf.member(organisationId, userId),
          gpk: `USER#${userId}`,
          gsk: `ORG#${organisationId}`,
          organisationId,
          organisation: name,
          userId,
          roles,
          since,
        })
      }
      return { organisationId, kid }
    },
    async call(area, name, input) {
      const response = await answer(area, name, input)
      if (response.status >= 400) throw new Refused(`${area}.${name}`, response.body as Problem)
      return response.body as never
    },
    async refused(area, name, input) {
      const response = await answer(area, name, input)
      if (response.status < 400) throw new Error(`${area}.${name} answered ${response.status}, a problem was expected`)
      return response.body as Problem
    },
    async close() {
      table.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
