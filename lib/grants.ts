/**
 * Turns the grants that stand beside the routes into IAM statements: exact resources, or a condition that says whose.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Bucket, Entity, Grant } from '../contracts/route.ts'

/** What the statements are about, as ARNs. */
export interface Resources {
  tableArn: string
  dataKeyArn: string
  macKeyArn: string
  bucketArns: Record<Bucket, string>
  /** `arn:aws:kms:REGION:ACCOUNT:` */
  kmsArn: string
  region: string
  installation: string
  stateMachineArn: string
  /** Batch, where scripts are deployed: its queues, its job definitions without their revision, and any job. */
  containers:
    | {
        queues: Record<'interactive' | 'batch' | 'pipelines', string>
        definitions: Record<'scripts' | 'pipelines', string>
        jobArns: string
      }
    | undefined
  /** Streams of the log group of pipeline runs. */
  runLogArn: string
  /** The sender of letters, and the identities of SES that it may belong to: itself or its domain. */
  mail: { from: string; identityArns: string[] } | undefined
  /**
   * Set where the data key's own name is not known yet: `dataKeyArn` then names every key, and this alias says which
   * one is meant.
   */
  dataKeyAlias?: string
}

/** Where a function may touch a bucket. */
const prefixes: Record<Bucket, string[]> = {
  assets: ['blobs/*', 's/*'],
  sealed: ['runs/*'],
  protected: ['*'],
  quarantine: ['*'],
  released: ['*'],
}
/** Kept under Amazon’s own key, so that the study origin can read it. */
const plainlyEncrypted: readonly Bucket[] = ['assets']

