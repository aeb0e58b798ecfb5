/** For tests that kill it meanwhile: opens the store of a home, and says when it begins and when it is open. */
import { writeSync } from 'node:fs'
import { openStore } from '../store.ts'

writeSync(1, 'begun\n')
const table = await openStore(process.argv[2]!, { say: () => {}, failed: () => {} })
writeSync(1, 'open\n')
await table.close()
