/** An installation that stands is brought up to date in place: nothing of it may vanish, or be another thing. */
import { readFileSync } from 'node:fs'
import { presentFacts, type TemplateFacts } from './testing/templates.ts'

const kept = JSON.parse(readFileSync('lib/testing/templates-0.1.0.json', 'utf8')) as TemplateFacts
const present = presentFacts()

test('the kept list is of every stack', () => expect(Object.keys(present)).toEqual(Object.keys(kept)))

test.each(Object.keys(kept))('%s: logical ids, types, names, outputs and exports stand as they did', (stack) => {
  expect(kept[stack]!.length).toBeGreaterThan(0)
  const now = new Set(present[stack])
  expect(kept[stack]!.filter((fact) => !now.has(fact))).toEqual([])
})