const byAlias = (r: Resources) =>
  r.dataKeyAlias === undefined ? {} : { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': r.dataKeyAlias } }

const after = <T extends string>(grants: readonly Grant[], act: string): T[] =>
  grants
    .filter((g) => g.startsWith(`${act} `))
    .map((g) => g.slice(act.length + 1) as T)
    .sort()

function tableStatements(grants: readonly Grant[], resources: Resources): PolicyStatement[] {
  const on = (sid: string, entities: Entity[], actions: string[], arns: string[]): PolicyStatement[] =>
    entities.length === 0
      ? []
      : [
          new PolicyStatement({
            // Of the index, too, the partition key decides: `gpk` starts with an entity like `pk`.
            sid,
            actions,
            resources: arns,
            conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': entities.map((e) => `${e}#*`) } },
          }),
        ]
  const read = after<Entity>(grants, 'read')
  const write = after<Entity>(grants, 'write')
  return [
    ...on(
      'ReadItems',
      read,
      ['dynamodb:GetItem', 'dynamodb:Query'],
      [resources.tableArn, `${resources.tableArn}/index/index`],
    ),
    ...on(
      'WriteItems',
      write,
      ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
      [resources.tableArn],
    ),
    ...(read.length + write.length === 0
      ? []
      : [
          new PolicyStatement({
            sid: 'TableAtRest',
            actions: [
              'kms:Decrypt',
              'kms:DescribeKey',
              ...(write.length === 0
                ? []
                : ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo']),
            ],
            resources: [resources.dataKeyArn],
            conditions: {
              StringEquals: { 'kms:ViaService': `dynamodb.${resources.region}.amazonaws.com` },
              ...byAlias(resources),
            },
          }),
        ]),
  ]
}

function bucketStatements(grants: readonly Grant[], resources: Resources): PolicyStatement[] {
  const listed = [...new Set([...after<Bucket>(grants, 'get'), ...after<Bucket>(grants, 'list')])].sort()
  const held = grants.includes('held-outputs')
  const all = {
    get: after<Bucket>(grants, 'get'),
    put: after<Bucket>(grants, 'put'),
    delete: after<Bucket>(grants, 'delete'),
  }
  const objects = (sid: string, buckets: Bucket[], action: string): PolicyStatement[] =>
    buckets.length === 0
      ? []
      : [
          new PolicyStatement({
            sid,
            actions: [action],
            resources: buckets.flatMap((b) => prefixes[b].map((p) => `${resources.bucketArns[b]}/${p}`)),
          }),
        ]
  const atRest = [...new Set([...all.get, ...all.put, ...(held ? ['quarantine' as const] : [])])].filter(
    (b) => !plainlyEncrypted.includes(b),
  )
  return [
    ...objects('GetObjects', all.get, 's3:GetObject'),
    ...objects('PutObjects', all.put, 's3:PutObject'),
    ...objects('DeleteObjects', all.delete, 's3:DeleteObject'),
    ...(held
      ? [
          new PolicyStatement({
            sid: 'HeldOutputs',
            actions: ['s3:GetObject'],
            resources: [`${resources.bucketArns.quarantine}/jobs/*/verdict-*.json`],
          }),
        ]
      : []),
    // Without it a missing object answers 403 and cannot be told from a forbidden one.
    ...(listed.length === 0
      ? []
      : [
          new PolicyStatement({
            sid: 'MissingObjects',
            actions: ['s3:ListBucket'],
            resources: listed.map((b) => resources.bucketArns[b]),
          }),
        ]),
    ...(atRest.length === 0
      ? []
      : [
          new PolicyStatement({
            sid: 'ObjectsAtRest',
            actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
            resources: [resources.dataKeyArn],
            conditions: {
              StringEquals: { 'kms:ViaService': `s3.${resources.region}.amazonaws.com` },
              ...byAlias(resources),
            },
          }),
        ]),
  ]
}

/**
 * The organisations’ key pairs are made at run time, so a tag says which keys of the account are this installation’s.
 */
function keyStatements(grants: readonly Grant[], resources: Resources): PolicyStatement[] {
  const anyKey = `${resources.kmsArn}key/*`
  const ours = { 'aws:ResourceTag/cloister:installation': resources.installation }
  const statements: PolicyStatement[] = []
  if (grants.includes('public-key'))
    statements.push(
      new PolicyStatement({
        sid: 'PublicKeys',
        actions: ['kms:GetPublicKey'],
        resources: [anyKey],
        conditions: { StringEquals: ours },
      }),
    )
  if (grants.includes('unwrap'))
    statements.push(
      new PolicyStatement({
        sid: 'Unwrap',
        actions: ['kms:Decrypt'],
        resources: [anyKey],
        conditions: { StringEquals: { ...ours, 'kms:EncryptionAlgorithm': 'RSAES_OAEP_SHA_256' } },
      }),
    )
  if (grants.includes('mac'))
    statements.push(
      new PolicyStatement({
        sid: 'Mac',
        actions: ['kms:GenerateMac'],
        resources: [resources.macKeyArn],
        conditions: { StringEquals: { 'kms:MacAlgorithm': 'HMAC_SHA_256' } },
      }),
    )
  if (grants.includes('create-key'))
    statements.push(
      new PolicyStatement({
        sid: 'CreateKeys',
        actions: ['kms:CreateKey'],
        resources: ['*'],
        conditions: {
          StringEquals: {
            'aws:RequestTag/cloister:installation': resources.installation,
            'kms:KeySpec': 'RSA_3072',
            'kms:KeyUsage': 'ENCRYPT_DECRYPT',
          },
        },
      }),
      new PolicyStatement({
        sid: 'TagNewKeys',
        actions: ['kms:TagResource'],
        resources: [anyKey],
        conditions: { StringEquals: { 'aws:RequestTag/cloister:installation': resources.installation } },
      }),
      new PolicyStatement({
        sid: 'NameKeys',
        actions: ['kms:CreateAlias', 'kms:DescribeKey'],
        resources: [anyKey],
        conditions: { StringEquals: ours },
      }),
      // The key of a creation that lost the race is put away again. A key that has its name is in use and stays out of
      // reach.
      new PolicyStatement({
        sid: 'DropNamelessKeys',
        actions: ['kms:ScheduleKeyDeletion'],
        resources: [anyKey],
        conditions: { StringEquals: ours, Null: { 'kms:ResourceAliases': 'true' } },
      }),
      new PolicyStatement({
        sid: 'KeyNames',
        actions: ['kms:CreateAlias'],
        resources: [`${resources.kmsArn}alias/cloister/${resources.installation}/*`],
      }),
    )
  return statements
}

/** `engine` needs no right: what it reads are objects, for which there are grants. */
function workflowStatements(grants: readonly Grant[], resources: Resources): PolicyStatement[] {
  const executions = `${resources.stateMachineArn.replace(':stateMachine:', ':execution:')}:*`
  return [
    ...(grants.includes('start-job')
      ? [
          new PolicyStatement({
            sid: 'StartJobs',
            actions: ['states:StartExecution'],
            resources: [resources.stateMachineArn],
          }),
          new PolicyStatement({ sid: 'SeeJobs', actions: ['states:DescribeExecution'], resources: [executions] }),
        ]
      : []),
    ...(grants.includes('stop-job')
      ? [new PolicyStatement({ sid: 'StopJobs', actions: ['states:StopExecution'], resources: [executions] })]
      : []),
  ]
}

/**
 * A job's description and a list of jobs have no resource to name; a job's id is made when it is submitted.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_batch.html
 */
function containerStatements(grants: readonly Grant[], { containers }: Resources): PolicyStatement[] {
  const submits = grants.includes('submit-container')
  const stops = grants.includes('stop-container')
  if (!containers || !(submits || stops)) return []
  const queues = Object.values(containers.queues)
  // A request names the revision that it resolved: without the wildcard it would match nothing.
  // https://docs.aws.amazon.com/batch/latest/userguide/iam-example-restrict-job-submission.html
  const definitions = Object.values(containers.definitions).map((arn) => `${arn}:*`)
  const statement = (sid: string, actions: string[], resources: string[]): PolicyStatement =>
    new PolicyStatement({ sid, actions, resources })
  return [
    ...(submits
      ? [
          statement('SubmitContainers', ['batch:SubmitJob'], [...queues, ...definitions]),
          statement('PlacesInQueues', ['batch:GetJobQueueSnapshot'], queues),
        ]
      : []),
    ...(stops ? [statement('StopContainers', ['batch:TerminateJob'], [containers.jobArns])] : []),
    statement('SeeContainers', [...(submits ? ['batch:DescribeJobs'] : []), 'batch:ListJobs'], ['*']),
  ]
}

/** What was written stays in buckets, for which there are grants; live logs are in CloudWatch. */
const logStatements = (grants: readonly Grant[], resources: Resources): PolicyStatement[] =>
  grants.includes('read-log') || grants.includes('write-log')
    ? [new PolicyStatement({ sid: 'RunLogs', actions: ['logs:GetLogEvents'], resources: [resources.runLogArn] })]
    : []

/** Letters of the one sender that the installation was given. */
const mailStatements = (grants: readonly Grant[], { mail }: Resources): PolicyStatement[] =>
  mail && grants.includes('send-mail')
    ? [
        new PolicyStatement({
          sid: 'SendMail',
          actions: ['ses:SendEmail'],
          resources: mail.identityArns,
          conditions: { StringEquals: { 'ses:FromAddress': mail.from } },
        }),
      ]
    : []

/** Everything a function with these grants may do, and nothing else. */
export const statementsFor = (grants: readonly Grant[], resources: Resources): PolicyStatement[] => [
  ...tableStatements(grants, resources),
  ...bucketStatements(grants, resources),
  ...keyStatements(grants, resources),
  ...workflowStatements(grants, resources),
  ...containerStatements(grants, resources),
  ...logStatements(grants, resources),
  ...mailStatements(grants, resources),
]

/** Buckets a function is told the names of. */
export const bucketsOf = (grants: readonly Grant[]): Bucket[] =>
  [
    ...new Set([
      ...(['get', 'list', 'put', 'delete'] as const).flatMap((act) => after<Bucket>(grants, act)),
      ...(grants.includes('held-outputs') ? ['quarantine' as const] : []),
    ]),
  ].sort()
