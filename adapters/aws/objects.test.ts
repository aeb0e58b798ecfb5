import { expect, it } from 'vitest'
import { buckets } from '../../ports/objects.ts'
import { objectsContract } from '../../ports/objects.contract.ts'
import { awsObjects } from './objects.ts'
import { startS3 } from './testing/s3-server.ts'

const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test secret' }
const names = Object.fromEntries(buckets.map((b) => [b, `cloister-${b}`])) as Record<(typeof buckets)[number], string>

objectsContract('S3', async () => {
  const s3 = await startS3(credentials)
  return {
    objects: awsObjects({
      buckets: names,
      endpoint: s3.endpoint,
      region: 'eu-central-1',
      credentials,
      forcePathStyle: true,
    }),
    close: s3.close,
  }
})

it('an upload link signs length, type and checksum as headers', async () => {
  const objects = awsObjects({ buckets: names, region: 'eu-central-1', credentials })
  const link = await objects.signedPut('assets', 'blobs/a', { sha256: 'ab'.repeat(32), size: 5, type: 'image/png' }, 60)
  const query = new URL(link.url).searchParams
  expect(query.get('X-Amz-SignedHeaders')!.split(';')).toEqual(
    expect.arrayContaining(['content-length', 'content-type', 'host', 'x-amz-checksum-sha256']),
  )
  expect(query.get('X-Amz-Expires')).toBe('60')
  expect(link.headers).toEqual({
    'content-type': 'image/png',
    'x-amz-checksum-sha256': Buffer.from('ab'.repeat(32), 'hex').toString('base64'),
  })
})

it('a bucket that the function has no name for is refused', async () => {
  const objects = awsObjects({ buckets: { ...names, sealed: '' }, region: 'eu-central-1', credentials })
  await expect(objects.get('sealed', 'x')).rejects.toThrow('no bucket for sealed')
})
