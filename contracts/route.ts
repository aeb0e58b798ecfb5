/** What a contract is: one route, everything its four readers (gateway, handler, client, docs) need to know. */
import type * as z from 'zod'
import type { Permission } from '../domain/access/permissions.ts'
import type { Bucket, Entities, EntityPrefix } from './entity.ts'
import type { Kind } from './problems.ts'

export type { Bucket, EntityPrefix as Entity } from './entity.ts'

/**
 * What a function may touch to serve a route; least privilege is the union over a function's routes. `read PREFIX` get
 * and query, `write PREFIX` put, update and delete; `get/put/delete BUCKET`; `list BUCKET` names without bytes;
 * `held-outputs`: of quarantine what the gate has decided on and checkers look at, not what computations wrote;
 * `public-key`, `create-key`, `unwrap`, `mac`: acts of the Keys port; `engine`: the port that touches rows;
 * `start-job`, `stop-job`: the workflow; `submit-container`, `stop-container`: the place where containers run;
 * `read-log`, `write-log`: logs of runs.
 */
export type Grant =
  | `read ${EntityPrefix}`
  | `write ${EntityPrefix}`
  | `get ${Bucket}`
  | `list ${Bucket}`
  | `put ${Bucket}`
  | `delete ${Bucket}`
  | 'held-outputs'
  | 'public-key'
  | 'create-key'
  | 'unwrap'
  | 'send-mail'
  | 'mac'
  | 'engine'
  | 'start-job'
  | 'stop-job'
  | 'submit-container'
  | 'stop-container'
  | 'read-log'
  | 'write-log'

/** Resources that a route can be about, with the parameter of its path that says which one. */
export const resourceParameters = {
  organisation: 'organisationId',
  study: 'studyId',
  run: 'runId', // by a researcher; the participant's page comes with a run token
  dataset: 'datasetId',
  job: 'jobId',
  synthesis: 'synthesisId',
  pipeline: 'pipelineId',
  experiment: 'experimentId',
  'pipeline-run': 'jobId',
} as const
export type ResourceKind = keyof typeof resourceParameters

/** The permission that a route needs on its resource, and whether the sign-in has to be recent. */
export interface Needs {
  permission: Permission
  recentLogin?: true
}

/** Who may call a route. The kernel resolves the resource named here before the handler runs. */
export type Access =
  | { kind: 'anyone' } // no credentials: participants' pages, device login
  | { kind: 'person' } // signed in, no organisation needed
  | { kind: 'run-token' } // params.runId, by the participant's page
  | { [K in ResourceKind]: { kind: K } & Needs }[ResourceKind]

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Route {
  method: Method
  path: `/api/${string}`
  /** One line for the reference. */
  summary: string
  /** More for the reference: what to know before calling. */
  detail?: string
  /** The Lambda that serves it; its entry is `functions/<area>/<function>.handler.ts`. */
  function: string
  access: Access
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** Body limit in bytes (default 1 MiB). */
  maxBody?: number
  /** Success: status and body. `z.undefined()` for 204. */
  status: 200 | 201 | 202 | 204
  response: z.ZodType
  /**
   * Answers piece by piece, for as long as something is to be said. `events`: server-sent events, `response` is the
   * shape of one event's data; `text`: a file, `response` is a string. In AWS such a function has an address of its own
   * behind the same origin (lib/web-stack.ts), so it serves no other routes.
   */
  stream?: 'events' | 'text'
  /**
   * It starts something: clients send an `Idempotency-Key`, by which the same request again finds what the first one
   * made, for a day, also when that one was killed half-way or is still at work
   * (docs/decisions/0016-a-key-makes-the-second-request-the-first.md). `kept`: the answer is kept and given again.
   * `found`: the implementation finds the thing and answers how it is now, which it must where an answer holds a
   * secret, or where it is the implementation that looks who may. Its grants include `starting`.
   */
  starts?: 'kept' | 'found'
  /** The kinds of problem it can answer with, besides those every route has (see `commonProblems`). */
  problems: readonly Kind[]
  grants: readonly Grant[]
}

export interface Area<R extends Record<string, Route> = Record<string, Route>, E extends Entities = Entities> {
  name: string
  summary: string
  routes: R
  /** What the table keeps for this area. */
  entities: E
}

/** Grants of every route that starts something: where keys of requests lie. */
export const starting = ['read INTENT', 'write INTENT'] as const satisfies readonly Grant[]

/** Declares a route; keeps the literal types. */
export const route = <const R extends Route>(declared: R): R => declared

/** Declares an area: the entities that the table keeps for it, and the routes of its contract file. */
export const area = <const E extends Entities, const R extends Record<string, Route>>(
  name: string,
  summary: string,
  entities: E,
  routes: R,
): Area<R, E> => ({ name, summary, routes, entities })

type Out<S> = S extends z.ZodType ? z.output<S> : undefined
type In<S> = S extends z.ZodType ? z.input<S> : undefined
export type Params<R extends Route> = R['params'] extends z.ZodObject ? z.output<R['params']> : Record<string, never>
export type Query<R extends Route> = R['query'] extends z.ZodObject ? z.output<R['query']> : Record<string, never>
export type Body<R extends Route> = Out<R['body']>
export type BodyInput<R extends Route> = In<R['body']>
export type QueryInput<R extends Route> = R['query'] extends z.ZodObject ? z.input<R['query']> : undefined
export type Answer<R extends Route> = z.input<R['response']>
export type Answered<R extends Route> = z.output<R['response']>

/** API Gateway's route key, also the kernel's dispatch key. */
export const routeKey = (of: Route): string => `${of.method} ${of.path}`

/** A resource that one may not see answers as one that does not exist: no kind may leave that out. */
const ofResource = ['sign-in-required', 'not-found', 'forbidden', 'second-factor-needed'] as const
/** The problems of every kind of access. */
export type ProblemsOfAccess = {
  readonly [K in Access['kind']]: K extends ResourceKind ? typeof ofResource : readonly Kind[]
}
const problemsOfAccess = {
  anyone: [],
  person: ['sign-in-required'],
  'run-token': ['run-token-invalid'],
  organisation: ofResource,
  study: ofResource,
  run: ofResource,
  dataset: ofResource,
  job: ofResource,
  synthesis: ofResource,
  pipeline: ofResource,
  experiment: ofResource,
  'pipeline-run': ofResource,
} satisfies ProblemsOfAccess

/** Problems that follow from a route's declaration alone. */
export function commonProblems(of: Route): Kind[] {
  const kinds: Kind[] = ['internal']
  if (of.params || of.query || of.body) kinds.push('invalid-request')
  if (of.body) kinds.push('payload-too-large')
  kinds.push(...problemsOfAccess[of.access.kind])
  // The key was used for something else.
  if (of.starts && of.body) kinds.push('already-exists')
  if ('recentLogin' in of.access && of.access.recentLogin) kinds.push('login-too-old')
  return kinds
}

/** Every kind a route can answer with, common and its own, without repeats. */
export const allProblems = (of: Route): Kind[] => [...new Set([...commonProblems(of), ...of.problems])]

/** Fills `{name}` in a route's path. */
export const fillPath = (path: string, params: Record<string, string | number>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
