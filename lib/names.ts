/**
 * Names that stacks know of each other without a reference. The portal’s policy must name the buckets and the login domain, while the
 * buckets and the login must name the portal: fixed names cut that circle.
 */
import { Aws } from 'aws-cdk-lib'
import type { Bucket } from '../contracts/route.ts'
import type { Settings } from './settings.ts'

/** Bucket names are unique in the world: account and region make them so. */
export const bucketName = (s: Settings, bucket: Bucket | 'web' | 'logs' | 'trail'): string => `${s.installation}-${bucket}-${Aws.ACCOUNT_ID}-${s.region}`

/** The host of signed links into a bucket. */
export const bucketHost = (s: Settings, bucket: Bucket): string => `${bucketName(s, bucket)}.s3.${s.region}.amazonaws.com`

/** The workflow starts functions, and functions start the workflow. */
export const stateMachineName = (s: Settings): string => `${s.installation}-jobs`

/** Logs of pipeline runs: containers write it, functions read it. */
export const runLogGroup = (s: Settings): string => `/cloister/${s.stage}/runs`

export const loginDomainPrefix = (s: Settings): string => `${s.installation}-${Aws.ACCOUNT_ID}`
export const loginHost = (s: Settings): string => `${loginDomainPrefix(s)}.auth.${s.region}.amazoncognito.com`
/** Where the issuer’s discovery document and keys are. */
export const issuerHost = (s: Settings): string => `cognito-idp.${s.region}.amazonaws.com`
