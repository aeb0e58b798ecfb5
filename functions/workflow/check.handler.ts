import { kinds } from '../job-kinds.ts'
import { awsDeps, duckdb, kmsKeys, s3Objects } from '../wiring.ts'
import { createCheck } from './check.ts'

export const handler = createCheck({ ...awsDeps({ objects: s3Objects, keys: kmsKeys, engine: duckdb }), kinds })
