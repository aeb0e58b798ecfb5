import { describe, expect, it } from 'vitest'
import { allRoutes } from './index.ts'
import { openapi, problemList } from './openapi.ts'
import { problems } from './problems.ts'
import { allProblems } from './route.ts'

type Any = Record<string, any>
const doc = openapi('https://cloister.example', '1.2.3') as Any

/** Every `$ref` of the document, and whether it points at something. */
function* references(node: unknown): Generator<string> {
  if (Array.isArray(node)) for (const n of node) yield* references(n)
  else if (node && typeof node === 'object')
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref') yield value as string
      else yield* references(value)
    }
}

describe('the OpenAPI document', () => {
  it('has what OpenAPI 3.1 requires', () => {
    expect(doc['openapi']).toBe('3.1.0')
    expect(doc['info']).toMatchObject({ title: 'Cloister', version: '1.2.3', license: { identifier: 'Apache-2.0' } })
    expect(doc['servers']).toEqual([{ url: 'https://cloister.example' }])
    for (const ref of references(doc))
      expect(
        ref
          .slice(2)
          .split('/')
          .reduce<any>((at, key) => at?.[key], doc),
        ref,
      ).toBeDefined()
    expect(JSON.parse(JSON.stringify(doc))).toEqual(doc)
  })

  it('says every route once, under a unique operationId', () => {
    const operations = Object.values(doc['paths'] as Any).flatMap((p) => Object.values(p as Any))
    expect(operations).toHaveLength(allRoutes.length)
    expect(new Set(operations.map((o) => o.operationId)).size).toBe(allRoutes.length)
  })

  it.each(allRoutes.map((n) => [`${n.route.method} ${n.route.path}`, n] as const))(
    '%s: every status, parameter and credential',
    (_, named) => {
      const op = doc['paths'][named.route.path][named.route.method.toLowerCase()] as Any
      expect(op['operationId']).toBe(`${named.area}.${named.name}`)
      const statuses = new Set(
        [named.route.status, ...allProblems(named.route).map((k) => problems[k].status)].map(String),
      )
      expect(Object.keys(op['responses']).sort()).toEqual([...statuses].sort())
      for (const kind of allProblems(named.route)) {
        const answer = op['responses'][problems[kind].status].content['application/problem+json'].schema
        expect(answer.allOf[1].properties.kind.enum).toContain(kind)
      }
      const inPath = (op['parameters'] ?? []).filter((p: Any) => p['in'] === 'path').map((p: Any) => p['name'])
      expect(inPath.sort()).toEqual([...named.route.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort())
      for (const parameter of (op['parameters'] ?? []) as Any[]) {
        expect(parameter['schema']).toBeTypeOf('object')
        expect(parameter['in'] !== 'path' || parameter['required']).toBe(true)
      }
      expect('requestBody' in op).toBe(named.route.body !== undefined)
      expect((op['security'] as Any[]).length > 0).toBe(named.route.access.kind !== 'anyone')
      for (const scheme of (op['security'] as Any[]).flatMap((o) => Object.keys(o)))
        expect(Object.keys(doc['components'].securitySchemes)).toContain(scheme)
      const body = op['responses'][named.route.status].content?.['application/json']
      expect(body === undefined).toBe(named.route.status === 204)
      expect(body?.schema).not.toEqual({})
    },
  )

  it('asks for what a caller may leave out only as optional, and answers defaults as always there', () => {
    const limit = (doc['paths']['/api/tokens'].get.parameters as Any[]).find((p) => p['name'] === 'limit')!
    expect(limit).toMatchObject({ required: false, schema: { default: 50, maximum: 200, minimum: 1 } })
    expect(doc['paths']['/api/tokens'].post.requestBody.content['application/json'].schema.required).toEqual([
      'name',
      'scopes',
    ])
  })

  it('lists every problem kind with who answers it', () => {
    expect(problemList.map((p) => p.kind)).toEqual(Object.keys(problems))
    expect(problemList.find((p) => p.kind === 'login-too-old')!.answeredBy).toEqual([
      'access.demandSecondFactor',
      'access.makeGroupRule',
      'runs.open',
      'datasets.fromStudy',
      'jobs.inspect',
    ])
  })
})
