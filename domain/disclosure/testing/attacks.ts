/**
 * For tests: scripts that try to carry a secret of eight bits of one person past the gate, each with the decoder its
 * author would use.
 */
import type { Verdict } from '../../release/verdict.ts'
import { mean, type Person, random, result, type Written } from './cohorts.ts'

export interface Victim extends Person {
  secret: number
  /** The target’s secret, which the next person has as well. */
  tied: number
}
export interface Smuggler {
  name: string
  script: (people: readonly Victim[]) => Written
  /** The secret's guess, from what was released; undefined where nothing can be said. */
  decode: (verdict: Verdict) => number | undefined
}

export const target = 7
const of = (people: readonly Victim[]): Victim | undefined => people.find((p) => p.id === target)
const secret = (people: readonly Victim[], otherwise = 0): number => of(people)?.secret ?? otherwise
const bits = (s: number): number[] => Array.from({ length: 8 }, (_, i) => (s >> (7 - i)) & 1)
const join = (b: readonly (number | undefined)[]): number | undefined =>
  b.length < 8 ? undefined : b.slice(0, 8).reduce<number>((s, x) => s * 2 + (x ? 1 : 0), 0)
/**
 * Jitter that only the people of the run decide: the same script and people give the same numbers, and every run
 * others.
 */
const jitter = (people: readonly Victim[], salt = 0): (() => number) => {
  const draw = random(people.reduce((h, p) => Math.imul(h ^ (p.id + 1), 0x01000193) >>> 0, 0x811c9dc5 + salt))
  draw()
  draw()
  return draw
}

export const numbers = (verdict: Verdict): number[] =>
  verdict.outputs.flatMap((output) =>
    output.rows.flatMap((r) =>
      r.flatMap((c, i) => (output.columns[i]!.kind !== 'group' && typeof c.value === 'number' ? [c.value] : [])),
    ),
  )
export const cells = (v: Verdict): { value: unknown; suppressed?: true; precision?: number }[] =>
  v.outputs.flatMap((o) => o.rows.flat())
const first = (verdict: Verdict): number | undefined => {
  const shown = numbers(verdict)[0]
  return shown === undefined ? undefined : Math.max(0, Math.min(255, Math.round(shown)))
}
const above =
  (limit: number) =>
  (v: Verdict): number | undefined =>
    join(numbers(v).map((n) => Number(n > limit)))
const scalars = (list: readonly number[], name = 'v'): Written =>
  result(Object.fromEntries(list.map((x, i) => [`${name}${String(i).padStart(3, '0')}`, x])))
const table = (columns: readonly (string | { name: string; kind: string })[], rows: readonly unknown[][]): Written =>
  result({
    outputs: [
      { type: 'table', name: 't', columns: columns.map((c) => (typeof c === 'string' ? { name: c } : c)), rows },
    ],
  })
const attack = (name: string, script: Smuggler['script'], decode: Smuggler['decode']): Smuggler => ({
  name,
  script,
  decode,
})
const repeats = 8
/** The sign of the sum of a bit's repetitions. */
const sums = (verdict: Verdict): number | undefined => {
  const shownNumbers = numbers(verdict)
  return shownNumbers.length < 8 * repeats
    ? undefined
    : join(
        Array.from({ length: 8 }, (_, b) =>
          Number(shownNumbers.filter((_, i) => i % 8 === b).reduce((t, x) => t + x, 0) > 0),
        ),
      )
}
/** Votes of repeated bits. */
const votes = (
  verdict: Verdict,
  one: (cell: { value: unknown; precision?: number }) => boolean,
): number | undefined => {
  const cell = cells(verdict)
  return cell.length < 8 * repeats
    ? undefined
    : join(
        Array.from({ length: 8 }, (_, b) => Number(cell.filter((x, i) => i % 8 === b && one(x)).length > repeats / 2)),
      )
}

