import { expect, it } from 'vitest'
import { recordHash, recordText, runHash, type SealedRecord } from './records.ts'

const plain: SealedRecord = { op: 'append', part: 'trials', jwe: 'a..b.c.d' }
const file: SealedRecord = { ...plain, op: 'file', object: { sha256: 'e'.repeat(64), size: 7 } }
const end: SealedRecord = { ...plain, op: 'end', end: { last: 3, hash: 'f'.repeat(64) } }

it('the text of a record is exactly this, so that hashes of stored records stay as they are', () => {
  expect(recordText(plain)).toBe('append|trials|a..b.c.d||')
  expect(recordText({ ...plain, object: undefined, end: undefined })).toBe(recordText(plain))
  expect(recordText(file)).toBe(`file|trials|a..b.c.d|${'e'.repeat(64)}|`)
  expect(recordText(end)).toBe(`end|trials|a..b.c.d||3:${'f'.repeat(64)}`)
})

it('a run’s hash covers the hashes of its records in order', async () => {
  const hashes = [await recordHash(plain), await recordHash(file)]
  expect(hashes[0]).toBe('92fd10c64e46eec30e0866fb8aaf2374dcb1f238e6644f6e1b96f69a3e178a2d')
  expect(await runHash(hashes)).toBe('86c7df46530c7c8bbfd1236d57254bd7ea378a995fe4abae3eca392308941c53')
  expect(await runHash(hashes.toReversed())).not.toBe(await runHash(hashes))
})
