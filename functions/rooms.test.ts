/** docs/architecture.md says which rooms there are and walks through them by file: those files are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = readFileSync(`${root}/docs/architecture.md`, 'utf8')
const walks = page.slice(page.indexOf('## 10.'), page.indexOf('## 11.'))
const named = [...new Set([...walks.matchAll(/`([a-z]+\/[\w./-]+\.(?:tsx?|json))`/g)].map(([, file]) => file!))]

it('names many files in its walks', () => expect(named.length).toBeGreaterThan(40))

it.each(named)('%s is there', (file) => expect(existsSync(`${root}/${file}`)).toBe(true))

it('names every room and every area', () => {
  const folders = readdirSync(`${root}/functions`, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const missing = folders
    .map(({ name }) => name)
    .filter((name) => !walks.includes(`\`${name}\``) && !walks.includes(`\`${name}/\``))
  expect(missing).toEqual([])
})
