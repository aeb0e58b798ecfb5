import { awsDeps, duckdb, s3Objects } from '../wiring.ts'
import { createQuery } from './query.ts'

export const handler = createQuery(awsDeps({ objects: s3Objects, engine: duckdb }))
