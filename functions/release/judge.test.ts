/** A verdict as what becomes of the job. */
import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../domain/release/verdict.ts'
import type { JobItem } from '../kernel/items.ts'
import { drawn, outcomeOf } from './judge.ts'

const findings = [{ rule: 'minimum-subjects', outcome: 'suppress', output: 'result' }] as unknown as Verdict['findings']
const outputs = [{ name: 'result', type: 'table', columns: [], rows: [] }] as Verdict['outputs']
const raw = [{ name: 'raw', type: 'table', columns: [], rows: [] }] as Verdict['outputs']
const kept = { cells: [], image: 'test', files: [] }
const judge = (verdict: Partial<Verdict>, { mode = 'rules' as JobItem['mode'], held = false } = {}) =>
  outcomeOf({ mode } as JobItem, { outcome: 'block', outputs, findings, guarantee: 'by rules', ...verdict }, held, {
    ...kept,
    raw: () => raw,
  })

describe('a verdict', () => {
  it('that releases lets out what it says, with its guarantee', () => {
    expect(judge({ outcome: 'release' })).toEqual({
      decision: { ...kept, outcome: 'release', outputs, findings, guarantee: 'by rules' },
      findings,
    })
  })
  it('that is held shows checkers the answer as it stands', () => {
    const { decision, problem } = judge({ outcome: 'hold' }, { mode: 'review', held: true })
    expect(decision).toMatchObject({ ...kept, outcome: 'hold', outputs: raw, findings })
    expect(decision!.guarantee).toContain('Two output checkers')
    expect(problem).toBeUndefined()
  })
  it.each([
    ['script-error', 'compute'],
    ['infrastructure', 'compute'],
    ['cohort-too-small', 'check'],
    ['differencing', 'check'],
    [undefined, 'check'],
  ] as const)('that blocks by %s is a problem of the step %s', (code, step) => {
    expect(judge({ code })).toEqual({ problem: { code: code ?? 'output-unsafe', step }, findings })
  })
  it('that holds where nobody looks is a block', () => {
    expect(judge({ outcome: 'hold' })).toMatchObject({ problem: { code: 'output-unsafe' } })
  })
  it('that blocks under noise says no more than its code', () => {
    expect(judge({ code: 'output-invalid' }, { mode: 'noise' }).findings).toEqual([])
    expect(judge({ outcome: 'release' }, { mode: 'noise' }).findings).toEqual(findings)
  })
})

it('noise is drawn from the platform’s randomness alone', () => {
  const asked: number[] = []
  const random = (bytes: number): Uint8Array => {
    asked.push(bytes)
    return new Uint8Array(bytes).fill(0xff)
  }
  const from = (fill: number) => drawn({ random: (bytes) => new Uint8Array(bytes).fill(fill) }).below(1000)
  expect(drawn({ random }).below(256)).toBeLessThan(256)
  expect(asked.length).toBeGreaterThan(0)
  expect(from(0)).not.toBe(from(1))
})
