import { expect, test } from 'vitest'
import { placesIn, type StyleKind } from './house-style.ts'

const long = 'x'.repeat(130)

/** Code, the kinds it must be reported for, in order. */
const planted: [what: string, file: string, code: string, kinds: StyleKind[]][] = [
  ['a wide comment', 'lib/a.ts', `// ${'word '.repeat(30)}\n`, ['wide']],
  ['a wide expression', 'lib/a.ts', `export const sum = ${'first + '.repeat(15)}last\n`, ['wide']],
  ['a long text', 'lib/a.ts', `export const text = '${long}'\n`, []],
  ['an address', 'lib/a.ts', `// see https://example.org/${long}\n`, []],
  ['a conditional in a conditional', 'lib/a.ts', 'export const chosen = a ? 1 : b ? 2 : 3\n', ['nestedConditional']],
  ['one in parentheses', 'lib/a.ts', 'export const chosen = a ? (b ? 1 : 2) : 3\n', ['nestedConditional']],
  ['a conditional in an argument', 'lib/a.ts', 'export const chosen = a ? f(b ? 1 : 2) : 3\n', []],
  ['two declarations', 'lib/a.ts', 'const one = 1, two = 2\n', ['manyDeclarations']],
  ['two in a header', 'lib/a.ts', 'for (let i = 0, end = 3; i < end; i++) work(i)\n', []],
  ['a letter for a variable', 'lib/a.ts', 'const x = 1\n', ['letterName']],
  ['a letter for a parameter', 'lib/a.ts', 'function work(d: string): void {}\n', ['letterName']],
  ['a letter in a long lambda', 'lib/a.ts', 'all.map((x) => {\n  one(x)\n  return two(x)\n})\n', ['letterName']],
  ['a letter in a short lambda', 'lib/a.ts', 'all.map((x) => one(x))\n', []],
  ['a loop counter', 'lib/a.ts', 'for (let i = 0; i < 3; i++) work(i)\n', []],
  ['an error caught', 'lib/a.ts', 'try {\n  work()\n} catch (e) {\n  throw e\n}\n', []],
  ['a function nobody describes', 'domain/a.ts', 'export function work(): void {}\n', ['noDocstring']],
  ['a lambda nobody describes', 'ports/a.ts', 'export const work = (): void => {}\n', ['noDocstring']],
  ['one that is described', 'clients/a.ts', '/** Works. */\nexport const work = (): void => {}\n', []],
  ['one that is not for others', 'domain/a.ts', 'function work(): void {}\n', []],
  ['a clock of its own', 'functions/a.ts', 'const now = Date.now()\n', ['ownClock']],
  ['today, whenever that is', 'domain/a.ts', 'const now = new Date()\n', ['ownClock']],
  ['an instant that was passed in', 'domain/a.ts', 'const at = new Date(seconds * 1000)\n', []],
  ['chance', 'functions/a.ts', 'const chance = Math.random()\n', ['ownClock']],
  ['bytes by chance', 'ports/a.ts', 'crypto.getRandomValues(bytes)\n', ['ownClock']],
  ['an id by chance', 'contracts/a.ts', "import { createHash, randomUUID } from 'node:crypto'\n", ['ownClock']],
  ['a hash', 'functions/a.ts', "import { createHash } from 'node:crypto'\n", []],
  ['a pause', 'functions/a.ts', 'setTimeout(resolve, 100)\n', ['ownClock']],
  [
    'a pause of another name',
    'functions/a.ts',
    "import { setTimeout as sleep } from 'node:timers/promises'\n",
    ['ownClock'],
  ],
  ['the clock of a host', 'functions/wiring.ts', 'const now = new Date()\n', []],
  ['the clock of a program', 'local/a.ts', 'const now = Date.now()\n', []],
  ['one of another folder', 'lib/a.ts', 'export function work(): void {}\n', []],
]

test.each(planted)('%s', (_, file, code, kinds) => {
  expect(placesIn(file, code).map((p) => p.kind)).toEqual(kinds)
})
