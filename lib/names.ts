/**
 * Names that stacks know of each other without a reference. The portal’s policy must name the buckets and the login
 * domain, while the buckets and the login must name the portal: fixed names cut that circle.
 */
import { Aws } from 'aws-cdk-lib'
import type { Bucket } from '../contracts/route.ts'
import type { Resources } from './grants.ts'
import type { Settings } from './settings.ts'

/** Bucket names are unique in the world: account and region make them so. */
export const bucketName = (s: Settings, bucket: Bucket | 'web' | 'logs' | 'trail'): string =>
  `${s.installation}-${bucket}-${Aws.ACCOUNT_ID}-${s.region}`

/** The host of signed links into a bucket. */
export const bucketHost = (s: Settings, bucket: Bucket): string =>
  `${bucketName(s, bucket)}.s3.${s.region}.amazonaws.com`

/** The workflow starts functions, and functions start the workflow. */
export const stateMachineName = (s: Settings): string => `${s.installation}-jobs`

/** Where containers wait, and what they are: functions submit to them, and come before the stack that makes them. */
export const jobQueueNames = (settings: Settings) => ({
  interactive: `${settings.installation}-jobs-interactive`,
  batch: `${settings.installation}-jobs-batch`,
  pipelines: `${settings.installation}-jobs-pipelines`,
})
export const jobDefinitionNames = (settings: Settings) => ({
  scripts: `${settings.installation}-jobs`,
  pipelines: `${settings.installation}-jobs-pipelines`,
})

/** Logs of pipeline runs: containers write it, functions read it. */
export const runLogGroup = (s: Settings): string => `/cloister/${s.stage}/pipeline-runs`

export const tableName = (s: Settings): string => s.installation
export const dataKeyAlias = (s: Settings): string => `alias/${s.installation}/data`

/**
 * Resources by their fixed names alone, for what comes before the stacks that make them. Keys have no names: the data
 * key's alias stands for it, and there is no MAC key.
 */
export function resourcesByName(settings: Settings): Resources {
  const arn = (service: string, rest: string): string =>
    `arn:${Aws.PARTITION}:${service}:${settings.region}:${Aws.ACCOUNT_ID}:${rest}`
  const queues = jobQueueNames(settings)
  const definitions = jobDefinitionNames(settings)
  const buckets: readonly Bucket[] = ['assets', 'sealed', 'protected', 'quarantine', 'released']
  return {
    tableArn: arn('dynamodb', `table/${tableName(settings)}`),
    dataKeyArn: arn('kms', 'key/*'),
    dataKeyAlias: dataKeyAlias(settings),
    macKeyArn: arn('kms', 'alias/none'),
    bucketArns: Object.fromEntries(
      buckets.map((b) => [b, `arn:${Aws.PARTITION}:s3:::${bucketName(settings, b)}`]),
    ) as Resources['bucketArns'],
    kmsArn: arn('kms', ''),
    region: settings.region,
    installation: settings.installation,
    stateMachineArn: arn('states', `stateMachine:${stateMachineName(settings)}`),
    containers: settings.scripts
      ? {
          queues: {
            interactive: arn('batch', `job-queue/${queues.interactive}`),
            batch: arn('batch', `job-queue/${queues.batch}`),
            pipelines: arn('batch', `job-queue/${queues.pipelines}`),
          },
          definitions: {
            scripts: arn('batch', `job-definition/${definitions.scripts}`),
            pipelines: arn('batch', `job-definition/${definitions.pipelines}`),
          },
          jobArns: arn('batch', 'job/*'),
        }
      : undefined,
    mail: settings.mailFrom
      ? {
          from: settings.mailFrom,
          identityArns: [settings.mailFrom, settings.mailFrom.split('@')[1]!].map((name) =>
            arn('ses', `identity/${name}`),
          ),
        }
      : undefined,
    runLogArn: arn('logs', `log-group:${runLogGroup(settings)}:log-stream:*`),
  }
}

export const loginDomainPrefix = (s: Settings): string => `${s.installation}-${Aws.ACCOUNT_ID}`
export const loginHost = (s: Settings): string => `${loginDomainPrefix(s)}.auth.${s.region}.amazoncognito.com`
/** Where the issuer’s discovery document and keys are. */
export const issuerHost = (s: Settings): string => `cognito-idp.${s.region}.amazonaws.com`
