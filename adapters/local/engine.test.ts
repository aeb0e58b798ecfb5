import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineContract } from '../../ports/engine.contract.ts'
import { localEngine } from './engine.ts'
import { localObjects } from './objects.ts'

engineContract('processes and a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-engine-test-'))
  const objects = localObjects({ folder, baseUrl: 'http://127.0.0.1:0', secret: randomBytes(32) })
  const engine = localEngine({ objects, spare: 1 })
  return {
    objects,
    engine,
    async close() {
      await engine.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
