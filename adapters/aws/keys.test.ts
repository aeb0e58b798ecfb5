import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { keysContract } from '../../ports/keys.contract.ts'
import { awsKeys } from './keys.ts'
import { startKms } from './testing/kms-server.ts'

const region = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }

keysContract('KMS', async () => {
  const kms = await startKms('prod')
  return {
    keys: awsKeys({ ...region, endpoint: kms.endpoint, macKeyId: kms.macKeyId, installation: 'prod' }),
    close: kms.close,
    missing: [
      randomUUID(),
      kms.foreignKeyId,
      kms.macKeyId,
      'alias/cloister/prod/org_a',
      'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ],
  }
})

it('tags each pair for its installation and organisation, and drops the spare of a race', async () => {
  const kms = await startKms('prod')
  const keys = awsKeys({ ...region, endpoint: kms.endpoint, macKeyId: kms.macKeyId, installation: 'prod' })
  const ids = await Promise.all([1, 2, 3].map(() => keys.createKey('org_a')))
  const made = [...kms.keys].filter(([, k]) => k.tags['cloister:organisation'] === 'org_a')
  expect(made.filter(([, k]) => !k.deleted).map(([id]) => id)).toEqual([ids[0]])
  expect(kms.keys.get(ids[0]!)!.tags).toEqual({ 'cloister:installation': 'prod', 'cloister:organisation': 'org_a' })
  await keys.publicKey(ids[0]!)
  await keys.publicKey(ids[0]!)
  expect(kms.calls.filter((c) => c === 'GetPublicKey')).toHaveLength(1)
  await kms.close()
})
