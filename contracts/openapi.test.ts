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
    for (const [k, v] of Object.entries(node)) {
      if (k === '$ref') yield v as string
      else yield* references(v)
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
    (_, n) => {
      const op = doc['paths'][n.route.path][n.route.method.toLowerCase()] as Any
      expect(op['operationId']).toBe(`${n.area}.${n.name}`)
      const statuses = new Set([n.route.status, ...allProblems(n.route).map((k) => problems[k].status)].map(String))
      expect(Object.keys(op['responses']).sort()).toEqual([...statuses].sort())
      for (const kind of allProblems(n.route)) {
        const answer = op['responses'][problems[kind].status].content['application/problem+json'].schema
        expect(answer.allOf[1].properties.kind.enum).toContain(kind)
      }
      const inPath = (op['parameters'] ?? []).filter((p: Any) => p['in'] === 'path').map((p: Any) => p['name'])
      expect(inPath.sort()).toEqual([...n.route.path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort())
      for (const p of (op['parameters'] ?? []) as Any[]) {
        expect(p['schema']).toBeTypeOf('object')
        expect(p['in'] !== 'path' || p['required']).toBe(true)
      }
      expect('requestBody' in op).toBe(n.route.body !== undefined)
      expect((op['security'] as Any[]).length > 0).toBe(n.route.access.kind !== 'anyone')
      for (const s of (op['security'] as Any[]).flatMap((o) => Object.keys(o)))
        expect(Object.keys(doc['components'].securitySchemes)).toContain(s)
      const body = op['responses'][n.route.status].content?.['application/json']
      expect(body === undefined).toBe(n.route.status === 204)
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
      'runs.open',
      'datasets.fromStudy',
      'jobs.inspect',
    ])
  })
})
