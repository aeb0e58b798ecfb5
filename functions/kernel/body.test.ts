import { describe, expect, it } from 'vitest'
import { allRoutes } from '../../contracts/index.ts'
import { bounds } from '../../domain/bounds.ts'
import { maxChunkRecords } from '../../domain/runs/records.ts'
import { checkedBody, extentOfBody, valuesInPlace } from './body.ts'

const sha256 = '0'.repeat(64)
const list = <T>(count: number, of: (place: number) => T): T[] => Array.from({ length: count }, (_, place) => of(place))
const chunk = {
  first: 1,
  produced: maxChunkRecords,
  records: list(maxChunkRecords, () => ({
    op: 'append',
    part: 'trials',
    jwe: `a..${'a'.repeat(16)}.a.a`,
    object: { sha256, size: 1 },
    end: { last: 1, hash: sha256 },
  })),
}
/** The most that anybody has reason to send: what the bounds of the contracts allow, and large trials. */
const largest: readonly [route: string, body: object][] = [
  ['runs.append', chunk],
  ['datasets.read', { files: list(20_000, (place) => ({ path: `faces/${place}.png`, size: 1, sha256 })) }],
  [
    'studies.publish',
    {
      configuration: {
        timeline: [
          {
            timeline_variables: list(10_000, (place) => ({
              place,
              word: 'x',
              colour: 'y',
              left: 1,
              right: 2,
              ok: true,
            })),
          },
        ],
      },
      assets: list(bounds.study.files, (place) => ({ path: `${place}.png`, sha256, size: 1, type: 'image/png' })),
    },
  ],
  [
    'pipelines.inputUploads',
    { files: list(bounds.input.files, (place) => ({ path: `scans/${place}.nii`, size: 1, sha256 })) },
  ],
  [
    'synthesis.confirm',
    {
      rev: 1,
      plan: {
        columns: list(500, (place) => ({ name: `c${place}`, kind: 'categorical', categories: list(200, String) })),
        rowsDeclared: 1000,
      },
    },
  ],
]

describe('a body', () => {
  it.each(largest)('of %s may be as large as its route takes', (name, body) => {
    const { route } = allRoutes.find((one) => `${one.area}.${one.name}` === name)!
    const text = JSON.stringify(body)
    expect(text.length).toBeLessThan(route.maxBody ?? 1024 * 1024)
    expect(() => extentOfBody(text)).not.toThrow()
    expect(checkedBody(route.body!, text)).not.toHaveProperty('errors')
  })
  it('of a participant never waits for a thread', () =>
    expect(extentOfBody(JSON.stringify(chunk)).values).toBeLessThan(valuesInPlace))
  it.each([
    ['numbers', `[${'0,'.repeat(200_000)}0]`],
    ['objects', `[${'{},'.repeat(200_000)}0]`],
    ['members', `{${list(200_000, (place) => `"k${place}":0`).join(',')}}`],
  ])('of more %s than anybody needs is too large', (_, text) =>
    expect(() => extentOfBody(text)).toThrow(/more than 150000 members/),
  )
})
