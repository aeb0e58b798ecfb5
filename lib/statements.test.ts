/**
 * What each grant becomes, on ARNs written out: no stack is made, so that it is quick enough to be run for each mutant
 * of `bench/mutants.ts`. What whole templates come to is judged in grants.test.ts.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Bucket, Grant } from '../contracts/route.ts'
import { acceptedWildcards } from './accepted-wildcards.ts'
import { bucketsOf, type Resources, statementsFor } from './grants.ts'

const buckets: readonly Bucket[] = ['assets', 'sealed', 'protected', 'quarantine', 'released']
const resources: Resources = {
  tableArn: 'arn:aws:dynamodb:eu-west-1:1:table/t',
  dataKeyArn: 'arn:aws:kms:eu-west-1:1:key/data',
  macKeyArn: 'arn:aws:kms:eu-west-1:1:key/mac',
  bucketArns: Object.fromEntries(buckets.map((b) => [b, `arn:aws:s3:::${b}`])) as Record<Bucket, string>,
  kmsArn: 'arn:aws:kms:eu-west-1:1:',
  region: 'eu-west-1',
  installation: 'house',
  stateMachineArn: 'arn:aws:states:eu-west-1:1:stateMachine:jobs',
  containers: undefined,
  runLogArn: 'arn:aws:logs:eu-west-1:1:log-group:runs:log-stream:*',
  mail: undefined,
}
const withContainers: Resources = {
  ...resources,
  containers: {
    queues: { interactive: 'queue/i', batch: 'queue/b', pipelines: 'queue/p' },
    definitions: { scripts: 'definition/s', pipelines: 'definition/p' },
    jobArns: 'job/*',
  },
}
/** The statements of these grants as IAM reads them, without `Effect`, which has to be Allow. */
function allowed(grants: readonly Grant[], on: Resources = resources): Record<string, unknown>[] {
  return statementsFor(grants, on).map((statement) => {
    const { Effect: effect, ...rest } = statement.toJSON() as Record<string, unknown>
    expect(effect).toBe('Allow')
    return rest
  })
}
const sidsOf = (grants: readonly Grant[], on?: Resources): unknown[] => allowed(grants, on).map((s) => s['Sid'])

describe('the table', () => {
  const atRest = { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } }
  test('reading is of the entities that are named, by their keys, in the table and its index', () => {
    expect(allowed(['read STUDY', 'read JOB'])).toEqual([
      {
        Sid: 'ReadItems',
        Action: ['dynamodb:GetItem', 'dynamodb:Query'],
        Resource: [resources.tableArn, `${resources.tableArn}/index/index`],
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['JOB#*', 'STUDY#*'] } },
      },
      {
        Sid: 'TableAtRest',
        Action: ['kms:Decrypt', 'kms:DescribeKey'],
        Resource: resources.dataKeyArn,
        Condition: atRest,
      },
    ])
  })
  test('writing is of the table alone, and uses the key in both directions', () => {
    expect(allowed(['write STUDY'])).toEqual([
      {
        Sid: 'WriteItems',
        Action: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
        Resource: resources.tableArn,
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['STUDY#*'] } },
      },
      {
        Sid: 'TableAtRest',
        Action: [
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
        ],
        Resource: resources.dataKeyArn,
        Condition: atRest,
      },
    ])
  })
  test('where the key has no name yet, its alias says which is meant', () => {
    const byAlias = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/data' } }
    const named = { ...resources, dataKeyAlias: 'alias/data' }
    expect(allowed(['read STUDY'], named)[1]!['Condition']).toEqual({ ...atRest, ...byAlias })
    expect(allowed(['put sealed'], named)[1]!['Condition']).toEqual({
      StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' },
      ...byAlias,
    })
  })
  test('nothing is granted that was not asked for', () => {
    expect(allowed([])).toEqual([])
    expect(allowed(['engine'])).toEqual([])
    expect(bucketsOf(['read STUDY', 'engine'])).toEqual([])
  })
})

