import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { loginState } from './state.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-login-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const now = (): number => 1_000_000
/** As version 0.1.0 wrote it. */
const before = JSON.stringify({
  accounts: {
    'mia@example.org': {
      sub: 's1',
      email: 'mia@example.org',
      name: 'Mia',
      password: 'scrypt$a$b',
      groups: ['founders'],
      created: '2026-01-01T00:00:00.000Z',
    },
  },
  provider: {
    'Session:one': { payload: { uid: 'u1', accountId: 's1', kind: 'Session', loginTs: 900 }, expires: 2_000_000 },
    'Session:old': { payload: { uid: 'u2', accountId: 's1', kind: 'Session' }, expires: 500_000 },
    'RefreshToken:r': { payload: { grantId: 'g1', kind: 'RefreshToken' }, expires: 2_000_000 },
  },
})

test('what version 0.1.0 kept is taken over once, and put aside', async () => {
  await writeFile(join(home, 'login.json'), before, { mode: 0o600 })
  const state = await loginState(home, now)
  expect(state.account('MIA@example.org ')).toMatchObject({ sub: 's1', name: 'Mia', groups: ['founders'] })
  expect(state.accountBySub('s1')?.email).toBe('mia@example.org')
  expect(await state.store('Session').findByUid('u1')).toMatchObject({ loginTs: 900 })
  expect(await state.store('Session').find('old')).toBeUndefined()
  state.close()
  expect(await readFile(join(home, 'login-0.1.0.json'), 'utf8')).toBe(before)
  const again = await loginState(home, now)
  expect(again.addAccount({ ...again.accountBySub('s1')!, sub: 's2' })).toBe(false)
  again.close()
})

test('a kill between taking over and putting aside takes over nothing twice', async () => {
  await writeFile(join(home, 'login.json'), before)
  const first = await loginState(home, now)
  first.setPassword('s1', 'changed')
  first.close()
  await writeFile(join(home, 'login.json'), before)
  const second = await loginState(home, now)
  expect(second.accountBySub('s1')?.password).toBe('changed')
  second.close()
  expect(await readdir(home)).not.toContain('login.json')
})

test('a file that cannot be read makes no empty login', async () => {
  await writeFile(join(home, 'login.json'), before.slice(0, 100))
  await expect(loginState(home, now)).rejects.toThrow('JSON')
  await writeFile(join(home, 'login.json'), before)
  const state = await loginState(home, now)
  expect(state.accountBySub('s1')).toBeDefined()
  state.close()
})

test('only the owner reads the database', async () => {
  const db = await openDatabase(home)
  for (const name of await readdir(home)) expect((await stat(join(home, name))).mode & 0o077, name).toBe(0)
  db.close()
})

test('people, sessions and grants are found by an index, never by a walk through all', async () => {
  const db = await openDatabase(home)
  const plan = (sql: string): string => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
  for (const sql of [
    "SELECT * FROM accounts WHERE email = ''",
    "SELECT * FROM accounts WHERE sub = ''",
    "SELECT payload FROM provider WHERE model = 'Session' AND uid = '' AND expires > 1",
    "DELETE FROM provider WHERE grant_id = ''",
    'DELETE FROM provider WHERE expires <= 1',
    "SELECT * FROM provider WHERE model = 'Session' AND account = ''",
  ])
    expect(plan(sql), sql).toMatch(/SEARCH [^"]*USING/)
  db.close()
})

test('a secret is found until it is taken, once, within its time, and for its own purpose', async () => {
  let at = 0
  const { secrets, close } = await loginState(home, () => at)
  const secret = secrets.give('reset', { sub: 's1', seconds: 10 })
  expect(secrets.find('sign-up', secret)).toBeUndefined()
  expect(secrets.find('reset', secret)).toEqual({ sub: 's1', value: '' })
  expect([secrets.take('reset', secret)?.sub, secrets.take('reset', secret)]).toEqual(['s1', undefined])
  const late = secrets.give('reset', { sub: 's1', seconds: 10 })
  at = 10_000
  expect(secrets.take('reset', late)).toBeUndefined()
  close()
})
