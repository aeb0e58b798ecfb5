/** `npm start`: brings the built web parts up to date, then runs the host. */
import { buildWeb } from '../tools/build-web.ts'
import { run } from './run.ts'

await buildWeb()
await run()