describe('objects', () => {
  const atRest = {
    Sid: 'ObjectsAtRest',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: resources.dataKeyArn,
    Condition: { StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } },
  }
  const missing = (...of: string[]): Record<string, unknown> => ({
    Sid: 'MissingObjects',
    Action: 's3:ListBucket',
    Resource: of.length === 1 ? of[0] : of,
  })
  test('assets are read below their two prefixes and need no key', () => {
    expect(allowed(['get assets'])).toEqual([
      {
        Sid: 'GetObjects',
        Action: 's3:GetObject',
        Resource: ['arn:aws:s3:::assets/blobs/*', 'arn:aws:s3:::assets/s/*'],
      },
      missing('arn:aws:s3:::assets'),
    ])
  })
  test.each([
    ['sealed', 'runs/*'],
    ['protected', '*'],
    ['quarantine', '*'],
    ['released', '*'],
  ] as const)('%s is read at %s, under the data key', (bucket, prefix) => {
    expect(allowed([`get ${bucket}`])).toEqual([
      { Sid: 'GetObjects', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/${prefix}` },
      missing(`arn:aws:s3:::${bucket}`),
      atRest,
    ])
  })
  test('who writes cannot read, list or delete; who deletes needs no key', () => {
    expect(allowed(['put sealed'])).toEqual([
      { Sid: 'PutObjects', Action: 's3:PutObject', Resource: 'arn:aws:s3:::sealed/runs/*' },
      atRest,
    ])
    expect(allowed(['delete sealed'])).toEqual([
      { Sid: 'DeleteObjects', Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::sealed/runs/*' },
    ])
    expect(allowed(['put assets'])).toEqual([
      {
        Sid: 'PutObjects',
        Action: 's3:PutObject',
        Resource: ['arn:aws:s3:::assets/blobs/*', 'arn:aws:s3:::assets/s/*'],
      },
    ])
  })
  test('lists are of buckets, each once', () => {
    expect(allowed(['list released'])).toEqual([missing('arn:aws:s3:::released')])
    expect(allowed(['list released', 'get released', 'list assets'])).toContainEqual(
      missing('arn:aws:s3:::assets', 'arn:aws:s3:::released'),
    )
  })
  test('held outputs are the verdicts of jobs, nothing else of quarantine', () => {
    expect(allowed(['held-outputs'])).toEqual([
      { Sid: 'HeldOutputs', Action: 's3:GetObject', Resource: 'arn:aws:s3:::quarantine/jobs/*/verdict-*.json' },
      atRest,
    ])
  })
  test('a function is told the names of the buckets that it may touch, in order, each once', () => {
    expect(bucketsOf(['put sealed', 'get assets', 'delete sealed', 'list released', 'held-outputs'])).toEqual([
      'assets',
      'quarantine',
      'released',
      'sealed',
    ])
  })
})

describe('keys', () => {
  const anyKey = 'arn:aws:kms:eu-west-1:1:key/*'
  const ours = { 'aws:ResourceTag/cloister:installation': 'house' }
  test('each use of a key stands under the installation’s tag, or on the one key', () => {
    expect(allowed(['public-key'])).toEqual([
      { Sid: 'PublicKeys', Action: 'kms:GetPublicKey', Resource: anyKey, Condition: { StringEquals: ours } },
    ])
    expect(allowed(['unwrap'])).toEqual([
      {
        Sid: 'Unwrap',
        Action: 'kms:Decrypt',
        Resource: anyKey,
        Condition: { StringEquals: { ...ours, 'kms:EncryptionAlgorithm': 'RSAES_OAEP_SHA_256' } },
      },
    ])
    expect(allowed(['mac'])).toEqual([
      {
        Sid: 'Mac',
        Action: 'kms:GenerateMac',
        Resource: resources.macKeyArn,
        Condition: { StringEquals: { 'kms:MacAlgorithm': 'HMAC_SHA_256' } },
      },
    ])
  })
  test('who makes keys makes tagged pairs, names them, and drops those without a name', () => {
    const requested = { 'aws:RequestTag/cloister:installation': 'house' }
    expect(allowed(['create-key'])).toEqual([
      {
        Sid: 'CreateKeys',
        Action: 'kms:CreateKey',
        Resource: '*',
        Condition: { StringEquals: { ...requested, 'kms:KeySpec': 'RSA_3072', 'kms:KeyUsage': 'ENCRYPT_DECRYPT' } },
      },
      { Sid: 'TagNewKeys', Action: 'kms:TagResource', Resource: anyKey, Condition: { StringEquals: requested } },
      {
        Sid: 'NameKeys',
        Action: ['kms:CreateAlias', 'kms:DescribeKey'],
        Resource: anyKey,
        Condition: { StringEquals: ours },
      },
      {
        Sid: 'DropNamelessKeys',
        Action: 'kms:ScheduleKeyDeletion',
        Resource: anyKey,
        Condition: { StringEquals: ours, Null: { 'kms:ResourceAliases': 'true' } },
      },
      { Sid: 'KeyNames', Action: 'kms:CreateAlias', Resource: 'arn:aws:kms:eu-west-1:1:alias/cloister/house/*' },
    ])
  })
})

describe('work', () => {
  test('jobs are started on the machine, and seen and stopped among its executions', () => {
    const executions = 'arn:aws:states:eu-west-1:1:execution:jobs:*'
    expect(allowed(['start-job'])).toEqual([
      { Sid: 'StartJobs', Action: 'states:StartExecution', Resource: resources.stateMachineArn },
      { Sid: 'SeeJobs', Action: 'states:DescribeExecution', Resource: executions },
    ])
    expect(allowed(['stop-job'])).toEqual([{ Sid: 'StopJobs', Action: 'states:StopExecution', Resource: executions }])
  })
  test('containers are submitted to every queue by any revision, and stopped by the name of their jobs', () => {
    const queues = ['queue/i', 'queue/b', 'queue/p']
    expect(allowed(['submit-container'], withContainers)).toEqual([
      { Sid: 'SubmitContainers', Action: 'batch:SubmitJob', Resource: [...queues, 'definition/s:*', 'definition/p:*'] },
      { Sid: 'PlacesInQueues', Action: 'batch:GetJobQueueSnapshot', Resource: queues },
      { Sid: 'SeeContainers', Action: ['batch:DescribeJobs', 'batch:ListJobs'], Resource: '*' },
    ])
    expect(allowed(['stop-container'], withContainers)).toEqual([
      { Sid: 'StopContainers', Action: 'batch:TerminateJob', Resource: 'job/*' },
      { Sid: 'SeeContainers', Action: 'batch:ListJobs', Resource: '*' },
    ])
    expect(sidsOf(['submit-container', 'stop-container'])).toEqual([])
    expect(sidsOf(['engine'], withContainers)).toEqual([])
  })
  test('letters are of the one sender, where there is one', () => {
    const mail = { from: 'cloister@uni.example', identityArns: ['arn:aws:ses:eu-west-1:1:identity/uni.example'] }
    expect(sidsOf(['send-mail'], resources)).toEqual([])
    expect(sidsOf(['mac'], { ...resources, mail })).not.toContain('SendMail')
    expect(statementsFor(['send-mail'], { ...resources, mail }).map((s) => s.toStatementJson())).toEqual([
      {
        Sid: 'SendMail',
        Effect: 'Allow',
        Action: 'ses:SendEmail',
        Resource: mail.identityArns[0],
        Condition: { StringEquals: { 'ses:FromAddress': mail.from } },
      },
    ])
  })
  test('logs of runs are read, by those who show and by those who keep them', () => {
    const read = [{ Sid: 'RunLogs', Action: 'logs:GetLogEvents', Resource: resources.runLogArn }]
    expect(allowed(['read-log'])).toEqual(read)
    expect(allowed(['write-log'])).toEqual(read)
  })
})

describe('wildcards', () => {
  const reasonOf = (actions: string[], resource: string): string[] =>
    Object.values(acceptedWildcards([new PolicyStatement({ actions, resources: [resource, 'arn:exact'] })]))
  test.each([
    [['kms:CreateKey'], '*', 'kms:CreateKey has no resource'],
    [['batch:ListJobs'], '*', 'lists and descriptions'],
    [['batch:DescribeJobs', 'batch:ListJobs'], '*', 'lists and descriptions'],
    [['kms:Decrypt'], 'arn:aws:kms:r:1:key/*', 'a condition on the tag'],
    [['kms:CreateAlias'], 'arn:aws:kms:r:1:alias/cloister/house/*', 'Key names of this installation'],
    [['states:StopExecution'], 'arn:aws:states:r:1:execution:jobs:*', 'Executions of this one state machine'],
    [['batch:SubmitJob'], 'arn:aws:batch:r:1:job-definition/house-jobs:*', 'Revisions of the installation’s own'],
    [['batch:TerminateJob'], 'arn:aws:batch:r:1:job/*', 'Containers: their ids'],
    [['logs:GetLogEvents'], 'arn:aws:logs:r:1:log-group:g:log-stream:*', 'Streams of this one log group'],
    [['s3:GetObject'], 'arn:aws:s3:::bucket/*', 'Objects of one kind in one bucket'],
  ])('%j on %s has its reason', (actions, resource, words) => {
    expect(reasonOf(actions, resource)).toEqual([expect.stringContaining(words)])
  })
  test.each([
    [['kms:Decrypt'], '*'],
    [['batch:SubmitJob'], '*'],
    [['dynamodb:Query'], 'arn:aws:dynamodb:r:1:table/*'],
  ])('%j on %s has none, and throws', (actions, resource) => {
    expect(() => reasonOf(actions, resource)).toThrow('No reason is written down for the wildcard in ')
  })
  test('findings are named as cdk-nag names them', () => {
    const resource = 'arn:aws:s3:::bucket/*'
    const statement = new PolicyStatement({ actions: ['s3:GetObject'], resources: [resource] })
    expect(Object.keys(acceptedWildcards([statement]))).toEqual([`AwsSolutions-IAM5[Resource::${resource}]`])
  })
})