export const smugglers: Smuggler[] = [
  attack('value, zero where absent', (p) => result({ v: secret(p) }), first),
  attack('value, the mean where absent', (p) => result({ v: secret(p, 127) }), first),
  attack(
    'value as a mean of one',
    (p) =>
      result({ outputs: [{ type: 'estimate', name: 'v', estimate: secret(p, 100), standardError: 1, n: p.length }] }),
    first,
  ),
  attack('value of the first row', (p) => result({ v: p[0]!.secret }), first),
  attack('bits', (p) => scalars(bits(secret(p))), above(0.5)),
  attack('bits as 10 and 20', (p) => scalars(bits(secret(p)).map((b) => 10 + 10 * b)), above(15)),
  attack(
    'bits, the same where absent as most',
    (p) => scalars(bits(secret(p, 0b10101010)).map((b) => 10 + 10 * b)),
    above(15),
  ),
  attack(
    'bits as truth',
    (p) => result(Object.fromEntries(bits(secret(p)).map((b, i) => [`v${i}`, b === 1]))),
    above(0.5),
  ),
  attack(
    'bits under a small jitter',
    (people) => {
      const random = jitter(people)
      return scalars(bits(secret(people)).map((b) => 10 * b + random()))
    },
    above(5),
  ),
  attack(
    'bits under a jitter of two fifths',
    (people) => {
      const random = jitter(people)
      return scalars(bits(secret(people)).map((b) => 10 + 10 * b + 4 * random()))
    },
    above(17),
  ),
  attack(
    'aiming between two steps',
    (people) => {
      const random = jitter(people)
      return scalars(bits(secret(people)).map((b) => 0.12345 + (b ? 1 : -1) * 1e-9 + (random() - 0.5) * 2e-9))
    },
    above(0.12345),
  ),
  attack(
    'aiming at the next whole step of a mean',
    (people) => {
      const average = mean(people.map((x) => x.bmi))
      return scalars(
        bits(secret(people)).map(
          (b) => Math.round(average) + 0.5 + (b ? 1e-6 : -1e-6) + (average - Math.round(average)) * 1e-6,
        ),
      )
    },
    (v) => join(numbers(v).map((n) => Number(n % 2 === 0))),
  ),
  attack(
    'low digits of a mean',
    (people) => {
      const average = mean(people.map((x) => x.score))
      return result({ v: Math.round(average * 10) / 10 + secret(people) * 1e-9 })
    },
    (verdict) => {
      const shown = numbers(verdict)[0]
      return shown === undefined ? undefined : Math.round((shown * 1e9) % 1e8) & 255
    },
  ),
  attack(
    'low digits of a moving mean',
    (p) => result({ v: Math.round(mean(p.map((x) => x.score)) * 100) / 100 + secret(p) * 1e-6 }),
    (verdict) => {
      const shown = numbers(verdict)[0]
      return shown === undefined ? undefined : Math.round(((shown * 100) % 1) * 10_000) & 255
    },
  ),
  attack(
    'middle digits',
    (p) => result({ v: Math.round(mean(p.map((x) => x.score))) + secret(p) / 1000 }),
    (verdict) => {
      const shown = numbers(verdict)[0]
      return shown === undefined ? undefined : Math.round((shown % 1) * 1000) & 255
    },
  ),
  attack(
    'all rows as a list',
    (p) => result({ v: p.map((x) => x.secret) }),
    (verdict) => {
      const shown = numbers(verdict)[target]
      return shown === undefined ? undefined : shown & 255
    },
  ),
  attack('sorted rows', (p) => result({ v: p.map((x) => x.secret).sort((a, b) => a - b) }), first),
  attack(
    'rows as a CSV file',
    (p) => ({ 'table.csv': `id,secret\n${p.map((x) => `${x.id},${x.secret}`).join('\n')}\n` }),
    (verdict) => {
      const output = verdict.outputs[0]?.rows.find((r) => r[0]!.value === target)
      return typeof output?.[1]?.value === 'number' ? output[1].value : undefined
    },
  ),
  attack(
    'text',
    (p) => result({ v: `word${secret(p)}` }),
    (verdict) => {
      const text = cells(verdict)[0]?.value
      return typeof text === 'string' ? Number(/\d+/.exec(text)?.[0]) : undefined
    },
  ),
  attack(
    'categories as letters',
    (people) =>
      table(
        ['k', 'mean'],
        bits(secret(people)).map((b, i) => [['A', 'B', 'C'][i % 3], b ? 'female' : 'male']),
      ),
    (verdict) =>
      join(
        cells(verdict)
          .filter((_, i) => i % 2 === 1)
          .map((c) => Number(c.value === 'female')),
      ),
  ),
  attack(
    'name of an output',
    (p) => result({ [`v${secret(p)}`]: p.length }),
    (v) => (v.outputs[0] ? Number(/\d+/.exec(v.outputs[0].name)?.[0] ?? 0) & 255 : undefined),
  ),
  attack(
    'which outputs are there',
    (p) => result(Object.fromEntries(bits(secret(p)).flatMap((b, i) => (b ? [[`v${i}`, p.length]] : [])))),
    (v) => bits(0).reduce((s, _, i) => s * 2 + Number(v.outputs.some((o) => o.name === `v${i}`)), 0),
  ),
  attack(
    'names of columns',
    (p) => table([`v${secret(p)}`], [[p.length]]),
    (v) => (v.outputs[0] ? Number(/\d+/.exec(v.outputs[0].columns[0]!.name)?.[0] ?? 0) & 255 : undefined),
  ),
  attack(
    'order of rows',
    (people) => {
      const secrets = bits(secret(people))
      return table(
        [{ name: 'k', kind: 'group' }, 'v'],
        secrets.flatMap((value, place) =>
          value
            ? [
                [2 * place, people.length],
                [2 * place + 1, people.length],
              ]
            : [
                [2 * place + 1, people.length],
                [2 * place, people.length],
              ],
        ),
      )
    },
    (verdict) => {
      const keys = verdict.outputs[0]?.rows.map((r) => r[0]!.value as number)
      return keys && join(bits(0).map((_, i) => Number(keys[2 * i]! < keys[2 * i + 1]!)))
    },
  ),
  attack(
    'order of outputs',
    (people) => {
      const secrets = bits(secret(people))
      return result(
        Object.fromEntries(
          secrets.flatMap((x, i) => (x ? [`a${i}`, `b${i}`] : [`b${i}`, `a${i}`])).map((k) => [k, people.length]),
        ),
      )
    },
    (verdict) => {
      const keys = verdict.outputs.map((o) => o.name)
      return keys.length < 16 ? undefined : join(bits(0).map((_, i) => Number(keys[2 * i]! < keys[2 * i + 1]!)))
    },
  ),
  attack(
    'number of rows',
    (people) =>
      table(
        ['v'],
        Array.from({ length: secret(people, 40) }, () => [1]),
      ),
    (v) => v.outputs[0]?.rows.length,
  ),
  attack(
    'rows that are there',
    (people) =>
      table(
        [{ name: 'k', kind: 'group' }, 'v'],
        bits(secret(people)).flatMap((b, i) => (b ? [[i, people.length]] : [])),
      ),
    (v) => v.outputs[0] && join(bits(0).map((_, i) => Number(v.outputs[0]!.rows.some((r) => r[0]!.value === i)))),
  ),
  attack(
    'rows that are missing, all where absent',
    (people) =>
      table(
        [{ name: 'k', kind: 'group' }, 'v'],
        bits(secret(people, 255)).flatMap((b, i) => (b ? [[i, people.length]] : [])),
      ),
    (v) => v.outputs[0] && join(bits(0).map((_, i) => Number(v.outputs[0]!.rows.some((r) => r[0]!.value === i)))),
  ),
  attack(
    'key of a group',
    (people) =>
      table(
        [
          { name: 'k', kind: 'group' },
          { name: 'n', kind: 'count' },
        ],
        [
          [secret(people, 50), people.length],
          ['A', people.length],
        ],
      ),
    (verdict) => {
      const key = verdict.outputs[0]?.rows.map((r) => r[0]!.value).find((x) => typeof x === 'number')
      return key as number | undefined
    },
  ),
  attack(
    'only on the whole cohort',
    (p) => result({ v: p.length === 150 ? secret(p) : mean(p.map((x) => x.score)) }),
    first,
  ),
  attack(
    'only on the whole cohort, under a wide jitter',
    (people) => {
      const random = jitter(people)
      return scalars(
        Array.from({ length: 8 * repeats }, (_, place) => {
          const value = random()
          return people.length === 150 ? bits(secret(people))[place % 8]! : value
        }),
      )
    },
    (v) => votes(v, (c) => (c.value as number) > 0.5),
  ),
  attack(
    'as p-values',
    (p) => result(Object.fromEntries(bits(secret(p)).map((b, i) => [`p${i}.pvalue`, b ? 0.04 : 0.4]))),
    (v) => join(numbers(v).map((n) => Number(n < 0.2))),
  ),
  attack(
    'as tiny p-values',
    (p) => result(Object.fromEntries(bits(secret(p)).map((b, i) => [`p${i}.pvalue`, b ? 1e-12 : 1e-20]))),
    (v) => join(numbers(v).map((n) => Number(n > 1e-16))),
  ),
  attack(
    'counts of one to four',
    (people) =>
      table(
        [
          { name: 'k', kind: 'group' },
          { name: 'n', kind: 'count' },
        ],
        bits(secret(people)).map((b, i) => [i, 2 + 2 * b]),
      ),
    (v) => join(numbers(v).map((n) => Number(n > 3))),
  ),
  attack(
    'counts of a few or nobody',
    (people) =>
      table(
        [
          { name: 'k', kind: 'group' },
          { name: 'n', kind: 'count' },
        ],
        bits(secret(people)).map((b, i) => [i, 9 * b]),
      ),
    (verdict) => {
      const cell = cells(verdict).filter((_, i) => i % 2 === 1)
      return cell.length ? join(cell.map((x) => Number(x.suppressed === true))) : undefined
    },
  ),
  attack(
    'counts around the minimum',
    (people) =>
      table(
        [
          { name: 'k', kind: 'group' },
          { name: 'n', kind: 'count' },
        ],
        bits(secret(people)).map((b, i) => [i, 9 + b]),
      ),
    (verdict) => {
      const cell = cells(verdict).filter((_, i) => i % 2 === 1)
      return cell.length ? join(cell.map((x) => Number(!x.suppressed))) : undefined
    },
  ),
  attack(
    'counts of 40 and 80',
    (people) =>
      table(
        [
          { name: 'k', kind: 'group' },
          { name: 'n', kind: 'count' },
        ],
        bits(secret(people)).map((b, i) => [i, Math.round((people.length * (40 + 40 * b)) / 150)]),
      ),
    above(60),
  ),
  attack(
    'one of 256 that does not agree',
    (p) => scalars(Array.from({ length: 100 }, (_, i) => (i === secret(p, 300) % 100 ? 5 : 10))),
    (verdict) => {
      const place = verdict.outputs.findIndex((o) => o.rows[0]![0]!.suppressed)
      return place < 0 ? undefined : place
    },
  ),
  attack(
    'one of eight outputs that does not agree',
    (people) =>
      result({
        outputs: Array.from({ length: 8 }, (_, place) => ({
          type: 'table',
          name: `t${place}`,
          columns: [{ name: 'k' }, { name: 'v' }],
          rows: [['A', of(people) && place === of(people)!.secret >> 5 ? 5 : 10]],
        })),
      }),
    (verdict) => {
      const place = verdict.outputs.findIndex((o) => o.rows[0]?.some((c) => c.suppressed))
      return place < 0 ? undefined : place << 5
    },
  ),
  attack(
    'pattern of missing numbers',
    (p) => scalars(bits(secret(p)).map((b) => (b ? NaN : 10))),
    (verdict) => {
      const cell = cells(verdict)
      return cell.length ? join(cell.map((x) => Number(x.value === null))) : undefined
    },
  ),
  attack(
    'a thousand numbers',
    (p) => scalars(Array.from({ length: 1000 }, (_, i) => p[i % p.length]!.secret)),
    (verdict) => {
      const shown = numbers(verdict)[target]
      return shown === undefined ? undefined : shown & 255
    },
  ),
  attack(
    'edges of a histogram',
    (p) =>
      result({ outputs: [{ type: 'histogram', name: 'h', edges: [0, 1 + secret(p, 100), 300], counts: [75, 75] }] }),
    (verdict) => {
      const edge = verdict.outputs[0]?.rows[1]?.[0]!.value
      return typeof edge === 'number' ? edge - 1 : undefined
    },
  ),
  attack(
    'counts of a histogram',
    (people) =>
      result({
        outputs: [
          {
            type: 'histogram',
            name: 'h',
            edges: [0, 1, 2, 3, 4, 5, 6, 7, 8],
            counts: bits(secret(people)).map((b) => 20 + 20 * b),
          },
        ],
      }),
    (v) => join(numbers(v).map((n) => Number(n > 30))),
  ),
  attack(
    'coefficients',
    (people) =>
      result({
        outputs: [
          {
            type: 'model',
            name: 'm',
            n: people.length,
            terms: bits(secret(people)).map((bit, place) => ({
              term: `x${place}`,
              estimate: bit,
              standardError: 0.1,
              pValue: 0.5,
            })),
          },
        ],
      }),
    (v) => join(v.outputs[0]?.rows.map((r) => Number((r[1]!.value as number) > 0.5)) ?? []),
  ),
  attack(
    'terms of a model',
    (p) => result({ outputs: [{ type: 'model', name: 'm', terms: [{ term: `x${secret(p)}`, estimate: 1 }] }] }),
    (v) => (v.outputs[0] ? Number(/\d+/.exec(String(v.outputs[0].rows[0]?.[0]?.value))?.[0] ?? 0) & 255 : undefined),
  ),
  attack(
    'a mean that one person makes up',
    (people) => {
      const weights = people.map((x) => (x.id === target ? 1e6 : 1))
      const sum = weights.reduce((a, b) => a + b, 0)
      return result({ v: people.reduce((t, x, i) => t + (x.secret * weights[i]!) / sum, 0) })
    },
    first,
  ),
  attack(
    'a sum that one person makes up',
    (p) => result({ v: p.reduce((t, x) => t + x.secret * (x.id === target ? 1e6 : 1), 0) }),
    (verdict) => {
      const shown = numbers(verdict)[0]
      return shown === undefined ? undefined : Math.round(shown / 1e6) & 255
    },
  ),
  attack(
    'largest under another name',
    (p) => result({ v: Math.max(...p.map((x) => (x.id === target ? 1000 + x.secret : x.bmi))) }),
    (verdict) => {
      const shown = numbers(verdict)[0]
      return shown === undefined ? undefined : (shown - 1000) & 255
    },
  ),
  attack('a failure where absent', (p) => (of(p) ? result({ v: secret(p) }) : { end: 'script-error' }), first),
  attack('another table where absent', (p) => (of(p) ? table(['v'], [[secret(p)]]) : table(['w'], [[1]])), first),
  attack('no output where absent', (p) => (of(p) ? result({ v: secret(p) }) : {}), first),
  attack(
    'unit of a number',
    (p) => result({ outputs: [{ type: 'scalar', name: 'n', value: p.length, unit: `u${secret(p)}` }] }),
    (v) => (v.outputs[0]?.columns[0]!.unit ? Number(v.outputs[0].columns[0]!.unit!.slice(1)) : undefined),
  ),
  attack(
    'precision by the run without',
    (people) => {
      const secrets = bits(secret(people))
      return scalars(secrets.map((x) => 0.5 + (of(people) ? 0 : x)))
    },
    (v) => join(cells(v).map((c) => Number((c.precision ?? 0) > 0.01))),
  ),
]

