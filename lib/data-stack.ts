/**
 * What must never be lost or leak: one table, five buckets by sensitivity, two keys. The organisations’ own key pairs
 * are made at run time.
 */
import { Duration, type RemovalPolicy } from 'aws-cdk-lib'
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as kms from 'aws-cdk-lib/aws-kms'
import * as s3 from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import type { Bucket } from '../contracts/route.ts'
import { accept } from './nag.ts'
import { bucketName, dataKeyAlias, tableName } from './names.ts'
import type { Settings } from './settings.ts'
import { StageStack } from './stage-stack.ts'

/**
 * Recovery window of the table: long enough to notice a loss, short enough that a withdrawn participant’s key is soon
 * gone everywhere.
 */
const recoveryDays = 14

const unversioned: Partial<Record<Bucket, string>> = {
  sealed: 'A withdrawal must leave nothing behind: a deleted body is gone.',
  quarantine: 'Outputs wait here to be checked and are then deleted for good.',
}

export class DataStack extends StageStack {
  readonly table: dynamodb.TableV2
  readonly buckets: Record<Bucket, s3.Bucket>
  readonly dataKey: kms.Key
  readonly macKey: kms.Key

  constructor(scope: Construct, settings: Settings, from: { mainOrigin: string; studyDistributionArn: string }) {
    super(scope, 'data', settings, 'table, buckets, keys')
    this.dataKey = new kms.Key(this, 'DataKey', {
      alias: dataKeyAlias(settings),
      description: 'Table, sensitive buckets and alarms at rest',
      enableKeyRotation: true,
      removalPolicy: this.keep,
      pendingWindow: Duration.days(30),
    })
    // Alarms go to an encrypted topic: CloudWatch must be able to use its key.
    this.dataKey.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    )
    this.macKey = new kms.Key(this, 'MacKey', {
      alias: `alias/${settings.installation}/mac`,
      description: 'Pseudonyms, run tokens, withdrawal codes',
      keySpec: kms.KeySpec.HMAC_256,
      keyUsage: kms.KeyUsage.GENERATE_VERIFY_MAC,
      removalPolicy: this.keep,
      pendingWindow: Duration.days(30),
    })

    this.table = new dynamodb.TableV2(this, 'Table', {
      tableName: tableName(settings),
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
      globalSecondaryIndexes: [
        {
          indexName: 'index',
          partitionKey: { name: 'gpk', type: dynamodb.AttributeType.STRING },
          sortKey: { name: 'gsk', type: dynamodb.AttributeType.STRING },
          projectionType: dynamodb.ProjectionType.ALL,
        },
      ],
      // What has an end goes by itself, some time after: functions do not see it any more (functions/kernel/gone.ts).
      timeToLiveAttribute: 'goneAt',
      billing: dynamodb.Billing.onDemand(),
      encryption: dynamodb.TableEncryptionV2.customerManagedKey(this.dataKey),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: recoveryDays },
      deletionProtection: settings.production,
      removalPolicy: this.keep,
    })

    const logs = this.logBucket()
    const cors: s3.CorsRule[] = [
      {
        allowedOrigins: [from.mainOrigin],
        allowedMethods: [s3.HttpMethods.PUT, s3.HttpMethods.GET, s3.HttpMethods.HEAD],
        allowedHeaders: ['content-type', 'x-amz-*'],
        exposedHeaders: ['ETag'],
        maxAge: 3600,
      },
    ]
    this.buckets = {
      assets: this.bucket('assets', this.keep, {
        cors,
        encryption: s3.BucketEncryption.S3_MANAGED,
        ...this.accessLog(logs, 'assets'),
      }),
      sealed: this.bucket('sealed', this.keep, { cors }),
      protected: this.bucket('protected', this.keep, this.accessLog(logs, 'protected')),
      quarantine: this.bucket('quarantine', this.keep, this.accessLog(logs, 'quarantine')),
      released: this.bucket('released', this.keep, this.accessLog(logs, 'released')),
    }
    accept(this.buckets.sealed, {
      'AwsSolutions-S1':
        'An access log would tie participants’ network addresses to their runs. The objects are ciphertext; who opens results is in the audit chain.',
    })
    // The study origin may read published files, and only those: not the uploads they were made from.
    const distribution = {
      principals: [new iam.ServicePrincipal('cloudfront.amazonaws.com')],
      conditions: { StringEquals: { 'aws:SourceArn': from.studyDistributionArn } },
    }
    this.buckets.assets.addToResourcePolicy(
      new iam.PolicyStatement({
        ...distribution,
        actions: ['s3:GetObject'],
        resources: [this.buckets.assets.arnForObjects('s/*')],
      }),
    )
    // So that a missing file answers 404 instead of 403; the distribution forwards no listing.
    this.buckets.assets.addToResourcePolicy(
      new iam.PolicyStatement({
        ...distribution,
        actions: ['s3:ListBucket'],
        resources: [this.buckets.assets.bucketArn],
      }),
    )
  }

  private bucket(name: Bucket, removalPolicy: RemovalPolicy, props: Partial<s3.BucketProps>): s3.Bucket {
    const lifecycleRules: s3.LifecycleRule[] = [
      { id: 'abandoned-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ...(name in unversioned ? [] : [{ id: 'replaced', noncurrentVersionExpiration: Duration.days(30) }]),
      ...(name === 'quarantine' ? [{ id: 'forgotten', expiration: Duration.days(30) }] : []),
    ]
    const sealedAtRest = props.encryption
      ? {}
      : { encryption: s3.BucketEncryption.KMS, encryptionKey: this.dataKey, bucketKeyEnabled: true }
    return new s3.Bucket(this, `Bucket-${name}`, {
      bucketName: bucketName(this.settings, name),
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: !(name in unversioned),
      removalPolicy,
      lifecycleRules,
      ...sealedAtRest,
      ...props,
    })
  }

  private accessLog(serverAccessLogsBucket: s3.Bucket, name: Bucket): Partial<s3.BucketProps> {
    return { serverAccessLogsBucket, serverAccessLogsPrefix: `${name}/` }
  }

  private logBucket(): s3.Bucket {
    const logs = new s3.Bucket(this, 'Logs', {
      bucketName: bucketName(this.settings, 'logs'),
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: this.keep,
      lifecycleRules: [{ expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    })
    accept(logs, {
      'AwsSolutions-S1': 'It receives the access logs of the others; logging itself into itself would never end.',
    })
    return logs
  }
}
