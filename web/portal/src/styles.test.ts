import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))
const styles = join(dirname(createRequire(import.meta.url).resolve('@mantine/core/styles.css')), 'styles')

it('brings the styles of every component that a page uses', () => {
  const used = new Set<string>()
  for (const file of readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.tsx')))
    for (const [, names] of readFileSync(join(here, file), 'utf8').matchAll(
      /import \{([^}]*)\} from '@mantine\/core'/g,
    ))
      for (const n of names!.split(',')) used.add(n.trim())
  const brought = readFileSync(join(here, 'mantine.css'), 'utf8')
  const missing = [...used].filter(
    (n) => /^[A-Z]/.test(n) && existsSync(join(styles, `${n}.css`)) && !brought.includes(`/${n}.css`),
  )
  expect(used.size).toBeGreaterThan(20)
  expect(missing).toEqual([])
})
