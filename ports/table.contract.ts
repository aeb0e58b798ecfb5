/** What every table must do. An adapter's test calls `tableContract` with a way to open it. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AlreadyExists, ConditionFailed, InvalidCursor, queryAll, type Table } from './table.ts'
import { eventually } from '../test/eventually.ts'

/** Runs the suite. `open` answers an empty table and how to close it. */
export function tableContract(name: string, open: () => Promise<{ table: Table; close(): Promise<void> }>): void {
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
        await table.create({ ...key, s: 'x', n: 5, b: false })
        return key
      }
      it.each(cases.filter(([, , holds]) => holds))('when %s', async (_, when) => {
        const key = await conditional()
        expect((await table.update<{ done: boolean }>(key, { ...changed, when: when! })).done).toBe(true)
      })
      it.each(cases.filter(([, , holds]) => !holds))('not when %s', async (_, when) => {
        const key = await conditional()
        await expect(table.update(key, { ...changed, when: when! })).rejects.toThrow(ConditionFailed)
        expect(await table.get(key)).toEqual({ ...key, s: 'x', n: 5, b: false, rev: 1 })
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
