/** Chooses adapters: the only file of functions/ that knows where it runs. */
import { randomBytes } from 'node:crypto'
import type { Language } from '../domain/datasets/policy.ts'
import type { Deps, Settings } from './kernel/deps.ts'
import { batchJobs } from '../adapters/aws/batch-jobs.ts'
import { awsCompute } from '../adapters/aws/compute.ts'
import { awsKeys } from '../adapters/aws/keys.ts'
import { awsLogs } from '../adapters/aws/logs.ts'
import { awsMail } from '../adapters/aws/mail.ts'
import { awsObjects } from '../adapters/aws/objects.ts'
import { awsTable } from '../adapters/aws/table.ts'
import { awsWorkflow } from '../adapters/aws/workflow.ts'
import { realPause } from './kernel/pause.ts'
import { type Compute, noCompute } from '../ports/compute.ts'
import type { Engine } from '../ports/engine.ts'
import type { Keys } from '../ports/keys.ts'
import type { Logs } from '../ports/logs.ts'
import type { Mail } from '../ports/mail.ts'
import type { ObjectStore } from '../ports/objects.ts'
import type { Workflow } from '../ports/workflow.ts'

const required = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`The environment variable ${name} is not set`)
  return value
}

/** Settings from the function's environment (see lib/api-stack.ts). */
export const settingsFromEnvironment = (): Settings => ({
  mainOrigin: required('MAIN_ORIGIN'),
  studyOrigin: required('STUDY_ORIGIN'),
  issuer: required('OIDC_ISSUER'),
  jwksUri: required('OIDC_JWKS_URI'),
  clientId: required('OIDC_CLIENT_ID'),
  scope: required('OIDC_SCOPE'),
  ...(process.env['OIDC_RESOURCE'] ? { resource: process.env['OIDC_RESOURCE'] } : {}),
  ...(process.env['OIDC_LOGOUT'] ? { logout: process.env['OIDC_LOGOUT'] } : {}),
  ...(process.env['OIDC_ACCOUNT_CLIENT_ID']
    ? { accountClientId: process.env['OIDC_ACCOUNT_CLIENT_ID'], account: `${required('MAIN_ORIGIN')}/settings/sign-in` }
    : {}),
  ...(process.env['CAMPUS_NAME'] ? { campus: process.env['CAMPUS_NAME'] } : {}),
  version: process.env['CLOISTER_VERSION'] ?? 'development',
  // Set to `sql` where the installation was deployed without containers (lib/jobs-stack.ts).
  ...(process.env['LANGUAGES'] ? { languages: () => process.env['LANGUAGES']!.split(',') as Language[] } : {}),
})

/** One JSON line on standard output: CloudWatch's structured log. */
export const logLine: Deps['log'] = (event, fields) => {
  process.stdout.write(`${JSON.stringify({ event, at: new Date().toISOString(), ...fields })}\n`)
}

const env = (name: string): string => process.env[name] ?? ''

/**
 * The object store in S3. Handlers hand it to `awsDeps` only where a grant names a bucket, so that a bundle carries no
 * client it cannot use.
 */
export const s3Objects = (): ObjectStore =>
  awsObjects({
    buckets: {
      assets: env('BUCKET_ASSETS'),
      sealed: env('BUCKET_SEALED'),
      protected: env('BUCKET_PROTECTED'),
      quarantine: env('BUCKET_QUARANTINE'),
      released: env('BUCKET_RELEASED'),
    },
  })
/** The keys in KMS; likewise only where a grant names them. */
export const kmsKeys = (): Keys =>
  awsKeys({ macKeyId: env('MAC_KEY_ID'), installation: required('CLOISTER_INSTALLATION') })

/** Letters by SES; undefined where the installation was deployed without a sender. */
export const sesMail = (): Mail | undefined => (env('MAIL_FROM') ? awsMail({ from: env('MAIL_FROM') }) : undefined)

