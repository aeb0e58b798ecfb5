import { describe, expect, it } from 'vitest'
import type { Report } from '../release/run-report.ts'
import { reviewMaterial, reviewVerdict } from './findings.ts'
import { defaultPolicy } from '../release/policy.ts'
import { cohort, leaveOut, type Person, result, schema, type Written } from './testing/cohorts.ts'

const people = cohort(150, 3)
const context = { code: 'out(mean_age)', schema, cohortSubjects: 150 }
const whole = (script: (people: readonly Person[]) => Written): Report => {
  const report = leaveOut(people, script, 1)
  return { ...report, runs: report.runs.slice(0, 1) }
}
const findings = (written: Written): string[] =>
  reviewMaterial(
    whole(() => written),
    defaultPolicy,
    context,
  )!.findings.map((f) => [f.output, f.cell, f.rule, f.outcome].filter(Boolean).join(' '))

describe('findings for checkers', () => {
  it('point at cells, names, extremes, files', () => {
    expect(
      findings({
        ...(result({
          outputs: [
            {
              type: 'table',
              name: 'by group',
              columns: [{ name: 'group' }, { name: 'n', kind: 'count' }, { name: 'max_age' }],
              rows: [
                ['A', 4, 80],
                ['B', 146, 91],
                ['Zaphod', 75, 88],
              ],
            },
            { type: 'scalar', name: 'mean_age', value: 61.2 },
          ],
        }) as Record<string, string>),
        'plot.png': Uint8Array.of(1),
      }),
    ).toEqual([
      'plot.png unknown-output review',
      'by group 1/2 minimum-subjects fail',
      'by group 1/3 extreme review',
      'by group 2/2 complementary review',
      'by group 2/3 extreme review',
      'by group 3/1 names review',
      'by group 3/3 extreme review',
      'mean_age minimum-subjects pass',
    ])
  })
  it('say when a table is as long as the cohort, and when files cannot be read', () => {
    expect(findings(result({ age: Array.from({ length: 150 }, (_, i) => 40.5 + i) }))).toContain('age size review')
    expect(findings({ 'result.json': '{' })).toEqual(['result.json unknown-output fail'])
  })
  it('models by the platform’s number of subjects', () =>
    expect(
      findings(
        result({
          outputs: [
            {
              type: 'model',
              name: 'model',
              n: 100_000,
              terms: Array.from({ length: 145 }, (_, i) => ({ term: `x${i}`, estimate: 1 })),
            },
          ],
        }),
      ),
    ).toContain('model residual-degrees fail'))
  it('name no value', () =>
    expect(JSON.stringify(findings(result({ secret: 'Zaphod', n: 3 })))).not.toMatch(/Zaphod|"3"/))
})

describe('the verdict of review', () => {
  it('holds what can be checked, unchanged', () => {
    const report = whole(() => ({
      ...(result({ mean_age: 61.23456789 }) as Record<string, string>),
      'plot.svg': '<svg/>',
    }))
    expect(reviewVerdict(report, defaultPolicy, context)).toMatchObject({ outcome: 'hold', outputs: [] })
    expect(reviewMaterial(report, defaultPolicy, context)).toMatchObject({
      outputs: [{ name: 'mean_age', rows: [[{ value: 61.23456789 }]] }],
      files: [{ file: 'plot.svg', type: 'image/svg+xml' }],
    })
  })
  it('ends what cannot', () => {
    expect(
      reviewVerdict(
        whole(() => ({})),
        defaultPolicy,
        context,
      ).code,
    ).toBe('empty-result')
    expect(
      reviewVerdict(
        whole(() => ({ 'result.json': 'x' })),
        defaultPolicy,
        context,
      ).code,
    ).toBe('output-invalid')
    expect(
      reviewVerdict(
        whole(() => ({ end: 'script-error' })),
        defaultPolicy,
        context,
      ).code,
    ).toBe('script-error')
    expect(
      reviewVerdict(
        whole(() => result({ a: 1 })),
        defaultPolicy,
        { ...context, cohortSubjects: 4 },
      ).code,
    ).toBe('cohort-too-small')
    expect(
      reviewMaterial(
        whole(() => ({ end: 'killed' })),
        defaultPolicy,
        context,
      ),
    ).toBeUndefined()
  })
})
