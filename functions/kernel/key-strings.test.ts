/**
 * Keys are made by the entities' declarations alone (contracts/entity.ts): no string or template in functions/ begins
 * like a key, or joins fields with the keys' separator.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { allEntities } from '../../contracts/index.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** What templates begin with, up to the first separator: `STUDY#`, `MEMBER#`, `run:`. */
const heads = new Set(
  allEntities.flatMap(({ entity: { declaration } }) =>
    [declaration.key, ...Object.values(declaration.index ?? {})].flatMap((templates) =>
      Object.values(templates).flatMap((template: string) => /^[^{#:]+[#:]/.exec(template) ?? []),
    ),
  ),
)
const beginsLikeAKey = (text: string): boolean => [...heads].some((head) => text.startsWith(head))

/** The strings and heads of templates of a source that look like keys, as they are written. */
function keyStrings(name: string, text: string): string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if ((ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) && beginsLikeAKey(node.text))
      found.push(ts.isTemplateHead(node) ? node.parent.getText() : node.text)
    // `${userId}#${created}`: no word to begin with, but the separator between two fields.
    else if (ts.isTemplateMiddle(node) && node.text === '#') found.push(node.parent.parent.getText())
    ts.forEachChild(node, visit)
  }
  visit(file)
  return [...new Set(found)]
}

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && !f.endsWith('testing.ts'),
)
const found = sources.flatMap((f) =>
  keyStrings(f, readFileSync(join(root, f), 'utf8')).map((text) => ({ file: f, text })),
)

describe('the scan', () => {
  it('sees keys however they are written', () => {
    expect(keyStrings('a.ts', "table.query('JOB#LIVE', { prefix: `RELEASED#${userId}#` })")).toHaveLength(2)
    expect(keyStrings('a.ts', 'const gsk = `${userId}#${created}#${jobId}`')).toHaveLength(1)
    expect(keyStrings('a.ts', "p.gsk.slice('run:'.length)")).toEqual(['run:'])
  })
  it('leaves other texts alone', () =>
    expect(keyStrings('a.ts', "const a = [`${origin}/join#${secret}`, 'STUDY', 'run of a study', '#']")).toEqual([]))
})

it('no key is made by hand', () => {
  expect(sources.length).toBeGreaterThan(100)
  expect(found).toEqual([])
})
