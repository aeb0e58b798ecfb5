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

/** What a text, a list or a record is filled with, and how many bytes of it there is room for. */
interface Filling {
  fill: string
  room: number
  depth: number
}
const inside = (filling: Filling, room: number): Filling => ({ ...filling, room, depth: filling.depth + 1 })
const textOf = ({ fill, room }: Filling, most = Infinity): string =>
  fill.repeat(Math.max(1, Math.floor(Math.min(most, room * 0.9) / fill.length)))

function objectOf({ properties, additionalProperties }: Json, filling: Filling): object {
  const names = Object.keys(properties ?? {})
  if (names.length > 0)
    return Object.fromEntries(
      names.map((name) => [name, valueOf(properties![name]!, inside(filling, filling.room / names.length))]),
    )
  if (typeof additionalProperties !== 'object') return {}
  const count = Math.min(20_000, Math.floor(filling.room / 40))
  const one = valueOf(additionalProperties, inside(filling, 40))
  return Object.fromEntries(Array.from({ length: count }, (_, place) => [`name${place}`, one]))
}

function listOf({ items, maxItems }: Json, filling: Filling): unknown[] {
  const one = valueOf((items as Json | undefined) ?? {}, inside(filling, 40))
  const size = Math.max(2, JSON.stringify(one ?? null).length + 1)
  return Array.from({ length: Math.min(maxItems ?? Infinity, Math.floor(filling.room / size)) }, () => one)
}

const plain: Readonly<Record<string, unknown>> = { number: 1, integer: 1, boolean: true, null: null }
/**
 * A value of a schema in which every list, record and text is about as large as there is room for. Not always one that
 * the schema takes: refusing may be the slow part.
 */
function valueOf(schema: Json | boolean, filling: Filling): unknown {
  if (typeof schema === 'boolean' || filling.depth > 12) return filling.fill
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  const one = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.at(-1)
  if (one) return valueOf(one as Json, inside(filling, filling.room))
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'object') return objectOf(schema, filling)
  if (type === 'array') return listOf(schema, filling)
  return type !== undefined && Object.hasOwn(plain, type) ? plain[type] : textOf(filling, schema.maxLength)
}

/** Of the shape that a route's body has, filled to the brim; `few` takes one filling of all. */
export function shaped({ body, maxBody = 1024 * 1024 }: Route, few: boolean): Hostile[] {
  if (!body) return []
  const schema = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as Json
  return fills.slice(0, few ? 1 : fills.length).map((fill) => {
    let room = maxBody * 0.8
    let text = JSON.stringify(valueOf(schema, { fill, room, depth: 0 }))
    while (Buffer.byteLength(text) > maxBody) {
      room /= 2
      text = JSON.stringify(valueOf(schema, { fill, room, depth: 0 }))
    }
    return { name: `shaped, of ${JSON.stringify(fill)}`, text }
  })
}
