import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { textOfNotebook } from '../../parts/job/notebook.ts'
import { titleOf } from './title.ts'

const example = (file: string): string =>
  readFileSync(new URL(`../../../../../examples/analyses/${file}`, import.meta.url), 'utf8')

it('calls a question by what its code says of itself first', () => {
  expect(titleOf('python', example('correlation.py'))).toBe(
    'Does the motor score at entry go with age and with the time since the diagnosis?',
  )
  expect(titleOf('r', example('outcome.R'))).toBe(
    'What goes with the motor score at entry? A linear model with base R.',
  )
  expect(titleOf('notebook', textOfNotebook(example('change.ipynb')))).toBe('Does the treatment slow the decline?')
  expect(titleOf('python', '#!/usr/bin/env python3\n# Mean age\nimport os\n')).toBe('Mean age')
  expect(titleOf('sql', '-- People by arm\nSELECT 1')).toBe('People by arm')
})
it('calls a bare statement by what it selects, cut to a line, and an unchanged example by its title', () => {
  expect(titleOf('sql', 'SELECT arm,\n  count(*) AS n\nFROM subjects')).toBe('arm, count(*) AS n FROM subjects')
  expect(titleOf('sql', example('arms.sql'))).toHaveLength(100)
  const examples = [{ title: 'People by sex', language: 'sql', mode: 'rules', code: 'SELECT sex\n' } as const]
  expect(titleOf('sql', 'SELECT sex', examples)).toBe('People by sex')
  expect(titleOf('sql', 'SELECT arm', examples)).toBe('arm')
  expect(titleOf('python', 'import os\n')).toBe('')
})
