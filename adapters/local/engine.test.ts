import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engineContract } from '../../ports/engine.contract.ts'
import { localEngine } from './engine.ts'
import { testObjects } from './testing.ts'

engineContract('processes and a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-engine-test-'))
  const { objects, close } = testObjects(folder)
  const engine = localEngine({ objects, spare: 1 })
  return {
    objects,
    engine,
    async close() {
      await engine.close()
      close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
