/** `npm run build`: the web parts. */
import { buildWeb } from './build-web.ts'

await buildWeb()
