import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { allEntities } from '../contracts/index.ts'
import { entityTables, withEntityTables } from './entities.ts'

const page = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8')

it('the architecture page shows the entities as they are declared', () => expect(page).toBe(withEntityTables(page)))
it('a row that says something else is written anew', () => {
  const altered = page.replace('| study | `STUDY#{studyId}` |', '| study | `STUDY#other` |')
  expect(altered).not.toBe(page)
  expect(withEntityTables(altered)).toBe(page)
})
it('has a row for every entity in both tables', () => {
  const rows = entityTables().split('\n')
  for (const { entity } of allEntities)
    expect(rows.filter((row) => row.startsWith(`| ${entity.declaration.what} |`))).toHaveLength(2)
})
it('a page without the marks is refused', () => expect(() => withEntityTables('# A page')).toThrow('no place'))
