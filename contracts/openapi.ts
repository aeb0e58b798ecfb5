/** OpenAPI 3.1 from the contracts: the same routes the gateway, the handlers and the client read. */
import * as z from 'zod'
import { permissionTable, recentLoginSeconds } from '../domain/access/permissions.ts'
import { allRoutes, areas, type NamedRoute } from './index.ts'
import { type Kind, Problem, problems } from './problems.ts'
import { allProblems, type Area, type Route } from './route.ts'

type Json = Record<string, unknown>
interface Operation extends Json {
  operationId: string
  responses: Record<string, Json>
}
interface OpenApi {
  openapi: '3.1.0'
  info: Json
  servers: Json[]
  tags: Json[]
  security: Json[]
  paths: Record<string, Record<string, Operation>>
  components: Json
}

/**
 * The one schema here that refers to itself is `z.json()`; its reference would point out of the document once it is
 * embedded.
 */
function anyJson(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(anyJson)
  if (node === null || typeof node !== 'object') return node
  if (typeof (node as Json)['$ref'] === 'string') return { description: 'Any JSON value' }
  return Object.fromEntries(Object.entries(node).map(([name, member]) => [name, anyJson(member)]))
}

/** The JSON Schema of a zod schema as it travels: what is sent (`input`) or what is answered (`output`). */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const {
    $schema: _,
    '~standard': __,
    $defs,
    ...json
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' }) as Json
  return $defs === undefined ? json : (anyJson(json) as Json)
}

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A new key for each thing that is to be started, and the same one when a request is sent again: for a day the same key answers what the first request started, also when that was cut off half-way. The same key with another body is refused.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,200}$' },
}

function parameters(route: Route): Json[] {
  const of = (where: 'path' | 'query', object: z.ZodObject | undefined): Json[] => {
    if (!object) return []
    const { properties = {}, required = [] } = schemaOf(object, 'input') as {
      properties?: Record<string, Json>
      required?: string[]
    }
    return Object.entries(properties).map(([name, { description, ...schema }]) => ({
      name,
      in: where,
      required: where === 'path' || required.includes(name),
      ...(description ? { description } : {}),
      schema,
    }))
  }
  return [...of('path', route.params), ...of('query', route.query), ...(route.starts ? [idempotencyKey] : [])]
}

const scopeOf = new Map(permissionTable().map((row) => [row.permission, row.scope]))

/** Who may call a route, as a sentence for the reference. */
export function whoMay({ access }: Route): string {
  switch (access.kind) {
    case 'anyone':
      return 'Anyone; no sign-in.'
    case 'run-token':
      return 'The participant’s page, with the token of this run.'
    case 'person':
      return 'Anyone who is signed in.'
    default:
      return `Permission \`${access.permission}\`; with an access token, scope \`${scopeOf.get(access.permission)}\`.${access.recentLogin ? ` Needs a sign-in at most ${recentLoginSeconds / 60} minutes old.` : ''}`
  }
}

function security({ access }: Route): Json[] {
  if (access.kind === 'anyone') return []
  if (access.kind === 'run-token') return [{ runToken: [] }]
  return [{ session: [] }, { accessToken: [] }]
}

function responses({ route }: NamedRoute): Record<string, Json> {
  const byStatus = Map.groupBy(allProblems(route), (kind) => problems[kind].status)
  const answer: Json =
    route.status === 204
      ? { description: 'Done; no body' }
      : { description: 'Success', content: { 'application/json': { schema: schemaOf(route.response, 'output') } } }
  return {
    [route.status]: answer,
    ...Object.fromEntries(
      [...byStatus]
        .sort(([a], [b]) => a - b)
        .map(([status, kinds]) => [
          String(status),
          {
            description: kinds.map((k) => `\`${k}\`: ${problems[k].title}`).join('. '),
            content: {
              'application/problem+json': {
                schema: {
                  allOf: [
                    { $ref: '#/components/schemas/Problem' },
                    { type: 'object', properties: { kind: { enum: kinds } } },
                  ],
                },
              },
            },
          },
        ]),
    ),
  }
}

function operation(named: NamedRoute): Operation {
  const { route } = named
  return {
    operationId: `${named.area}.${named.name}`,
    tags: [named.area],
    summary: route.summary,
    description: [route.detail, whoMay(route)].filter(Boolean).join('\n\n'),
    ...(route.params || route.query ? { parameters: parameters(route) } : {}),
    ...(route.body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }
      : {}),
    security: security(route),
    responses: responses(named),
  }
}

/**
 * The OpenAPI 3.1 document. `mainOrigin` (e.g. `https://cloister.example`) becomes the one server; '' means "where this
 * document was read". Pure: the same arguments give the same document, so a deployment can store it as a static file.
 */
export function openapi(mainOrigin = '', version = '0.1.0'): OpenApi {
  const paths: OpenApi['paths'] = {}
  for (const named of allRoutes) (paths[named.route.path] ??= {})[named.route.method.toLowerCase()] = operation(named)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cloister',
      version,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
      description:
        'Every failure is `application/problem+json` (RFC 9457) with a stable `kind`; the kinds are listed at /docs/problems. Lists answer `items` and `next`; send `next` back as `after`.',
    },
    servers: [{ url: mainOrigin || '/' }],
    tags: Object.values(areas as Record<string, Area>).map((a) => ({ name: a.name, description: a.summary })),
    security: [{ session: [] }, { accessToken: [] }],
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: {
        session: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'Access token of a person signed in at the portal (OIDC authorization code with PKCE)',
        },
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'clo_…',
          description: 'Personal access token, or the one a tool received by device sign-in; limited to its scopes',
        },
        runToken: {
          type: 'http',
          scheme: 'bearer',
          description: 'Token of one run, given to the participant’s page when the run starts',
        },
      },
    },
  }
}

/** Where each problem kind is explained. */
export const problemList: { kind: Kind; status: number; title: string; answeredBy: string[] }[] = Object.entries(
  problems,
).map(([kind, problem]) => ({
  kind: kind as Kind,
  status: problem.status,
  title: problem.title,
  answeredBy: allRoutes.filter((n) => allProblems(n.route).includes(kind as Kind)).map((n) => `${n.area}.${n.name}`),
}))
