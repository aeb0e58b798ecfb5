import { expect, it } from 'vitest'
import type { Grant } from '../../contracts/route.ts'
import type { Deps } from './deps.ts'
import { guarded } from './grants.ts'
import { keyOf } from './items.ts'

it('refuses a prefix that no entity has, whatever a list of grants says', async () => {
  const reached: string[] = []
  const table = { get: async ({ pk }: { pk: string }) => void reached.push(pk) }
  const deps = guarded({ table, now: () => new Date() } as unknown as Deps, 'a', ['read STUDY', 'read STUDDY' as Grant])
  await deps.table.get(keyOf.study('s'))
  await expect(deps.table.get({ pk: 'STUDDY#s', sk: 'STUDY' })).rejects.toThrow('no entity has the prefix STUDDY')
  expect(reached).toEqual(['STUDY#s'])
})
