import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineContract } from '../../ports/engine.contract.ts'
import { buckets } from '../../ports/objects.ts'
import { awsEngine } from './engine.ts'
import { awsObjects } from './objects.ts'
import { startS3 } from './testing/s3-server.ts'

const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'test secret' }
const names = Object.fromEntries(buckets.map((b) => [b, `cloister-${b}`])) as Record<(typeof buckets)[number], string>

engineContract('Lambda and S3', async () => {
  const [s3, folder] = [await startS3(credentials), await mkdtemp(join(tmpdir(), 'cloister-engine-test-'))]
  const objects = awsObjects({
    buckets: names,
    endpoint: s3.endpoint,
    region: 'eu-central-1',
    credentials,
    forcePathStyle: true,
  })
  return {
    objects,
    engine: awsEngine({ objects, folder }),
    async close() {
      await s3.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
