/**
 * The ledger of sets: what comes too near, and that its refusals are no answers. Sets are lists of people; the engine's
 * part is played exactly.
 */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseSelection } from '../../domain/sql/selection.ts'
import type { DatasetVersionItem, JobItem } from '../kernel/items.ts'
import { cellsTooNear, type LedgerCell, remember, rememberRefused } from './told-before.ts'

const minimum = 10
const hash = (i: number): bigint => createHash('sha256').update(String(i)).digest().readBigUInt64BE()
const hex = (h: bigint): string => h.toString(16).padStart(16, '0')
const everybody = Array.from({ length: 100 }, (_, i) => i)
const of = (test: (i: number) => boolean): number[] => everybody.filter(test)

/** One person's ledger, in memory. */
function ledger() {
  let items: { pk: string; sk: string }[] = []
  let jobs = 0
  let compared = 0
  const sets = new Map<string, number[]>()
  const table = {
    create: async (item: { pk: string; sk: string }) => {
      items.push(item)
    },
    remove: async (key: { sk: string }) => {
      items = items.filter((i) => i.sk !== key.sk)
    },
    query: async () => ({ items }),
  }
  const inSelection = (text: string): number[] => {
    const { digests, sql } = parseSelection(text)
    return digests ? everybody.filter((i) => digests.includes(hex(hash(i)))) : sets.get(sql!)!
  }
  const engine = {
    difference: async (_: unknown, left: string, right: string) => {
      compared++
      const [peopleOfLeft, peopleOfRight] = [inSelection(left), inSelection(right)]
      return (
        peopleOfLeft.filter((i) => !peopleOfRight.includes(i)).length +
        peopleOfRight.filter((i) => !peopleOfLeft.includes(i)).length
      )
    },
  }
  const cell = (people: number[], asked = '', set?: number): LedgerCell => {
    const name = `q${sets.size}`
    sets.set(name, people)
    return {
      subjects: people.length,
      fingerprint: hex(people.reduce((h, i) => h ^ hash(i), 0n)),
      selection: JSON.stringify({ cohort: [], sql: name, ...(set === undefined ? {} : { set }) }),
      asked,
    }
  }
  return {
    cell,
    compared: () => compared,
    /** Asks for sets, as the check step does; true when they are told. */
    async ask(...cells: LedgerCell[]): Promise<boolean> {
      const job = {
        datasetId: 'dat',
        datasetVersion: 1,
        userId: 'u',
        jobId: `job${String(jobs).padStart(4, '0')}`,
      } as JobItem
      const at = new Date(jobs++ * 1000).toISOString()
      const deps = { table, engine } as never
      await remember(deps, job, cells, at)
      const near = await cellsTooNear(deps, job, { data: {} } as DatasetVersionItem, cells, minimum)
      if (near.length > 0) await rememberRefused(deps, job, cells, near, at)
      return near.length === 0
    },
  }
}

describe('the ledger', () => {
  it('refuses what differs by one to nine from what was told, and nothing else', async () => {
    for (const out of [0, 1, 9, 10, 40]) {
      const person = ledger()
      expect(await person.ask(person.cell(everybody))).toBe(true)
      expect(
        await person.ask(
          person.cell(
            of((i) => i >= out),
            'some',
          ),
        ),
        String(out),
      ).toBe(out === 0 || out >= 10)
    }
  })
  it('compares what cannot be told apart by size, and only that', async () => {
    const person = ledger()
    await person.ask(person.cell(of((i) => i < 50)))
    expect(
      await person.ask(
        person.cell(
          of((i) => i >= 50),
          'others',
        ),
      ),
    ).toBe(true)
    expect(person.compared()).toBe(1)
    expect(
      await person.ask(
        person.cell(
          of((i) => i < 20),
          'few',
        ),
      ),
    ).toBe(true)
    expect(person.compared()).toBe(1)
  })
  it('gives away a refused border once: whatever comes near it afterwards is refused, whether it tells or not', async () => {
    const person = ledger()
    await person.ask(person.cell(everybody))
    // “Everybody but the target, if they earn more than so much”: the target earns 73.
    const suspected = (limit: number): Promise<boolean> =>
      person.ask(
        person.cell(
          of((i) => i !== 7 || 73 <= limit),
          `not (target and income > ${limit})`,
        ),
      )
    expect(await suspected(90)).toBe(true)
    expect(await suspected(70)).toBe(false)
    expect([await suspected(80), await suspected(71), await suspected(89)]).toEqual([false, false, false])
    expect(
      await person.ask(
        person.cell(
          of((i) => i !== 8 || true),
          'not (another one and income > 50)',
        ),
      ),
    ).toBe(false)
    expect(await person.ask(person.cell(everybody))).toBe(true)
    expect(await suspected(90)).toBe(true)
  })
  it('lets a set be asked for in three ways, so that nobody walks towards a border', async () => {
    const person = ledger()
    await person.ask(person.cell(everybody))
    expect(await person.ask(person.cell(everybody, 'a'))).toBe(true)
    expect([
      await person.ask(person.cell(everybody, 'b')),
      await person.ask(person.cell(everybody, 'c')),
      await person.ask(person.cell(everybody, 'd')),
      await person.ask(person.cell(everybody, 'b')),
      await person.ask(person.cell(everybody)),
    ]).toEqual([true, true, false, true, true])
  })
  it('sees the one person that three sets leave', async () => {
    const women = of((i) => i % 2 === 0)
    const men = of((i) => i % 2 === 1)
    for (const order of [
      [everybody, women, men.slice(1)],
      [women, men.slice(1), everybody],
      [everybody, men.slice(1), women],
    ]) {
      const person = ledger()
      expect([await person.ask(person.cell(order[0]!, 'x')), await person.ask(person.cell(order[1]!, 'y'))]).toEqual([
        true,
        true,
      ])
      expect(await person.ask(person.cell(order[2]!, 'z'))).toBe(false)
    }
    const whole = ledger()
    await whole.ask(whole.cell(everybody), whole.cell(women, 'y'))
    expect(await whole.ask(whole.cell(men, 'z'))).toBe(true)
    const one = ledger()
    expect(await one.ask(one.cell(everybody), one.cell(women, 'y'), one.cell(men.slice(1), 'z'))).toBe(false)
  })
  it('compares what a condition picks in one row with the other rows of the same answer', async () => {
    const women = of((i) => i % 2 === 0)
    const person = ledger()
    expect(await person.ask(person.cell(everybody), person.cell(women), person.cell(women.slice(1), 'filter', 0))).toBe(
      false,
    )
    expect(
      await person.ask(person.cell(everybody), person.cell(women), person.cell(women.slice(20), 'filter', 0)),
    ).toBe(true)
  })
})
