import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandOf, located, tokensOf } from './command.ts'
import { kindOf, matches } from './definition.ts'
import { hashRows, parameterRows } from './diff.ts'
import { type AtWork, fairOrder, nextRuns, type Waiting } from './fair.ts'
import { codeOf, failureOf, runCodes, type RunCode, runStateOf } from './life.ts'
import type { PipelineReport } from './manifest.ts'
import { grid, sweepFaults } from './sweep.ts'

describe('a command', () => {
  const value = fc.oneof(
    fc.string().filter((s) => !s.includes('{{')),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 3 }),
  )
  it('has as many arguments as its template, whatever the values hold', () =>
    fc.assert(
      fc.property(value, value, (first, second) => {
        const made = located(
          commandOf(['run', '--a={{a}}', '{{ b }}', '{{output}}/x', '{{inputs.movie}}'], { a: first, b: second }),
          {
            output: '/out',
            code: '/code',
            parameters: '/p',
            inputs: { movie: '/in/movie' },
          },
        )
        expect(made).toEqual([
          'run',
          `--a=${Array.isArray(first) ? first.join(',') : first}`,
          String(Array.isArray(second) ? second.join(',') : second),
          '/out/x',
          '/in/movie',
        ])
      }),
    ))
  it('names its tokens and leaves the rest alone', () => {
    expect(tokensOf('{{a}} {{inputs.b}} {c} {{ d }} {{1x}} {{e-f}}')).toEqual(['a', 'inputs.b', 'd'])
    expect(
      located(['{{inputs.gone}}', '$HOME; rm -rf *'], { output: '', code: '', parameters: '', inputs: {} }),
    ).toEqual(['', '$HOME; rm -rf *'])
  })
})

describe('outputs', () => {
  it('are matched name by name', () => {
    expect([
      matches('*.png', 'a.png'),
      matches('*.png', 'deep/a.png'),
      matches('deep/*', 'deep/a'),
      matches('a*b*c', 'a--b--c'),
      matches('a*b*c', 'abc'),
      matches('a*a', 'a'),
      matches('ab*ba', 'aba'),
      matches('x', 'x'),
    ]).toEqual([true, false, true, true, true, false, false, true])
  })
  it('match as the same pattern does as a regular expression', () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[ab*/]{1,7}$/), fc.stringMatching(/^[ab/]{1,9}$/), (pattern, path) => {
        expect(matches(pattern, path)).toBe(new RegExp(`^${pattern.replaceAll('*', '[^/]*')}$`).test(path))
      }),
      { numRuns: 1000 },
    ))
  it('are what the definition says, else what their name says', () =>
    expect([
      kindOf([{ match: 'p*.png', kind: 'plot' }], 'p1.png'),
      kindOf([], 'p1.png'),
      kindOf([], 'v.nii.gz'),
      kindOf([], 'x.bin'),
    ]).toEqual(['plot', 'image', 'volume', 'file']))
})

