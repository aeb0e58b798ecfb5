/** What every table must do. An adapter's test calls `tableContract` with a way to open it. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  AlreadyExists,
  type Condition,
  ConditionFailed,
  InvalidCursor,
  ItemRefused,
  type Key,
  queryAll,
  type Table,
} from './table.ts'
import { eventually } from '../test/eventually.ts'

/**
 * Runs the suite. `open` answers an empty table and how to close it. `lax` names what a stand-in lets pass that the
 * real service refuses.
 */
export function tableContract(
  name: string,
  open: () => Promise<{ table: Table; close(): Promise<void> }>,
  lax: readonly string[] = [],
): void {
  const strict = ([label]: readonly [string, ...unknown[]]): boolean => !lax.includes(label)
  describe(`table: ${name}`, () => {
    let table: Table
    let close: () => Promise<void>
    let serial = 0
    beforeAll(async () => {
      ;({ table, close } = await open())
    })
    afterAll(async () => {
      await close()
    })
    const fresh = (): string => `T#${++serial}`
    const fill = async (pk: string, sks: string[], more: (sk: string) => object = () => ({})): Promise<void> => {
      await Promise.all(sks.map((sk) => table.create({ pk, sk, ...more(sk) })))
    }
    const sks = (items: { sk: string }[]): string[] => items.map((i) => i.sk)

    describe('create and get', () => {
      it('gives back what was put in, with rev 1', async () => {
        const item = {
          pk: fresh(),
          sk: 'a',
          text: 'Grüße 🧠',
          empty: '',
          none: null,
          yes: true,
          n: 0.1,
          big: 2 ** 53 - 1,
          list: [1, 'two', { three: [] }],
          map: { 'a.b': { c: null } },
          nothing: [],
        }
        expect(await table.create(item)).toEqual({ ...item, rev: 1 })
        expect(await table.get({ pk: item.pk, sk: 'a' })).toEqual({ ...item, rev: 1 })
      })
      it('keeps any JSON', async () => {
        const pk = fresh()
        let made = 0
        await fc.assert(
          fc.asyncProperty(fc.jsonValue({ maxDepth: 3, noUnicodeString: false }), async (value) => {
            const text = JSON.stringify(value)
            // numbers beyond the store's 38 digits and lone surrogates are nobody's data
            fc.pre(!/e[+-]\d|\d{16,}/.test(text) && JSON.stringify(JSON.parse(text.toWellFormed())) === text)
            const key = { pk, sk: `j${++made}` }
            await table.create({ ...key, value: JSON.parse(text) as unknown })
            expect((await table.get<{ value: unknown }>(key))!.value).toEqual(JSON.parse(text))
          }),
          { numRuns: 60 },
        )
      })
      it('keeps a member whose name is a word of the language', async () => {
        const key = { pk: fresh(), sk: 'a' }
        const value: unknown = JSON.parse(
          '{"__proto__":false,"deep":{"__proto__":{"x":1},"constructor":{"prototype":2}}}',
        )
        await table.create({ ...key, value })
        expect(JSON.stringify((await table.get<{ value: unknown }>(key))!.value)).toBe(JSON.stringify(value))
      })
      it('leaves out undefined', async () => {
        const pk = fresh()
        await table.create({ pk, sk: 'a', gone: undefined, map: { gone: undefined, kept: 1 } })
        expect(await table.get({ pk, sk: 'a' })).toEqual({ pk, sk: 'a', map: { kept: 1 }, rev: 1 })
      })
      it('answers undefined for what is not there', async () =>
        expect(await table.get({ pk: fresh(), sk: 'a' })).toBeUndefined())
      it('reads only some attributes, with the keys, whatever they are called', async () => {
        const pk = fresh()
        await table.create({ pk, sk: 'a', name: 1, status: 2, other: 3 })
        expect(await table.get({ pk, sk: 'a' }, ['name', 'status', 'pk', 'absent'])).toEqual({
          pk,
          sk: 'a',
          name: 1,
          status: 2,
        })
      })
      it('takes unicode keys and tells similar ones apart', async () => {
        const pk = fresh()
        const keys = ['ä', 'a\u0308', 'Ä', '🧠', ' ', '#', '\u0001', '../x', "'"]
        await fill(pk, keys, (sk) => ({ is: sk }))
        for (const sk of keys) expect((await table.get<{ is: string }>({ pk, sk }))!.is).toBe(sk)
      })
      it('keeps 300 KB in one item', async () => {
        const pk = fresh()
        const text = 'x'.repeat(300 * 1024)
        await table.create({ pk, sk: 'big', text })
        expect((await table.get<{ text: string }>({ pk, sk: 'big' }))!.text).toBe(text)
      })
      it('lets the first of two win', async () => {
        const pk = fresh()
        await table.create({ pk, sk: 'a', by: 1 })
        await expect(table.create({ pk, sk: 'a', by: 2 })).rejects.toThrow(AlreadyExists)
        expect((await table.get<{ by: number }>({ pk, sk: 'a' }))!.by).toBe(1)
      })
      it('lets exactly one of 50 at once win', async () => {
        const pk = fresh()
        const all = await Promise.allSettled(Array.from({ length: 50 }, (_, by) => table.create({ pk, sk: 'a', by })))
        const won = all.flatMap((r, by) => (r.status === 'fulfilled' ? [by] : []))
        expect(won).toHaveLength(1)
        for (const refusal of all.filter((one) => one.status === 'rejected'))
          expect(refusal.reason).toBeInstanceOf(AlreadyExists)
        expect((await table.get<{ by: number }>({ pk, sk: 'a' }))!.by).toBe(won[0])
      })
    })

    describe('what no table keeps', () => {
      const long = (bytes: number): string => 'k'.repeat(bytes)
      const refused: [string, object][] = [
        ['an empty partition key', { pk: '' }],
        ['an empty sort key', { sk: '' }],
        ['a partition key of 2,049 bytes', { pk: long(2049) }],
        ['a sort key of 1,025 bytes', { sk: long(1025) }],
        ['an empty key of the index', { gpk: '', gsk: 'a' }],
        ['an empty sort key of the index', { gpk: 'G', gsk: '' }],
        ['a key of the index that is a number', { gpk: 'G', gsk: 5 }],
        ['a key of the index of 2,049 bytes', { gpk: long(2049), gsk: 'a' }],
        ['a number that is too large', { n: 1e126 }],
        ['a number that is too small', { n: [{ n: -1e-131 }] }],
        ['an item of more than 400 KB', { text: long(400 * 1024) }],
      ]
      it.each(refused.filter(strict))('refuses %s', async (_, wrong) => {
        const key = { pk: fresh(), sk: 'a' }
        await expect(table.create({ ...key, ...wrong })).rejects.toThrow(ItemRefused)
        expect(await table.get(key)).toBeUndefined()
      })
      it('refuses NaN, infinity and what is no JSON', async () => {
        const key = { pk: fresh(), sk: 'a' }
        for (const value of [Number.NaN, -Infinity, 1n, () => 1, { deep: [Number.NaN] }, new Date(0)]) {
          await expect(table.create({ ...key, value })).rejects.toThrow(/The table keeps no/)
        }
        await table.create(key)
        await expect(table.update(key, { set: { value: Infinity } })).rejects.toThrow(/The table keeps no/)
        expect(await table.get(key)).toEqual({ ...key, rev: 1 })
      })
      it('keeps what is just within', async () => {
        const key = { pk: `${fresh()}${long(2000)}`, sk: long(1024) }
        const names = 'pkskgpkgsknmntextrev'.length
        const numbers = { n: 9.5e125, m: 1e-130 }
        const other = { ...key, gpk: long(2048), gsk: long(1024), ...numbers }
        // A number takes a byte, and one for two digits.
        const bytes = names + key.pk.length + 1024 + 2048 + 1024 + 3 + 2 + 2
        const text = 'x'.repeat(400 * 1024 - bytes - 4)
        const item = { ...other, text }
        expect(await table.create(item)).toEqual({ ...item, rev: 1 })
        expect(await table.get(key)).toEqual({ ...item, rev: 1 })
        await expect(table.update(key, { set: { more: 'x'.repeat(20) } })).rejects.toThrow(ItemRefused)
        expect(await table.get(key)).toEqual({ ...item, rev: 1 })
      })
      it('refuses a key that cannot be wherever it is asked for', async () => {
        for (const key of [
          { pk: '', sk: 'a' },
          { pk: fresh(), sk: '' },
          { pk: fresh(), sk: long(1025) },
        ]) {
          await expect(table.get(key)).rejects.toThrow(ItemRefused)
          await expect(table.remove(key)).rejects.toThrow(ItemRefused)
          await expect(table.update(key, {})).rejects.toThrow(ItemRefused)
          await expect(table.replace(key, 1)).rejects.toThrow(ItemRefused)
        }
      })
      it.skipIf(lax.includes('an empty partition'))('refuses to look into a partition without a name', async () => {
        await expect(table.query('')).rejects.toThrow(ItemRefused)
      })
      const refusedChanges: [string, Parameters<Table['update']>[1]][] = [
        ['of the key', { set: { sk: 'b' } }],
        ['of one attribute in two ways', { set: { x: 1 }, remove: ['x'] }],
        ['of rev', { set: { rev: 7 } }],
        ['that adds to text', { add: { text: 1 } }],
        ['that adds to null', { add: { none: 1 } }],
        ['to an empty key of the index', { set: { gpk: '' } }],
        ['beyond the largest number', { add: { large: 9e125 } }],
      ]
      it.each(refusedChanges.filter(strict))('refuses a change %s', async (_, change) => {
        const item = { pk: fresh(), sk: 'a', text: 't', none: null, large: 9e125 }
        await table.create(item)
        await expect(table.update(item, change)).rejects.toThrow(ItemRefused)
        expect(await table.get(item)).toEqual({ ...item, rev: 1 })
      })
    })

    describe('replace', () => {
      it('needs the rev that is there', async () => {
        const pk = fresh()
        await table.create({ pk, sk: 'a', x: 1, y: 1 })
        expect(await table.replace({ pk, sk: 'a', x: 2 }, 1)).toEqual({ pk, sk: 'a', x: 2, rev: 2 })
        await expect(table.replace({ pk, sk: 'a', x: 3 }, 1)).rejects.toThrow(ConditionFailed)
        expect(await table.get({ pk, sk: 'a' })).toEqual({ pk, sk: 'a', x: 2, rev: 2 })
      })
      it('makes nothing', async () => {
        const pk = fresh()
        await expect(table.replace({ pk, sk: 'a' }, 1)).rejects.toThrow(ConditionFailed)
        expect(await table.get({ pk, sk: 'a' })).toBeUndefined()
      })
      it('loses no turn among 20 at once', async () => {
        const pk = fresh()
        await table.create({ pk, sk: 'a', n: 0 })
        await Promise.all(
          Array.from({ length: 20 }, async () => {
            for (;;) {
              const now = (await table.get<{ n: number }>({ pk, sk: 'a' }))!
              try {
                await table.replace({ pk, sk: 'a', n: now.n + 1 }, now.rev!)
                return
              } catch (e) {
                if (!(e instanceof ConditionFailed)) throw e
              }
            }
          }),
        )
        expect(await table.get({ pk, sk: 'a' })).toEqual({ pk, sk: 'a', n: 20, rev: 21 })
      })
    })

    describe('update', () => {
      it('sets, adds and removes in one step and answers the whole item', async () => {
        const pk = fresh()
        await table.create({ pk, sk: 'a', keep: 'k', old: 1, n: 5 })
        expect(
          await table.update(
            { pk, sk: 'a' },
            { set: { name: 'x', skipped: undefined }, add: { n: -2, fresh: 3 }, remove: ['old'] },
          ),
        ).toEqual({ pk, sk: 'a', keep: 'k', name: 'x', n: 3, fresh: 3, rev: 2 })
      })
      it('adds by decimal digits', async () => {
        const key = { pk: fresh(), sk: 'a' }
        await table.create({ ...key, n: 0.1, m: -1.5, k: 2 ** 53 - 2 })
        expect(await table.update(key, { add: { n: 0.2, m: 1e-7, k: 1, far: -0.25 } })).toMatchObject({
          n: 0.3,
          m: -1.4999999,
          k: 2 ** 53 - 1,
          far: -0.25,
        })
      })
      it('changes a member whose name is a word of the language', async () => {
        const key = { pk: fresh(), sk: 'a' }
        await table.create({ ...key, constructor: 1, toString: 2 })
        const when = [
          { attribute: 'valueOf', is: 'missing' },
          { attribute: 'constructor', is: 'present' },
        ] as const
        const item = await table.update(key, {
          set: { valueOf: { __proto__: null, x: 1 } },
          remove: ['toString'],
          add: { constructor: 1 },
          when: [...when],
        })
        expect(Object.entries(item).toSorted()).toEqual(
          Object.entries({ ...key, constructor: 2, valueOf: { x: 1 }, rev: 2 }).toSorted(),
        )
      })
      it('makes nothing', async () => {
        const pk = fresh()
        await expect(table.update({ pk, sk: 'a' }, { set: { x: 1 } })).rejects.toThrow(ConditionFailed)
        expect(await table.get({ pk, sk: 'a' })).toBeUndefined()
      })
      const cases: [string, Parameters<Table['update']>[1]['when'], boolean][] = [
        ['equal', [{ attribute: 's', is: 'equal', value: 'x' }], true],
        ['equal, not', [{ attribute: 's', is: 'equal', value: 'y' }], false],
        ['equal of another type', [{ attribute: 'n', is: 'equal', value: '5' }], false],
        ['equal, boolean', [{ attribute: 'b', is: 'equal', value: false }], true],
        ['different', [{ attribute: 's', is: 'different', value: 'y' }], true],
        ['different, not', [{ attribute: 's', is: 'different', value: 'x' }], false],
        ['different of a missing one', [{ attribute: 'none', is: 'different', value: 'y' }], false],
        ['at most', [{ attribute: 'n', is: 'at-most', value: 5 }], true],
        ['at most, not', [{ attribute: 'n', is: 'at-most', value: 4 }], false],
        ['at least', [{ attribute: 'n', is: 'at-least', value: 5 }], true],
        ['at least, not', [{ attribute: 'n', is: 'at-least', value: 6 }], false],
        ['at least of a missing one', [{ attribute: 'none', is: 'at-least', value: 0 }], false],
        ['at most, text', [{ attribute: 's', is: 'at-most', value: 'xa' }], true],
        // By bytes of UTF-8, the last letter of the plane of 16 bits comes before an emoji.
        ['at most, by bytes', [{ attribute: 'emoji', is: 'at-least', value: '\uffee' }], true],
        ['at most, by bytes, not', [{ attribute: 'emoji', is: 'at-most', value: '\uffee' }], false],
        ['at most of another type', [{ attribute: 's', is: 'at-most', value: 5 }], false],
        ['missing', [{ attribute: 'none', is: 'missing' }], true],
        ['missing, not', [{ attribute: 's', is: 'missing' }], false],
        ['present', [{ attribute: 's', is: 'present' }], true],
        ['present, not', [{ attribute: 'none', is: 'present' }], false],
        [
          'all of several',
          [
            { attribute: 's', is: 'different', value: 'y' },
            { attribute: 'n', is: 'equal', value: 5 },
          ],
          true,
        ],
        [
          'one of several fails',
          [
            { attribute: 's', is: 'equal', value: 'x' },
            { attribute: 'n', is: 'equal', value: 6 },
          ],
          false,
        ],
      ]
      const changed = { set: { done: true } }
      const conditional = async (): Promise<{ pk: string; sk: string }> => {
        const key = { pk: fresh(), sk: 'a' }
        await table.create({ ...key, s: 'x', n: 5, b: false, emoji: '🧠' })
        return key
      }
      it.each(cases.filter(([label, , holds]) => holds && strict([label])))('when %s', async (_, when) => {
        const key = await conditional()
        expect((await table.update<{ done: boolean }>(key, { ...changed, when: when! })).done).toBe(true)
      })
      it.each(cases.filter(([label, , holds]) => !holds && strict([label])))('not when %s', async (_, when) => {
        const key = await conditional()
        await expect(table.update(key, { ...changed, when: when! })).rejects.toThrow(ConditionFailed)
        expect(await table.get(key)).toEqual({ ...key, s: 'x', n: 5, b: false, emoji: '🧠', rev: 1 })
      })
      it('keeps a bound that 40 at once run against', async () => {
        const pk = fresh()
        await table.create({ pk, sk: 'a', taken: 0 })
        const all = await Promise.allSettled(
          Array.from({ length: 40 }, () =>
            table.update(
              { pk, sk: 'a' },
              { add: { taken: 1 }, when: [{ attribute: 'taken', is: 'at-most', value: 14 }] },
            ),
          ),
        )
        expect(all.filter((r) => r.status === 'fulfilled')).toHaveLength(15)
        expect(await table.get({ pk, sk: 'a' })).toMatchObject({ taken: 15, rev: 16 })
      })
    })

    it('removes, and removes what is not there', async () => {
      const pk = fresh()
      await table.create({ pk, sk: 'a' })
      await table.remove({ pk, sk: 'a' })
      await table.remove({ pk, sk: 'a' })
      expect(await table.get({ pk, sk: 'a' })).toBeUndefined()
    })

    it('removes on conditions, as long as they hold of what is there', async () => {
      const key = { pk: fresh(), sk: 'a' }
      const when = (value: string): Condition[] => [
        { attribute: 'rev', is: 'equal', value: 1 },
        { attribute: 'name', is: 'equal', value },
      ]
      await table.create({ ...key, name: 'other' })
      await expect(table.remove(key, when('one'))).rejects.toThrow(ConditionFailed)
      await expect(table.remove(key, [{ attribute: 'name', is: 'missing' }])).rejects.toThrow(ConditionFailed)
      await expect(table.remove(key, [{ attribute: 'none', is: 'different', value: 1 }])).rejects.toThrow(
        ConditionFailed,
      )
      expect(await table.get(key)).toEqual({ ...key, name: 'other', rev: 1 })
      await table.remove(key, when('other'))
      expect(await table.get(key)).toBeUndefined()
      // Of what is not there nothing has to hold: a removal may be sent twice.
      await table.remove(key, when('other'))
      await table.create({ ...key, name: 'other' })
      await table.remove(key, [])
      expect(await table.get(key)).toBeUndefined()
    })

    describe('query', () => {
      const numbered = Array.from({ length: 25 }, (_, i) => `C#${String(i + 1).padStart(10, '0')}`)
      let pk: string
      beforeAll(async () => {
        pk = fresh()
        await fill(pk, [...numbered, 'B', 'D', 'RUN'], (sk) => ({ text: sk, other: 1 }))
        await fill(fresh(), numbered)
      })
      it('answers one partition in the order of its sort keys', async () =>
        expect(sks((await table.query(pk)).items)).toEqual(['B', ...numbered, 'D', 'RUN']))
      it('takes a prefix', async () => expect(sks((await table.query(pk, { prefix: 'C#' })).items)).toEqual(numbered))
      it('takes bounds, inclusive', async () => {
        expect(sks((await table.query(pk, { from: numbered[3]!, to: numbered[5]! })).items)).toEqual(
          numbered.slice(3, 6),
        )
        expect(sks((await table.query(pk, { from: 'D' })).items)).toEqual(['D', 'RUN'])
        expect(sks((await table.query(pk, { to: 'B' })).items)).toEqual(['B'])
      })
      it('finds nothing between bounds the wrong way round', async () => {
        expect(await table.query(pk, { from: 'D', to: 'B' })).toEqual({ items: [] })
      })
      it('orders by bytes of UTF-8, and takes prefixes of any letters', async () => {
        const mine = fresh()
        const ordered = [
          'A',
          'a',
          'a\u0001',
          'ab',
          'é',
          'éa',
          '\ud7ff',
          '\ud7ffx',
          '\ue000',
          '\uffee',
          '🧠',
          '🧠🧠',
          '🧡',
        ]
        await fill(mine, ordered.toSorted())
        expect(sks((await table.query(mine)).items)).toEqual(ordered)
        expect(sks((await table.query(mine, { backwards: true })).items)).toEqual(ordered.toReversed())
        for (const prefix of ['a', 'é', '\ud7ff', '🧠', '\u{10ffff}'])
          expect(sks((await table.query(mine, { prefix })).items), prefix).toEqual(
            ordered.filter((sk) => sk.startsWith(prefix)),
          )
      })
      it('goes backwards and counts items', async () =>
        expect(sks((await table.query(pk, { prefix: 'C#', backwards: true, limit: 3 })).items)).toEqual(
          numbered.slice(-3).reverse(),
        ))
      it('answers only some attributes', async () =>
        expect((await table.query(pk, { from: 'D', limit: 1, attributes: ['text'] })).items).toEqual([
          { pk, sk: 'D', text: 'D' },
        ]))
      it('answers nothing for nothing', async () => expect(await table.query(fresh())).toEqual({ items: [] }))
      it('pages without gap or repeat, both ways, for every page size', async () => {
        for (const backwards of [undefined, true] as const)
          for (const limit of [1, 7, 25, 26]) {
            const seen: string[] = []
            for await (const i of queryAll(table, pk, { prefix: 'C#', limit, ...(backwards ? { backwards } : {}) }))
              seen.push(i.sk)
            expect(seen).toEqual(backwards ? numbered.toReversed() : numbered)
          }
      })
      it('fills a page although a response of the store ends at 1 MB', async () => {
        const big = fresh()
        const keys = Array.from({ length: 8 }, (_, i) => `k${i}`)
        await fill(big, keys, () => ({ text: 'x'.repeat(250 * 1024) }))
        expect(sks((await table.query(big, { limit: 8 })).items)).toEqual(keys)
        const all: string[] = []
        for await (const i of queryAll(table, big)) all.push(i.sk)
        expect(all).toEqual(keys)
      })
      it('refuses a cursor that is not of this query', async () => {
        for (const after of [
          '',
          'x',
          '!!',
          Buffer.from('{}').toString('base64url'),
          Buffer.from('[1]').toString('base64url'),
          Buffer.from('["a","b"]').toString('base64url'),
        ])
          await expect(table.query(pk, { after }), after).rejects.toThrow(InvalidCursor)
      })
      it('refuses a cursor that lies outside of the bounds', async () => {
        const { next } = await table.query(pk, { limit: 1 })
        await expect(table.query(pk, { after: next!, prefix: 'C#' })).rejects.toThrow(InvalidCursor)
        await expect(table.query(pk, { after: next!, from: 'C' })).rejects.toThrow(InvalidCursor)
      })
      it('keeps a cursor of one partition from reading another', async () => {
        const mine = fresh()
        await fill(mine, ['a', 'b', 'c'])
        const { next } = await table.query(pk, { limit: 1 })
        for (const i of (await table.query(mine, { after: next! })).items) expect(i.pk).toBe(mine)
      })
    })

    describe('the index', () => {
      it('holds items with gpk, in the order of gsk, and pages through equal sort keys', async () => {
        const gpk = `USER#${fresh()}`
        for (const [serial, gsk] of ['2026-01', '2026-02', '2026-02', '2026-02', '2026-03'].entries())
          await table.create({ pk: fresh(), sk: 'TOKEN', gpk, gsk, i: serial })
        await table.create({ pk: fresh(), sk: 'TOKEN', i: 99 })
        const all = await eventually('the index holds all five', async () => {
          const page = await table.query<{ i: number; gsk: string }>(gpk, { index: true })
          return page.items.length === 5 && page
        })
        expect(all.items.map((i) => i.gsk)).toEqual(['2026-01', '2026-02', '2026-02', '2026-02', '2026-03'])
        for (const limit of [1, 2, 3]) {
          const seen: number[] = []
          for await (const i of queryAll<{ i: number }>(table, gpk, { index: true, limit, backwards: true }))
            seen.push(i.i)
          expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4])
        }
        expect((await table.query(gpk, { index: true, prefix: '2026-02' })).items).toHaveLength(3)
      })
      it('holds no item that has one of the two only, and none that left it', async () => {
        const gpk = `ORG#${fresh()}`
        const [half, whole] = [fresh(), fresh()].map((pk) => ({ pk, sk: 'X' })) as [Key, Key]
        await table.create({ ...half, gpk })
        await table.create({ ...whole, gpk, gsk: 'a' })
        expect((await table.query(gpk, { index: true })).items).toMatchObject([whole])
        await table.update(whole, { remove: ['gpk', 'gsk'] })
        await table.update(half, { set: { gsk: 'b' } })
        expect((await table.query(gpk, { index: true })).items).toMatchObject([half])
        await table.replace(half, 2)
        expect((await table.query(gpk, { index: true })).items).toEqual([])
      })
      it('follows a change and a removal', async () => {
        const gpk = `ORG#${fresh()}`
        const key = { pk: fresh(), sk: 'X' }
        await table.create({ ...key, gpk, gsk: 'a' })
        await table.update(key, { set: { gsk: 'b', n: 1 } })
        expect((await table.query(gpk, { index: true })).items).toMatchObject([{ gsk: 'b', n: 1 }])
        await table.remove(key)
        expect((await table.query(gpk, { index: true })).items).toEqual([])
      })
    })
  })
}
