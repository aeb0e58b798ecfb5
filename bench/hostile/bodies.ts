/** Bodies made to be slow: of any shape, and of the shape that a route's schema describes, as large as it takes. */
import * as z from 'zod'
import type { Route } from '../../contracts/route.ts'

export interface Hostile {
  name: string
  text: string
}
const many = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(',')

/** What no schema expects, and every parser meets. */
export function shapeless(most: number): Hostile[] {
  const half = Math.floor(most / 2) - 10
  return [
    { name: 'deep lists', text: '['.repeat(half) + ']'.repeat(half) },
    { name: 'deep objects', text: '{"a":'.repeat(Math.floor(most / 7)) + '1' + '}'.repeat(Math.floor(most / 7)) },
    { name: 'deep at the end', text: `{"a":${'['.repeat(half)}` },
    { name: 'many members', text: `{${many(Math.floor(most / 16), (i) => `"k${i}":[]`)}}`.slice(0, most) },
    { name: 'many numbers', text: `[${many(half, () => '0')}]` },
    { name: 'many objects', text: `[${many(Math.floor(most / 3) - 2, () => '{}')}]` },
    { name: 'one long text', text: JSON.stringify({ x: 'a'.repeat(most - 20) }) },
    { name: 'half characters', text: `["${'\\ud800'.repeat(Math.floor(most / 6) - 2)}"]` },
    { name: 'a long number', text: '9'.repeat(most - 10) },
    { name: 'no JSON', text: '{"'.repeat(half) },
  ]
}

type Json = z.core.JSONSchema.BaseSchema
const fills = ['<img ', 'a?', ' ', '(', '-', 'é', '/', '{{', '0', "'a'+"] as const

/**
 * A value of a schema in which every list, record and text is about as large as `room` bytes let it be; `fill` is what
 * texts are made of. Not always one that the schema takes: refusing may be the slow part.
 */
function valueOf(schema: Json | boolean, room: number, fill: string, depth = 0): unknown {
  if (typeof schema === 'boolean' || depth > 12) return fill
  const { type, properties, items, enum: choices, const: constant, anyOf, oneOf, allOf, additionalProperties } = schema
  if (constant !== undefined) return constant
  if (choices) return choices[0]
  const one = anyOf?.at(-1) ?? oneOf?.at(-1) ?? allOf?.[0]
  if (one) return valueOf(one as Json, room, fill, depth + 1)
  switch (Array.isArray(type) ? type[0] : type) {
    case 'object': {
      const names = Object.keys(properties ?? {})
      const known = names.map((name) => [name, valueOf(properties![name]!, room / names.length, fill, depth + 1)])
      const open = typeof additionalProperties === 'object' && names.length === 0
      const count = open ? Math.min(20_000, Math.floor(room / 40)) : 0
      const further = Array.from({ length: count }, (_, i) => [
        `name${i}`,
        valueOf(additionalProperties as Json, room / count, fill, depth + 1),
      ])
      return Object.fromEntries([...known, ...further]) as unknown
    }
    case 'array': {
      const sample = valueOf((items as Json | undefined) ?? {}, 40, fill, depth + 1)
      const size = Math.max(2, JSON.stringify(sample ?? null).length + 1)
      const count = Math.min(schema.maxItems ?? Infinity, Math.floor(room / size))
      return Array.from({ length: count }, () => sample)
    }
    case 'string':
      return fill.repeat(Math.max(1, Math.floor(Math.min(schema.maxLength ?? Infinity, room * 0.9) / fill.length)))
    case 'number':
    case 'integer':
      return 1
    case 'boolean':
      return true
    default:
      return fill.repeat(Math.max(1, Math.floor((room * 0.9) / fill.length)))
  }
}

/** Of the shape that a route's body has, filled to the brim; `few` takes two fillings of all. */
export function shaped({ body, maxBody = 1024 * 1024 }: Route, few: boolean): Hostile[] {
  if (!body) return []
  const schema = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as Json
  return fills.slice(0, few ? 2 : fills.length).map((fill) => {
    let room = maxBody * 0.8
    let text = JSON.stringify(valueOf(schema, room, fill))
    while (Buffer.byteLength(text) > maxBody) {
      room /= 2
      text = JSON.stringify(valueOf(schema, room, fill))
    }
    return { name: `shaped, of ${JSON.stringify(fill)}`, text }
  })
}
