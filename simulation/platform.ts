/**
 * The platform of a history: the real handlers, made once for a thread and never again. What they reach, the world of
 * whoever is at work answers; so a process that begins anew costs nothing, and one that has died reaches nothing.
 */
import type { Context } from 'aws-lambda'
import { allRoutes } from '../contracts/index.ts'
import { creators, steps } from '../functions/all.ts'
import { createAuthorizer } from '../functions/access/authorizer.ts'
import type { Event, LambdaHandler } from '../functions/kernel/handler.ts'
import { toContext } from '../functions/kernel/caller.ts'
import { kinds } from '../functions/job-kinds.ts'
import { createRecoverJobs } from '../functions/workflow/recover-jobs.ts'
import { createSweep } from '../functions/runs/sweep.ts'
import type { StepDeps } from '../functions/workflow/job-kind.ts'
import type { Compute } from '../ports/compute.ts'
import type { Engine } from '../ports/engine.ts'
import type { Keys } from '../ports/keys.ts'
import type { Logs } from '../ports/logs.ts'
import type { Workflow } from '../ports/workflow.ts'
import { createRouter, eventOf, type Target } from '../local/api.ts'
import { segments } from '../local/http.ts'
import { atWork, MemoryAtWork } from './processes.ts'
import type { Tasks } from './workflow.ts'
import type { World } from './world.ts'

/** A world with everything that handlers reach. */
export interface Served extends World {
  keys: Keys
  engine: Engine
  workflow: Workflow
  compute: Compute
  logs: Logs
}
const here = (): Served => atWork().process.world as Served

/** A port whose every method asks the world of whoever is at work. */
const facade = <P extends object>(of: (world: Served) => P, methods: readonly (keyof P & string)[]): P =>
  Object.fromEntries(
    methods.map((name) => [name, (...given: never[]) => (of(here())[name] as (...all: never[]) => unknown)(...given)]),
  ) as P

const origin = 'https://cloister.example'
const deps: StepDeps = {
  kinds,
  table: facade((w) => w.table, ['get', 'create', 'replace', 'update', 'remove', 'query']),
  objects: facade(
    (w) => w.objectStore,
    ['put', 'get', 'head', 'copy', 'remove', 'list', 'signedPut', 'signedWrite', 'signedGet'],
  ),
  keys: facade((w) => w.keys, ['createKey', 'publicKey', 'unwrap', 'mac']),
  engine: facade((w) => w.engine, ['read', 'store', 'count', 'difference', 'materialise', 'validate', 'query']),
  workflow: facade((w) => w.workflow, ['start', 'stop', 'running']),
  compute: facade((w) => w.compute, ['submit', 'state', 'stop', 'logs']),
  logs: facade((w) => w.logs, ['read', 'tail', 'follow', 'conclude', 'archive']),
  now: () => here().surroundings.now(),
  random: (bytes) => here().surroundings.random(bytes),
  pause: (...given) => here().surroundings.pause(...given),
  memory: new MemoryAtWork(),
  log: (event, fields) => here().logged?.(event, fields),
  settings: {
    mainOrigin: origin,
    studyOrigin: 'https://studies.example',
    issuer: `${origin}/oidc`,
    jwksUri: `${origin}/oidc/jwks`,
    clientId: 'cloister-portal',
    scope: 'openid',
    version: 'simulated',
  },
}

/** A request as a browser or a tool makes it, below the platform's address. */
export interface Asked {
  method: string
  /** With the query. */
  path: string
  headers: Record<string, string>
  body: string | undefined
}
export interface Answered {
  status: number
  text: string
}

export interface Platform {
  /** What the gateway does with a request, in the process that is at work. */
  answer(asked: Asked, requestId: string): Promise<Answered>
  sweep(): Promise<unknown>
  watch(): Promise<unknown>
  tasks: Tasks
}

/** Everything that runs, made once. */
export async function createPlatform(): Promise<Platform> {
  const handlers = new Map<string, LambdaHandler>(
    await Promise.all(Object.entries(creators).map(async ([name, load]) => [name, (await load())(deps)] as const)),
  )
  // Loaded when they are first needed; here that must take no time.
  await Promise.all([import('../functions/synthesis/expiry.ts'), import('../functions/synthesis/twins.ts')])
  const find = createRouter(handlers)
  const authorizer = createAuthorizer(deps)
  const targets = new Map<string, { target: Target; parts: string[] } | undefined>()
  const targetOf = (method: string, path: string) => {
    const key = `${method} ${path}`
    if (!targets.has(key)) {
      if (targets.size > 20_000) targets.clear()
      const parts = segments(path)
      const target = parts && find(parts).find((one) => one.named.route.method === method)
      targets.set(key, target && { target, parts: parts! })
    }
    return targets.get(key)
  }
  const named = Object.fromEntries(
    await Promise.all(
      Object.entries(steps).map(async ([name, load]) => [
        `\${${name[0]!.toUpperCase()}${name.slice(1)}Arn}`,
        ((await load()) as (d: StepDeps) => (input: never) => Promise<object>)(deps),
      ]),
    ),
  ) as Tasks

  /** Who asks: a person by name, or a personal access token. Undefined when nobody may be who they say. */
  async function contextOf(credential: string | undefined): Promise<Record<string, string> | undefined> {
    if (credential === undefined) return undefined
    const person = /^Bearer person:(.+)$/.exec(credential)?.[1]
    if (person !== undefined) {
      const loginAt = Math.floor(here().time.now / 1000)
      return toContext({ userId: person, loginAt, groups: [] }) as unknown as Record<string, string>
    }
    const verdict = await authorizer({ headers: { authorization: credential } } as never)
    return verdict.isAuthorized ? (verdict.context as Record<string, string>) : undefined
  }

  return {
    sweep: createSweep(deps),
    watch: createRecoverJobs(deps),
    tasks: named,
    async answer({ method, path, headers, body }, requestId) {
      const [bare, search = ''] = path.split('?', 2) as [string, string?]
      const found = targetOf(method, bare)
      if (!found) return { status: 404, text: '{"kind":"not-found"}' }
      const { target, parts } = found
      const authorization = headers['authorization']
      const context = target.open ? undefined : await contextOf(authorization)
      if (!target.open && !context) return { status: 401, text: '{"kind":"sign-in-required"}' }
      const event = eventOf(
        { method, path: bare, search, headers, sourceIp: '127.0.0.1', protocol: 'HTTP/1.1' },
        target,
        parts,
        requestId,
      )
      const whole: Event = {
        ...event,
        ...(body === undefined ? {} : { body }),
        requestContext: { ...event.requestContext, authorizer: { lambda: context as never } },
      }
      const { statusCode = 200, body: text = '' } = await target.handler(whole, {} as Context)
      return { status: statusCode, text }
    },
  }
}

/** Every route there is, for whoever looks at all of them. */
export const everyRoute = allRoutes