/** The workflow in Step Functions; for those who start or stop jobs. */
export const stepFunctions = (): Workflow => awsWorkflow({ stateMachineArn: required('STATE_MACHINE_ARN') })

/**
 * Logs of runs in CloudWatch Logs and the bucket of what was released; for those who read, conclude or archive them.
 */
export const cloudwatchLogs = (): Logs => awsLogs({ group: required('RUN_LOG_GROUP'), objects: s3Objects() })

/**
 * DuckDB in this process; for those whose grants name the engine. Loaded at its first use: its native part is in a
 * layer that other functions do not have, and a request that asks it nothing does not wait for it.
 */
export function duckdb(): Engine {
  const objects = s3Objects()
  let made: Promise<Engine> | undefined
  const engine = (): Promise<Engine> =>
    (made ??= import('../adapters/aws/engine.ts').then(({ awsEngine }) => awsEngine({ objects })))
  return {
    read: async (...a) => (await engine()).read(...a),
    store: async (...a) => (await engine()).store(...a),
    count: async (...a) => (await engine()).count(...a),
    difference: async (...a) => (await engine()).difference(...a),
    materialise: async (...a) => (await engine()).materialise(...a),
    validate: async (...a) => (await engine()).validate(...a),
    query: async (...a) => (await engine()).query(...a),
  }
}

/**
 * Stands for a port that no grant of the function names: the kernel refuses first (functions/kernel/grants.ts), this is
 * the second lock.
 */
const unwired = <P extends object>(port: string): P =>
  new Proxy({} as P, {
    get: (_, act) => () => {
      throw new Error(`This function was wired without ${port}, so it has no ${String(act)}`)
    },
  })

const batchQueues = () => ({
  interactive: required('INTERACTIVE_QUEUE'),
  batch: required('BATCH_QUEUE'),
  pipeline: required('PIPELINE_QUEUE'),
})
/** An installation without scripts has no queues, and so no containers (lib/jobs-stack.ts). */
const hasContainers = (): boolean => env('INTERACTIVE_QUEUE') !== ''

/** Containers on Batch, for who submits them. */
export function batch(): Compute {
  if (!hasContainers()) return noCompute
  const [questions, runs] = [required('JOB_DEFINITION'), required('PIPELINE_DEFINITION')]
  return awsCompute({
    queues: batchQueues(),
    definitions: { interactive: questions, batch: questions, pipeline: runs },
  })
}

/** The same for those who only stop containers. */
export function batchStop(): Compute {
  if (!hasContainers()) return noCompute
  const { submit, state, logs } = unwired<Compute>('submissions to Batch')
  return { submit, state, logs, stop: batchJobs({ queues: batchQueues() }).stop }
}

/**
 * What a Lambda in AWS runs on: the table always, objects and keys where the handler asks for them. lib/bundle.test.ts
 * holds what each handler asks for against its grants. The local host builds its own `Deps` and hands them to the same
 * `create…` functions.
 */
export const awsDeps = (
  parts: {
    objects?: () => ObjectStore
    keys?: () => Keys
    engine?: () => Engine
    workflow?: () => Workflow
    compute?: () => Compute
    logs?: () => Logs
    mail?: () => Mail | undefined
    settings?: Settings
  } = {},
): Deps => ({
  table: awsTable({ tableName: required('TABLE_NAME') }),
  objects: parts.objects?.() ?? unwired<ObjectStore>('objects'),
  keys: parts.keys?.() ?? unwired<Keys>('keys'),
  engine: parts.engine?.() ?? unwired<Engine>('engine'),
  workflow: parts.workflow?.() ?? unwired<Workflow>('workflow'),
  compute: parts.compute?.() ?? unwired<Compute>('compute'),
  logs: parts.logs?.() ?? unwired<Logs>('logs'),
  mail: parts.mail?.(),
  settings: parts.settings ?? settingsFromEnvironment(),
  now: () => new Date(),
  random: (n) => new Uint8Array(randomBytes(n)),
  pause: realPause,
  memory: new Map(),
  log: logLine,
})