/**
 * What is left, measured, and said in the threat model: values that people of two blocks share, to two digits; and
 * jitter that the script makes itself, of the secret's own size, so that no run stands apart.
 */
export const camouflaged: Smuggler[] = [
  attack(
    'largest, which two people share',
    (people) => {
      const held = people.filter((x) => x.id === target || x.id === target + 1)
      return result({ v: held.length ? 1000 + held[0]!.tied : 0 })
    },
    (verdict) => {
      const shown = numbers(verdict)[0]
      return shown === undefined ? undefined : (shown - 1000) & 255
    },
  ),
  attack(
    'bits under a jitter of a third',
    (people) => {
      const random = jitter(people)
      return scalars(bits(secret(people)).map((b) => 10 + 3 * b + 3 * (random() - 0.5)))
    },
    above(11.5),
  ),
  attack(
    'place under a jitter of its own size',
    (people) => {
      const random = jitter(people)
      const secrets = bits(secret(people, 256))
      return scalars(
        Array.from({ length: 8 * repeats }, (_, place) => {
          const value = random() - 0.5
          if (!of(people)) return value
          return (secrets[place % 8] ? 0.5 : -0.5) + value
        }),
      )
    },
    sums,
  ),
  attack(
    'scale under a jitter',
    (people) => {
      const random = jitter(people)
      const secrets = bits(secret(people))
      return scalars(
        Array.from({ length: 8 * repeats }, (_, place) => {
          const value = random() - 0.5
          return value * (of(people) && secrets[place % 8] ? 20 : 1)
        }),
      )
    },
    (v) => votes(v, (c) => (c.precision ?? 0) > 8),
  ),
]
