import { expect, it } from 'vitest'
import { eventually } from './eventually.ts'

it('answers what was found, as soon as it is there', async () => {
  let looks = 0
  expect(await eventually('the third look', () => ++looks === 3 && 'found', { every: 1 })).toBe('found')
  expect(looks).toBe(3)
})

it('gives up and says on what', async () => {
  const never = eventually('pigs fly', () => Promise.resolve(undefined), { within: 0.05, every: 5 })
  await expect(never).rejects.toThrow('Waited 0.05 s in vain until pigs fly')
})

it('passes on at once what goes wrong', async () => {
  let looks = 0
  const broken = eventually('it works', () => {
    looks++
    throw new TypeError('broken')
  })
  await expect(broken).rejects.toThrow('broken')
  expect(looks).toBe(1)
})
