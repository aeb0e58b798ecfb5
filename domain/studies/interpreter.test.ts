import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chance, counterbalanced, latinSquare, sampleOrder, sampleSize, type Sample } from './chance.ts'
import { holds, same } from './comparison.ts'
import type { TimelineConfiguration, TimelineNode } from './configuration.ts'
import { type NextTrial, type RunInput, scored, startRun, type TrialData } from './interpreter.ts'

const html = '@jspsych/plugin-html-keyboard-response'
const input = (
  timeline: TimelineNode[],
  over: Partial<Omit<RunInput, 'configuration'>> & { configuration?: Partial<TimelineConfiguration> } = {},
): RunInput => ({
  condition: '',
  seed: 1,
  parameters: {},
  ...over,
  configuration: { kind: 'timeline', timeline, ...over.configuration },
})
/** A participant who answers by the seed. */
const answer = (trial: NextTrial): TrialData =>
  scored(trial, {
    ...trial.data,
    trial_index: trial.position,
    rt: chance(trial.position, 'rt').below(1000),
    response: chance(trial.position, 'key').below(2) ? 'f' : 'j',
  })
function playAll(input: RunInput): { trials: NextTrial[]; data: TrialData[] } {
  const run = startRun(input)
  const trials: NextTrial[] = []
  const data: TrialData[] = []
  while (run.current) {
    trials.push(run.current)
    if (run.current.record) data.push(answer(run.current))
    run.finish(answer(run.current))
  }
  return { trials, data }
}
const stimuli = (i: RunInput) => playAll(i).trials.map((t) => t.parameters.stimulus)

const leaf = fc.record({
  type: fc.constant(html),
  stimulus: fc.oneof(
    fc.constant<unknown>('x'),
    fc.constant({ timeline_variable: 'v' }),
    fc.constant({ template: '{{v}}-{{c}}-{{parameter:p}}' }),
  ),
  score: fc.constant({ equals: 'f' }),
}) as fc.Arbitrary<TimelineNode>
const node: fc.Arbitrary<TimelineNode> = fc.letrec<{ node: TimelineNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2 },
    leaf,
    fc.record(
      {
        timeline: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
        timeline_variables: fc.array(fc.record({ v: fc.nat(9) }), { minLength: 1, maxLength: 4 }),
        repetitions: fc.integer({ min: 1, max: 2 }),
        randomize_order: fc.boolean(),
        sample: fc.constantFrom<Sample>(
          { type: 'with-replacement', size: 3 },
          { type: 'fixed-repetitions', size: 2 },
          { type: 'without-replacement', size: 1 },
        ),
        loop: fc.constantFrom(
          { times: 2 },
          { while: { data: 'correct', take: 'mean' as const, is: 'less' as const, value: 0.6 }, max: 3 },
        ),
        conditional: fc.constantFrom(
          { condition: 'a' },
          {
            any: [
              { data: 'response', is: 'equal' as const, value: 'f' },
              { parameter: 'p', is: 'present' as const },
            ],
          },
        ),
        per_condition: fc.constantFrom({}, { a: { repetitions: 1 } }, { b: null }),
      },
      { requiredKeys: ['timeline', 'timeline_variables'] },
    ) as unknown as fc.Arbitrary<TimelineNode>,
  ),
})).node
const anyInput = fc
  .record({
    timeline: fc.array(node, { minLength: 1, maxLength: 3 }),
    seed: fc.integer(),
    condition: fc.constantFrom('a', 'b'),
  })
  .map(({ timeline, seed, condition }) =>
    input(timeline, {
      seed,
      condition,
      parameters: { p: '<i>' },
      configuration: {
        conditions: [
          { name: 'a', c: 1 },
          { name: 'b', c: 2 },
        ],
      },
    }),
  )

