import { kinds } from '../job-kinds.ts'
import { awsDeps, duckdb, kmsKeys, s3Objects } from '../wiring.ts'
import { createPrepare } from './prepare.ts'

export const handler = createPrepare({ ...awsDeps({ objects: s3Objects, keys: kmsKeys, engine: duckdb }), kinds })
