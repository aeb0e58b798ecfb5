/** From opened records to rows. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type OpenedRecord, openWhole, trialsOf, withObject, withoutReplaced } from './opened.ts'
import type { Op } from './records.ts'
import { importRunKey, type Place, sealBytes, SealError, sealRecord } from './sealing.ts'

const raw = Uint8Array.from({ length: 32 }, (_, i) => i * 5)
const iv = (): Uint8Array => crypto.getRandomValues(new Uint8Array(12))
const place: Place = { runId: 'run_a', seq: 7, op: 'append', part: 'flanker' }
let key: CryptoKey
beforeAll(async () => {
  key = await importRunKey(raw)
})
const opened = (seq: number, op: Op, part: string, value: unknown): OpenedRecord => ({ seq, op, part, value })
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const asObject = (bytes: Uint8Array): Promise<Uint8Array> => sealBytes(key, bytes, place, iv())
const attached = (json: boolean) => ({
  attached: { name: 'voice.wav', type: 'audio/wav', size: 3, sha256: '0'.repeat(64), json },
})

describe('a record', () => {
  it('without an object is what was sealed', async () => {
    const jwe = await sealRecord({ key, ...place, body: { rt: 5 }, iv: iv() })
    expect(await openWhole(key, jwe, place)).toEqual(opened(7, 'append', 'flanker', { rt: 5 }))
  })
  it('that was too large for a chunk has the value that its object holds', async () => {
    const jwe = await sealRecord({ key, ...place, body: attached(true), iv: iv() })
    const whole = await openWhole(key, jwe, place, await asObject(bytesOf('[{"rt":5}]')))
    expect(whole).toEqual(opened(7, 'append', 'flanker', [{ rt: 5 }]))
  })
  it('with an object that does not describe itself is read as JSON, too', async () => {
    expect(await withObject(key, place, { a: 1 }, await asObject(bytesOf('5')))).toEqual(
      opened(7, 'append', 'flanker', 5),
    )
  })
  it.each([
    ['a file', 'file', true],
    ['a record whose bytes are no JSON', 'append', false],
  ] as const)('keeps its description and gets its bytes: %s', async (_, op, json) => {
    const body = attached(json)
    const whole = await withObject(key, { ...place, op }, body, await asObject(Uint8Array.of(1, 2, 3)))
    expect(whole).toEqual({ ...opened(7, op, 'flanker', body.attached), bytes: Uint8Array.of(1, 2, 3) })
  })
  it('of a file that says nothing of itself keeps what was recorded', async () => {
    const whole = await withObject(key, { ...place, op: 'file' }, 'a note', await asObject(bytesOf('x')))
    expect(whole).toEqual({ ...opened(7, 'file', 'flanker', 'a note'), bytes: bytesOf('x') })
  })
  it('throws for an object of another place, and for one that is not JSON in UTF-8', async () => {
    const elsewhere = await sealBytes(key, bytesOf('5'), { ...place, seq: 8 }, iv())
    await expect(withObject(key, place, {}, elsewhere)).rejects.toThrow(SealError)
    await expect(withObject(key, place, {}, await asObject(bytesOf('{')))).rejects.toThrow(SyntaxError)
    await expect(withObject(key, place, {}, await asObject(Uint8Array.of(0x22, 0xff, 0x22)))).rejects.toThrow(TypeError)
  })
})

describe('records that still count', () => {
  const seqs = (records: OpenedRecord[]): number[] => withoutReplaced(records).map(({ seq }) => seq)

  it('are all of them while nothing replaces any, by their numbers', () => {
    const records = [opened(10, 'append', 'a', 1), opened(9, 'file', 'a', 2), opened(2, 'session', 'b', 3)]
    expect(seqs(records)).toEqual([2, 9, 10])
    expect(records.map(({ seq }) => seq)).toEqual([10, 9, 2])
  })
  it('are those from the last replacement of their part on, and of other parts all', () => {
    expect(
      seqs([
        opened(1, 'append', 'a', 0),
        opened(2, 'append', 'b', 0),
        opened(5, 'replace', 'a', 0),
        opened(3, 'replace', 'a', 0),
        opened(4, 'append', 'a', 0),
        opened(6, 'append', 'a', 0),
      ]),
    ).toEqual([2, 5, 6])
  })
  it('are also files and session records before a replacement', () => {
    expect(
      seqs([
        opened(1, 'file', 'a', 0),
        opened(2, 'session', 'a', 0),
        opened(3, 'end', 'a', 0),
        opened(4, 'replace', 'a', 0),
      ]),
    ).toEqual([1, 2, 3, 4])
  })
})

describe('trials', () => {
  const run = { runId: 'run_a', condition: 'left', version: 3 }
  const rows = (...records: OpenedRecord[]): [seq: number, data: [string, unknown][]][] =>
    trialsOf(run, records).map(({ seq, data }) => [seq, [...data]])

  it('say of which run, part and number they are', () => {
    expect(trialsOf(run, [opened(4, 'append', 'flanker', { rt: 5 })])).toEqual([
      { ...run, part: 'flanker', seq: 4, data: new Map([['rt', 5]]) },
    ])
  })
  it('are a row for an object, a row for each member of a list, and a value for anything else', () => {
    expect(
      rows(
        opened(2, 'append', 'a', [{ x: 1 }, 'two', [3], null]),
        opened(1, 'replace', 'b', { x: 0, __proto: 1 }),
        opened(3, 'append', 'a', 'three'),
        opened(4, 'append', 'a', null),
      ),
    ).toEqual([
      [
        1,
        [
          ['x', 0],
          ['__proto', 1],
        ],
      ],
      [2, [['x', 1]]],
      [2, [['value', 'two']]],
      [2, [['value', [3]]]],
      [2, [['value', null]]],
      [3, [['value', 'three']]],
      [4, [['value', null]]],
    ])
  })
  it('come neither from files, session records and ends, nor from what was replaced or has no value', () => {
    expect(
      rows(
        opened(1, 'append', 'a', 1),
        opened(2, 'file', 'a', { name: 'x' }),
        opened(3, 'session', 'a', {}),
        opened(4, 'replace', 'a', 2),
        opened(5, 'append', 'a', undefined),
        opened(6, 'end', 'a', 3),
        opened(7, 'append', 'b', []),
      ),
    ).toEqual([[4, [['value', 2]]]])
  })
})