describe('a run', () => {
  it('is the same for the same seed', () =>
    fc.assert(
      fc.property(anyInput, (input) => {
        expect(playAll(input)).toEqual(playAll(structuredClone(input)))
      }),
      { numRuns: 60 },
    ))
  it('resumed after any record has the same remainder', () =>
    fc.assert(
      fc.property(anyInput, fc.double({ min: 0, max: 1, noNaN: true }), (input, share) => {
        const whole = playAll(input)
        const resumed = Math.floor(share * whole.data.length)
        const run = startRun(input, whole.data.slice(0, resumed))
        const rest: NextTrial[] = []
        while (run.current) {
          rest.push(run.current)
          run.finish(answer(run.current))
        }
        expect(rest).toEqual(whole.trials.slice(resumed))
      }),
      { numRuns: 60 },
    ))
  it('shows an unrecorded trial again only when nothing after it is recorded', () => {
    const given = input([
      { type: html, stimulus: '+', record_data: false },
      { type: html, stimulus: 'a' },
      { type: html, stimulus: '+', record_data: false },
      { type: html, stimulus: 'b' },
    ])
    expect(startRun(given, []).current?.position).toBe(0)
    expect(startRun(given, [{ trial_index: 1 }]).current?.position).toBe(2)
    expect(startRun(given, [{ trial_index: 1 }, { trial_index: 3 }]).current).toBeUndefined()
  })
  it('differs between seeds', () => {
    const orderOf = (seed: number) =>
      stimuli(
        input(
          [
            {
              timeline: [{ type: html, stimulus: { timeline_variable: 'v' } }],
              timeline_variables: Array.from({ length: 20 }, (_, v) => ({ v })),
              randomize_order: true,
            },
          ],
          { seed },
        ),
      )
    expect(orderOf(1)).not.toEqual(orderOf(2))
    expect(orderOf(1).toSorted()).toEqual(orderOf(2).toSorted())
  })
  it('draws a new order in each repetition', () => {
    const order = stimuli(
      input([
        {
          repetitions: 2,
          randomize_order: true,
          timeline: [{ type: html, stimulus: { timeline_variable: 'v' } }],
          timeline_variables: Array.from({ length: 20 }, (_, v) => ({ v })),
        },
      ]),
    )
    expect(order.slice(0, 20)).not.toEqual(order.slice(20))
  })
  it('loops while its own round is not good enough, at most so often', () => {
    const given = input([
      { timeline: [{ type: html, stimulus: 'x' }], loop: { while: { data: 'rt', is: 'at-least', value: 0 }, max: 4 } },
    ])
    expect(playAll(given).trials).toHaveLength(4)
  })
  it('resolves references, tags and variants, and keeps query text harmless', () => {
    const [trial] = playAll(
      input(
        [
          {
            name: 'n',
            data: { a: 1, b: 1 },
            timeline: [
              {
                type: html,
                stimulus: { template: '<p>{{w}} {{c}} {{parameter:p}}</p>' },
                data: { b: 2, w: { timeline_variable: 'w' } },
                per_condition: { x: { trial_duration: { url_parameter: 'ms', default: '7' } } },
              },
            ],
            timeline_variables: [{ w: 'hi', q: 1 }],
            save_timeline_variables: ['w'],
          },
        ],
        { condition: 'x', parameters: { p: '<script>' }, configuration: { conditions: [{ name: 'x', c: 3 }] } },
      ),
    ).trials
    expect(trial).toEqual({
      position: 0,
      type: html,
      record: true,
      parameters: { stimulus: '<p>hi 3 &lt;script&gt;</p>', trial_duration: '7' },
      data: { part: 'n', a: 1, b: 1, w: 'hi', timeline_variables: { w: 'hi' } },
    })
  })
  it('scores regardless of case', () =>
    expect(
      scored(
        { position: 0, type: html, parameters: {}, data: {}, record: true, score: { equals: 'F' } },
        { response: 'f' },
      ),
    ).toEqual({ response: 'f', correct: true }))
})

