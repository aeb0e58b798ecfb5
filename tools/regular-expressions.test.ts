/**
 * No regular expression of the product may be slow on a text that somebody sends: each is tried on texts made of its
 * own pieces, of any length, or of the length that its place takes at most.
 */
import { describe, expect, it } from 'vitest'
import { regularExpressions, slowest } from './regular-expressions.ts'

/** Places whose texts are short: at most so many characters, and why. */
const short: Readonly<Record<string, [most: number, why: string]>> = {
  'adapters/aws/compute.ts: /^Host EC2|SpotInterruption|Task stopped by.*(infrastructure|host)/im': [
    1024,
    'a reason that AWS gives',
  ],
  'local/static.ts: /[-.][A-Za-z0-9_-]{8,}\\.[a-z0-9]+$/': [255, 'a file of our own build'],
  'web/portal/src/parts/job/completion.ts: /[\\w"]*$/': [250, 'what the editor shows of a line'],
}
/** Put together while the program runs, from our own words: what they are made of. */
const made: Readonly<Record<string, string>> = {
  'contracts/shapes.ts': 'the prefix of an id',
  'contracts/template.ts': 'a template of a key, in which a field holds no separator',
  'domain/pipelines/pattern.ts': 'a pattern of a person: looked at here, matched by RE2',
  'functions/kernel/function-url.ts': 'the path of a route',
  'local/care/look-objects.ts': 'the places of objects that entities declare, in which a field holds no separator',
  'runner/confine/answer.ts': 'the names that an output may have',
  'runner/inside/wasm.mjs': 'the names that an output may have',
  'web/portal/src/parts/job/completion.ts': 'the name of a table, which is a word',
}

const all = regularExpressions()

describe('regular expressions', () => {
  it('are found', () => {
    expect(all.length).toBeGreaterThan(300)
    expect(all.some(({ file }) => file.startsWith('domain/studies/'))).toBe(true)
  })
  it('that are put together are made of our own words', () => {
    const places = all.filter(({ regex }) => regex === undefined).map(({ file }) => file)
    expect([...new Set(places)].sort()).toEqual(Object.keys(made))
  })
  it('take no time on any text that somebody may send', () => {
    const places = new Map(all.filter((one) => one.regex).map((one) => [`${one.file}: ${one.text}`, one]))
    const slow = [...places].flatMap(([place, { regex, line }]) => {
      const found = slowest(regex!, short[place]?.[0] ?? Infinity)
      return found ? [{ place, line, ...found }] : []
    })
    expect(slow).toEqual([])
    expect(Object.keys(short).filter((place) => !places.has(place))).toEqual([])
  }, 120_000)
  it('that are slow are found by this', () => {
    const known = [/\s+$/, /^(a+)+$/, /<(?:img|audio)\b[^>]*?\s(?:src)\s*=/gi, /^(.+?)\.\.(.+)$/, /\d+\.?\d*$/]
    expect(known.filter((regex) => slowest(regex, Infinity) === undefined)).toEqual([])
  })
})
