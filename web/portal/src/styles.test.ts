import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const here = dirname(fileURLToPath(import.meta.url))
const styles = join(dirname(createRequire(import.meta.url).resolve('@mantine/core/styles.css')), 'styles')
const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
const read = (file: string): string => readFileSync(join(here, file), 'utf8')
const components = files.filter((file) => file.endsWith('.tsx') && !file.endsWith('.test.tsx'))

it('brings the styles of every component that a page uses', () => {
  const used = new Set<string>()
  for (const file of components)
    for (const [, names] of read(file).matchAll(/import \{([^}]*)\} from '@mantine\/core'/g))
      for (const n of names!.split(',')) used.add(n.trim())
  const brought = read('mantine.css')
  const missing = [...used].filter(
    (n) => /^[A-Z]/.test(n) && existsSync(join(styles, `${n}.css`)) && !brought.includes(`/${n}.css`),
  )
  expect(used.size).toBeGreaterThan(20)
  expect(missing).toEqual([])
})

/** Selectors of a style sheet, without what they declare and without comments. */
const selectorsOf = (css: string): string => css.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\{[^{}]*\}/g, '{}')
const classesIn = (selectors: string): Set<string> =>
  new Set([...selectors.matchAll(/\.([a-zA-Z][\w-]*)/g)].map(([, name]) => name!))
const globalWords = /:global\(\.([\w-]+)\)/g
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort()

describe('classes', () => {
  const everywhere = classesIn(selectorsOf(read('style.css')))

  it('that many components share are all defined and all used', () => {
    const literal = /className=(?:"([^"]*)"|\{`([^`]*)`\})/g
    const used = components.flatMap((file) =>
      [...read(file).matchAll(literal)].flatMap(([, plain, template]) =>
        (plain ?? template!.replaceAll(/\$\{[^}]*\}/g, '')).split(/\s+/).filter(Boolean),
      ),
    )
    expect(sorted(used)).toEqual(sorted(everywhere))
  })

  const modules = files.filter((file) => file.endsWith('.module.css'))
  it.each(modules)('of %s are all defined and all used', (module) => {
    const selectors = selectorsOf(read(module))
    const defined = classesIn(selectors.replaceAll(globalWords, ''))
    const importing = components.flatMap((file) => {
      const pattern = /import (\w+) from '([^']*\.module\.css)'/g
      const found = [...read(file).matchAll(pattern)].find(([, , from]) => join(dirname(file), from!) === module)
      return found ? [{ code: read(file), name: found[1]! }] : []
    })
    const used = importing.flatMap(({ code, name }) => {
      const plain = [...code.matchAll(new RegExp(`\\b${name}\\.(\\w+)`, 'g'))].map(([, word]) => word!)
      // A numbered class, as the colours of a log are.
      const numbered = [...code.matchAll(new RegExp(`\\b${name}\\[\`(\\w+)\\$\\{`, 'g'))].map(([, word]) => word!)
      return [
        ...plain,
        ...[...defined].filter((word) =>
          numbered.some((start) => /^\d+$/.test(word.slice(start.length)) && word.startsWith(start)),
        ),
      ]
    })
    expect(sorted(used)).toEqual(sorted(defined))
    expect(
      sorted([...selectors.matchAll(globalWords)].map(([, word]) => word!).filter((word) => !everywhere.has(word))),
    ).toEqual([])
  })
})