describe('the queue', () => {
  const owners = fc.constantFrom('ada', 'bob', 'cyd')
  const world = fc
    .tuple(fc.array(owners, { maxLength: 5 }), fc.array(owners, { maxLength: 20 }))
    .map(([busy, waiting]) => ({
      atWork: busy.map((owner, i): AtWork => ({ run: `w${i}`, owner, turn: i + 1 })),
      waiting: waiting.map((owner, index): Waiting => ({
        run: `r${String(index).padStart(2, '0')}`,
        owner,
        created: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`,
      })),
    }))
  it('is an order of everybody who waits, each owner’s in the order they came', () =>
    fc.assert(
      fc.property(world, ({ atWork, waiting }) => {
        const order = fairOrder(atWork, waiting)
        expect(order.map((w) => w.run).sort()).toEqual(waiting.map((w) => w.run).sort())
        for (const owner of ['ada', 'bob', 'cyd'])
          expect(order.filter((w) => w.owner === owner)).toEqual(waiting.filter((w) => w.owner === owner))
      }),
    ))
  it('lets nobody be served twice more than another who waits too', () =>
    fc.assert(
      fc.property(world, ({ waiting }) => {
        const order = fairOrder([], waiting)
        for (let n = 1; n <= order.length; n++) {
          const given = (o: string): number => order.slice(0, n).filter((w) => w.owner === o).length
          const left = (o: string): boolean => order.slice(n).some((w) => w.owner === o)
          for (const served of ['ada', 'bob', 'cyd'])
            for (const waits of ['ada', 'bob', 'cyd'].filter(left))
              expect(given(served) - given(waits)).toBeLessThanOrEqual(1)
        }
      }),
    ))
  it('comes first to whoever has fewest at work, then to whoever was served longest ago', () =>
    fc.assert(
      fc.property(world, ({ atWork, waiting }) => {
        fc.pre(waiting.length > 0)
        const first = fairOrder(atWork, waiting)[0]!
        const rank = (owner: string): number =>
          atWork.filter((a) => a.owner === owner).length * 1000 +
          Math.max(0, ...atWork.filter((a) => a.owner === owner).map((a) => a.turn))
        expect(rank(first.owner)).toBe(Math.min(...waiting.map((w) => rank(w.owner))))
      }),
    ))
  it('never gives more places than there are, nor more than an owner’s, and none is left free that somebody may have', () =>
    fc.assert(
      fc.property(world, fc.nat(8), fc.nat(4), ({ atWork, waiting }, slots, perOwner) => {
        const chosen = nextRuns(atWork, waiting, { slots, perOwner })
        const all = [...atWork, ...chosen]
        expect(chosen.length === 0 || all.length <= slots).toBe(true)
        for (const run of chosen) expect(all.filter((x) => x.owner === run.owner).length).toBeLessThanOrEqual(perOwner)
        const passedOver = all.length < slots ? waiting.filter((x) => !chosen.includes(x)) : []
        for (const run of passedOver)
          expect(all.filter((x) => x.owner === run.owner).length).toBeGreaterThanOrEqual(perOwner)
      }),
    ))
  it('remembers who was served last', () =>
    expect(
      nextRuns(
        [],
        [
          { run: 'a', owner: 'ada', created: '1' },
          { run: 'b', owner: 'bob', created: '2' },
        ],
        { slots: 1, perOwner: 1 },
        { ada: 7, bob: 3 },
      ).map((w) => w.run),
    ).toEqual(['b']))
})

describe('a sweep', () => {
  it('is every combination once', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 5 }),
        fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 5 }),
        (first, second) => {
          const all = grid({ c: 0 }, [
            { parameter: 'a', values: first },
            { parameter: 'b', values: second },
          ])
          expect(new Set(all.map((v) => JSON.stringify(v))).size).toBe(first.length * second.length)
          expect(all[0]).toEqual({ c: 0, a: first[0], b: second[0] })
        },
      ),
    ))
  it('is refused by field', () => {
    const schema = {
      type: 'object' as const,
      required: ['a', 'b'],
      properties: { a: { type: 'integer' as const, maximum: 5 }, b: { type: 'integer' as const } },
    }
    const paths = (over: { parameter: string; values: unknown[] }[], base = {}) =>
      sweepFaults(schema, base, over).map((f) => f.path)
    expect(paths([{ parameter: 'a', values: [1, 9] }])).toEqual(['/over/0/values/1', '/parameters/b'])
    expect(
      paths(
        [
          { parameter: 'a', values: [1, 1] },
          { parameter: 'a', values: [2] },
        ],
        { b: 1 },
      ),
    ).toEqual(['/over/0/values', '/over/1/parameter'])
    expect(paths([{ parameter: 'b', values: Array.from({ length: 51 }, (_, i) => i) }], { a: 1 })).toEqual(['/over'])
    expect(paths([], { a: 1, b: 1 })).toEqual(['/over'])
  })
})

describe('runs side by side', () => {
  it('differ where their values do', () => {
    expect(
      parameterRows(
        [
          { b: 1, a: [1, 2] },
          { a: [1, 2], b: 2, x: true },
        ],
        {
          type: 'object',
          properties: {
            a: { type: 'array', items: { type: 'integer' } },
            b: { type: 'integer', unit: 'Hz', title: 'B' },
          },
        },
      ),
    ).toEqual([
      {
        name: 'a',
        values: [
          [1, 2],
          [1, 2],
        ],
        differs: false,
      },
      { name: 'b', title: 'B', unit: 'Hz', values: [1, 2], differs: true },
      { name: 'x', values: [undefined, true], differs: true },
    ])
    expect(hashRows([{ a: 'x' }, { a: 'x' }, {}])).toEqual([
      { name: 'a', values: ['x', 'x', undefined], differs: true },
    ])
  })
})

describe('the end of a run', () => {
  it('has a sentence and what to do for every code', () => {
    for (const code of Object.keys(runCodes) as RunCode[]) {
      const said = failureOf(code, { exitCode: 3, signal: 'SIGSEGV', missing: 'x', seconds: 10, memoryMb: 100 })
      expect(said.message).toMatch(/^[A-Z].*\.$/)
      expect(said.message + said.todo).not.toMatch(/[{}]|undefined/)
      expect(failureOf(code, {}).message).not.toMatch(/[{}]|undefined|\s\.|\s{2}/)
    }
    expect(failureOf('query-error', {}).code).toBe('infrastructure')
  })
  it('is a success with exit code 0 alone', () => {
    const of = (over: Partial<PipelineReport>) => codeOf({ end: 'finished', ...over } as PipelineReport)
    expect([
      of({ exitCode: 0 }),
      of({}),
      of({ exitCode: 1 }),
      of({ end: 'signal' }),
      of({ end: 'signal', oom: true }),
      of({ end: 'not-started' }),
      of({ end: 'not-started', startError: 'image-unavailable' }),
    ]).toEqual([undefined, undefined, 'exit-code', 'killed', 'memory-limit', 'infrastructure', 'image-unavailable'])
  })
  it('is seen in its state', () =>
    expect([
      runStateOf({ state: 'queued', waiting: 'approval', steps: {} }),
      runStateOf({ state: 'queued', steps: {} }),
      runStateOf({ state: 'running', steps: {} }),
      runStateOf({ state: 'running', steps: { compute: {} } }),
      runStateOf({ state: 'held', steps: {} }),
      runStateOf({ state: 'blocked', steps: {} }),
    ]).toEqual(['created', 'queued', 'queued', 'running', 'running', 'failed']))
})
