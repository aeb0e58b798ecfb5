import { expect, it } from 'vitest'
import { own, setOwn } from './own.ts'

it.each(['plain', 'constructor', 'toString', '__proto__', 'hasOwnProperty'])('keeps a member called %s', (name) => {
  const members: Record<string, number> = {}
  expect(own(members, name)).toBeUndefined()
  setOwn(members, name, 1)
  setOwn(members, name, 2)
  expect([own(members, name), Object.entries(members)]).toEqual([2, [[name, 2]]])
  const read = JSON.parse(JSON.stringify(members)) as Record<string, number>
  expect(own(read, name)).toBe(2)
  expect(own({} as Record<string, number>, name)).toBeUndefined()
})
