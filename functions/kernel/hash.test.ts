import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sha256Hex } from '../../domain/hash.ts'
import { hashNow } from './hash.ts'

it('answers what the domain’s hash answers', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
      expect(hashNow(text)).toBe(await sha256Hex(text))
    }),
  )
})