describe('samples', () => {
  const counts = (order: number[], rows: number) =>
    Array.from({ length: rows }, (_, r) => order.filter((o) => o === r).length)
  it('take what they say', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        fc.integer(),
        (rows, size, randomize, seed) => {
          const take = (sample: Sample | undefined) => sampleOrder(rows, sample, randomize, chance(seed, 's'))
          expect(counts(take(undefined), rows).every((n) => n === 1)).toBe(true)
          expect(counts(take({ type: 'fixed-repetitions', size }), rows).every((n) => n === size)).toBe(true)
          const some = take({ type: 'without-replacement', size: Math.min(size, rows) })
          expect([some.length, new Set(some).size]).toEqual([Math.min(size, rows), Math.min(size, rows)])
          expect(
            take({
              type: 'with-replacement',
              size,
              weights: Array.from({ length: rows }, (_, r) => (r === 0 ? 1 : 0)),
            }),
          ).toEqual(Array.from({ length: size }, () => 0))
          const groups: Sample = {
            type: 'alternate-groups',
            groups: [[0], Array.from({ length: rows }, (_, r) => r)],
            randomize_group_order: true,
          }
          expect(take(groups)).toHaveLength(sampleSize(rows, groups))
        },
      ),
    ))
  it('are fair', () => {
    const first = counts(
      Array.from({ length: 4000 }, (_, seed) => sampleOrder(4, undefined, true, chance(seed, 'x'))[0] as number),
      4,
    )
    for (const n of first) expect(Math.abs(n - 1000)).toBeLessThan(120)
  })
})

describe('counterbalancing', () => {
  it('is a balanced Latin square', () => {
    for (let n = 2; n <= 9; n++) {
      const square = latinSquare(n)
      for (let place = 0; place < n; place++)
        for (let task = 0; task < n; task++)
          expect(square.filter((row) => row[place] === task)).toHaveLength(square.length / n)
      const follows = new Map<string, number>()
      for (const row of square)
        for (let i = 1; i < n; i++)
          follows.set(`${row[i - 1]}>${row[i]}`, (follows.get(`${row[i - 1]}>${row[i]}`) ?? 0) + 1)
      expect([follows.size, new Set(follows.values()).size]).toEqual([n * (n - 1), 1])
    }
  })
  it('walks every order by the seed', () => {
    expect(new Set(Array.from({ length: 24 }, (_, seed) => counterbalanced(4, 'full', seed).join())).size).toBe(24)
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 7 }),
        fc.constantFrom('latin' as const, 'full' as const, 'random' as const),
        fc.integer(),
        (round, order, seed) => {
          expect(counterbalanced(round, order, seed).toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: round }, (_, i) => i),
          )
        },
      ),
    )
  })
  it('moves only the tasks it names', () => {
    const named = (name: string): TimelineNode => ({ name, type: html, stimulus: name })
    const orderOf = (seed: number) =>
      stimuli(
        input([named('intro'), named('a'), named('pause'), named('b'), named('end')], {
          seed,
          configuration: { counterbalance: { tasks: ['a', 'b'], order: 'latin' } },
        }),
      )
    expect([orderOf(0), orderOf(1)]).toEqual([
      ['intro', 'a', 'pause', 'b', 'end'],
      ['intro', 'b', 'pause', 'a', 'end'],
    ])
  })
})

describe('comparisons', () => {
  const known = {
    condition: 'a',
    parameters: { p: '5' },
    variables: { v: 2 },
    data: [
      { task: 't', correct: true, rt: 300 },
      { task: 't', correct: false, rt: 500 },
      { task: 'u', response: { q: ['x'] } },
    ],
  }
  it.each([
    [{ condition: ['a', 'b'] }, true],
    [{ parameter: 'p', is: 'more', value: 4 }, true],
    [{ parameter: 'toString' }, false],
    [{ variable: 'v', is: 'one-of', value: [1, 2] }, true],
    [{ data: 'correct', take: 'mean', where: { task: 't' }, is: 'equal', value: 0.5 }, true],
    [{ data: 'rt', take: 'median', is: 'at-most', value: 400 }, true],
    [{ data: 'rt', take: 'count', is: 'equal', value: 2 }, true],
    [{ data: 'response.q', is: 'contains', value: 'X' }, true],
    [{ data: 'nothing', take: 'mean', is: 'less', value: 1 }, false],
    [{ data: 'correct', last: 1, where: { task: 't' }, is: 'equal', value: true }, false],
    [{ not: { all: [{ condition: 'a' }, { any: [] }] } }, true],
  ] as const)('%j is %s', (test, expected) => expect(holds(test as never, known)).toBe(expected))
  it('compare structures', () =>
    expect([same({ a: [1, 'X'] }, { a: ['1', 'x'] }), same({ a: 1 }, { b: 1 }), same(null, {}), same('', 0)]).toEqual([
      true,
      false,
      false,
      false,
    ]))
})
