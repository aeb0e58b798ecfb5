import { Validator } from '@cfworker/json-schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { schemaFaults } from './parameter-schema.ts'
import { type Parameter, parameterFaults, type ParameterSchema, valueFaults, withDefaults } from './parameters.ts'

const bound = fc.option(fc.integer({ min: -20, max: 20 }), { nil: undefined })
const range = fc.record({
  type: fc.constantFrom('number' as const, 'integer' as const),
  minimum: bound,
  maximum: bound,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
})
const text = fc.stringMatching(/^[a-d]{0,6}$/)
const parameter: fc.Arbitrary<Parameter> = fc.oneof(
  range,
  fc.record({
    type: fc.constant('integer' as const),
    enum: fc.uniqueArray(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('string' as const),
    pattern: fc.option(fc.constantFrom('^[ab]*$', 'c', '^a.{0,3}$'), { nil: undefined }),
    minLength: fc.option(fc.nat(4), { nil: undefined }),
    maxLength: fc.option(fc.nat(6), { nil: undefined }),
  }),
  fc.record({ type: fc.constant('string' as const), enum: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }) }),
  fc.constant({ type: 'boolean' as const }),
  fc.record({
    type: fc.constant('array' as const),
    items: range,
    minItems: fc.option(fc.nat(3), { nil: undefined }),
    maxItems: fc.option(fc.nat(4), { nil: undefined }),
  }),
)
const number = fc.oneof(
  fc.integer({ min: -25, max: 25 }),
  fc.double({ min: -25, max: 25, noNaN: true }).map((v) => Math.round(v * 4) / 4),
)
const value: fc.Arbitrary<unknown> = fc.oneof(
  number,
  text,
  fc.boolean(),
  fc.array(number, { maxLength: 5 }),
  fc.constant(null),
)
/** JSON has no `undefined`. */
const plain = <T>(v: T): T => JSON.parse(JSON.stringify(v)) as T

describe('values', () => {
  it('are taken exactly when a validator of the whole of JSON Schema takes them', () =>
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), parameter, { maxKeys: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value, { maxKeys: 4 }),
        fc.subarray(['a', 'b', 'c']),
        (properties, values, required) => {
          const schema = plain({
            type: 'object' as const,
            properties,
            required: required.filter((n) => Object.hasOwn(properties, n)),
          })
          const whole = new Validator({ ...schema, additionalProperties: false } as never, '2020-12', false).validate(
            plain(values),
          )
          expect(parameterFaults(schema, plain(values)).length === 0).toBe(whole.valid)
        },
      ),
      { numRuns: 1500 },
    ))
  it('say which field is wrong and what is expected', () => {
    const schema: ParameterSchema = {
      type: 'object',
      required: ['rate'],
      properties: {
        rate: { type: 'number', unit: 'Hz', exclusiveMinimum: 0, maximum: 100 },
        shifts: { type: 'array', items: { type: 'integer', minimum: 1 }, minItems: 2, maxItems: 2 },
      },
    }
    expect(parameterFaults(schema, { shifts: [3, 0], depth: 2 })).toEqual([
      { path: '/depth', message: 'The pipeline has no such parameter', expected: 'rate, shifts' },
      { path: '/rate', message: 'Missing', expected: 'a number (Hz), more than 0 and at most 100' },
      { path: '/shifts/1', message: 'Below 1', value: 0, expected: 'a whole number, at least 1' },
    ])
  })
  it('hold nothing that a template or a terminal would take for its own', () => {
    const name: Parameter = { type: 'string' }
    expect(
      [
        valueFaults('{{output}}', name),
        valueFaults('a\u001b[2J', name),
        valueFaults('NaN', { type: 'number' }),
        valueFaults(Number.NaN, { type: 'number' }),
        valueFaults('fine', name),
      ].map((f) => f.length),
    ).toEqual([1, 1, 1, 1, 0])
  })
  it('get the defaults of what was not said, and keep what was', () => {
    const schema: ParameterSchema = {
      type: 'object',
      properties: { a: { type: 'integer', default: 3 }, b: { type: 'boolean', default: true }, c: { type: 'string' } },
    }
    expect(withDefaults(schema, { b: false, x: 1 })).toEqual({ a: 3, b: false, x: 1 })
  })
})

describe('a schema', () => {
  it('whose faults are none takes its own defaults', () =>
    fc.assert(
      fc.property(parameter, value, (made, given) => {
        const schema = plain({ type: 'object', properties: { a: { ...made, default: given } } }) as ParameterSchema
        const isSound = schemaFaults(schema).length === 0
        expect(isSound ? parameterFaults(schema, withDefaults(schema, {})) : []).toEqual([])
      }),
    ))
  it('is told where it contradicts itself', () => {
    const faults = schemaFaults({
      type: 'object',
      required: ['z'],
      groups: [
        { name: 'g', title: 'G' },
        { name: 'g', title: 'H' },
      ],
      properties: {
        a: { type: 'number', minimum: 2, exclusiveMaximum: 2 },
        b: { type: 'integer', enum: [1, 1.5, 1], multipleOf: 0 },
        c: { type: 'string', minLength: 3, maxLength: 1, group: 'h' },
        d: { type: 'array', items: { type: 'number', minimum: 3, maximum: 1 }, minItems: 4, maxItems: 2 },
        e: { type: 'boolean', propose: 'frames' },
      },
    })
    expect(faults.map((f) => f.path)).toEqual([
      '/properties/a/exclusiveMaximum',
      '/properties/b/multipleOf',
      '/properties/b/enum',
      '/properties/b/enum/0',
      '/properties/b/enum/1',
      '/properties/b/enum/2',
      '/properties/c/maxLength',
      '/properties/c/group',
      '/properties/d/items/maximum',
      '/properties/d/maxItems',
      '/properties/e/propose',
      '/required/0',
      '/groups/1/name',
    ])
  })
  it('takes choices or a pattern, and few patterns', () => {
    const one = { type: 'string', pattern: '^a' } as const
    expect(schemaFaults({ type: 'object', properties: { a: { ...one, enum: ['ab'] } } })).toMatchObject([
      { path: '/properties/a/pattern' },
    ])
    const properties = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`p${i}`, one]))
    expect(schemaFaults({ type: 'object', properties })).toMatchObject([{ path: '/properties' }])
  })
})
