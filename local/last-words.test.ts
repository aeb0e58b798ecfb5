import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openLastWords, sentenceOf } from './last-words.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-words-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

it('a host that was killed has left what it was at; one that was told to stop has not', () => {
  const first = openLastWords(home)
  expect(first.before).toBeUndefined()
  first.doing('GET /api/a')()
  first.doing('POST /api/b')
  first.doing('sweep')
  const second = openLastWords(home)
  expect(second.before).toEqual({ why: 'killed', doing: ['sweep', 'POST /api/b'] })
  second.doing('sweep')()
  expect(openLastWords(home).before).toEqual({ why: 'killed', doing: [] })
  second.close()
  second.doing('GET /api/late')()
  expect(openLastWords(home).before).toBeUndefined()
})

it('an error that nobody caught is known by its class and place, without its words', async () => {
  openLastWords(home).exception(new TypeError('a row: 42'))
  const { before } = openLastWords(home)
  expect(before).toMatchObject({ why: 'exception', error: 'TypeError' })
  expect(before!.at).toContain('last-words.test.ts')
  expect(JSON.stringify(before)).not.toContain('42')
  expect(sentenceOf(before!)).toContain('ended by an error of its own (TypeError)')
})

it('many things in hand are cut, the newest kept; a note cut by a kill is as good as none', async () => {
  const words = openLastWords(home)
  for (let i = 0; i < 100; i++) words.doing(`POST /api/${i}/${'x'.repeat(100)}`)
  expect((await readFile(words.file)).length).toBe(1024)
  await writeFile(join(home, 'ended.json'), '{"why":"sil')
  const { before } = openLastWords(home)
  expect(before!.why).toBe('killed')
  expect(before!.doing[0]).toMatch(/^POST \/api\/99\//)
})
