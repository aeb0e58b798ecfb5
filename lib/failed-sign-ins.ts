/** Failed sign-ins at Cognito, brought to the function that writes the audit chain. */
import { Duration, type RemovalPolicy, type Stack } from 'aws-cdk-lib'
import * as cloudtrail from 'aws-cdk-lib/aws-cloudtrail'
import * as events from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import * as s3 from 'aws-cdk-lib/aws-s3'
import { accept } from './nag.ts'
import { bucketName } from './names.ts'
import type { Settings } from './settings.ts'

interface SignIns {
  /** Cognito's ids of the portal and of its page of one's own sign-in. */
  clientIds: string[]
  /** The function that is told. */
  target: IFunction
  /** Of the trail's bucket. */
  removalPolicy: RemovalPolicy
}

/**
 * Failed sign-ins reach the audit chain by way of CloudTrail: Cognito's login pages write service events
 * (`Login_POST`), its API ordinary ones. EventBridge sees them only where a trail records management events;
 * `trail=false` says that the account has one already.
 */
export function reportFailedSignIns(
  stack: Stack,
  settings: Settings,
  { clientIds, target, removalPolicy }: SignIns,
): void {
  new events.Rule(stack, 'SignIns', {
    ruleName: `${settings.installation}-sign-ins`,
    description: 'Failed sign-ins at Cognito, for the audit chain',
    targets: [new LambdaFunction(target)],
    eventPattern: {
      source: ['aws.cognito-idp'],
      detailType: ['AWS Service Event via CloudTrail', 'AWS API Call via CloudTrail'],
      detail: {
        eventSource: ['cognito-idp.amazonaws.com'],
        // Events of the login pages carry an empty code when all went well.
        errorCode: [{ 'anything-but': '' }],
        $or: [
          { eventName: ['Login_POST'], additionalEventData: { requestParameters: { client_id: clientIds } } },
          { eventName: ['InitiateAuth', 'RespondToAuthChallenge'], requestParameters: { clientId: clientIds } },
        ],
      },
    },
  })
  if (!settings.trail) return
  const bucket = new s3.Bucket(stack, 'TrailBucket', {
    bucketName: bucketName(settings, 'trail'),
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    removalPolicy,
    lifecycleRules: [{ expiration: Duration.days(90) }],
  })
  accept(bucket, {
    'AwsSolutions-S1': 'It is a log itself; CloudTrail signs its digests, so that a change would show.',
  })
  new cloudtrail.Trail(stack, 'Trail', {
    trailName: settings.installation,
    bucket,
    isMultiRegionTrail: false,
    includeGlobalServiceEvents: false,
    enableFileValidation: true,
    managementEvents: cloudtrail.ReadWriteType.ALL,
  })
}
