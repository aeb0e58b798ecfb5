/** Chooses adapters: the only file of functions/ that knows where it runs. */
import { randomBytes } from 'node:crypto'
import type { Deps, Settings } from './kernel/deps.ts'
import { awsKeys } from '../adapters/aws/keys.ts'
import { awsObjects } from '../adapters/aws/objects.ts'
import { awsTable } from '../adapters/aws/table.ts'

const required = (name: string): string => {
  const v = process.env[name]
  if (!v) throw new Error(`The environment variable ${name} is not set`)
  return v
}

/** Settings from the function's environment (see lib/api-stack.ts). */
export const settingsFromEnvironment = (): Settings => ({
  mainOrigin: required('MAIN_ORIGIN'), studyOrigin: required('STUDY_ORIGIN'),
  issuer: required('OIDC_ISSUER'), jwksUri: required('OIDC_JWKS_URI'), clientId: required('OIDC_CLIENT_ID'), scope: required('OIDC_SCOPE'),
  ...(process.env['OIDC_RESOURCE'] ? { resource: process.env['OIDC_RESOURCE'] } : {}),
  ...(process.env['OIDC_LOGOUT'] ? { logout: process.env['OIDC_LOGOUT'] } : {}),
  version: process.env['CLOISTER_VERSION'] ?? 'development',
})

/** One JSON line on standard output: CloudWatch's structured log. */
export const logLine: Deps['log'] = (event, fields) => { process.stdout.write(`${JSON.stringify({ event, at: new Date().toISOString(), ...fields })}\n`) }

/** What a Lambda in AWS runs on. The local host builds its own `Deps` and hands them to the same `create…` functions. */
export const awsDeps = (): Deps => ({
  table: awsTable({ tableName: required('TABLE_NAME') }),
  objects: awsObjects({ buckets: { assets: process.env['BUCKET_ASSETS'] ?? '', sealed: process.env['BUCKET_SEALED'] ?? '', protected: process.env['BUCKET_PROTECTED'] ?? '', quarantine: process.env['BUCKET_QUARANTINE'] ?? '', released: process.env['BUCKET_RELEASED'] ?? '' } }),
  keys: awsKeys({ macKeyId: process.env['MAC_KEY_ID'] ?? '', installation: required('CLOISTER_INSTALLATION') }),
  settings: settingsFromEnvironment(),
  now: () => new Date(),
  random: (n) => new Uint8Array(randomBytes(n)),
  log: logLine,
})
