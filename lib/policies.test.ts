/**
 * Who may do what with the buckets and the data key, by their own policies: one small stack alone, so that it is quick
 * enough to be run for each mutant of `bench/mutants.ts`. Whole templates are judged in stacks.test.ts.
 */
import { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import type { Bucket } from '../contracts/route.ts'
import { DataStack } from './data-stack.ts'
import { settingsFrom } from './settings.ts'

const buckets: readonly Bucket[] = ['assets', 'sealed', 'protected', 'quarantine', 'released']

describe('the policies of buckets and keys', () => {
  interface Statement {
    Effect: string
    Principal: unknown
    Action: unknown
    Resource: unknown
    Condition?: unknown
  }
  const app = new App({
    context: { stage: 'dev', region: 'eu-west-1', '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true },
  })
  const distribution = 'arn:aws:cloudfront::1:distribution/study'
  const data = new DataStack(app, settingsFrom(app.node), {
    mainOrigin: 'https://cloister.example.edu',
    studyDistributionArn: distribution,
  })
  const template = Template.fromStack(data)
  const statementsOn = (bucket: Bucket): Statement[] => {
    const policies = Object.values(template.findResources('AWS::S3::BucketPolicy'))
    const own = policies.filter(({ Properties: of }) => of.Bucket.Ref.startsWith(`Bucket${bucket}`))
    expect(own).toHaveLength(1)
    return own[0]!['Properties'].PolicyDocument.Statement
  }
  const allows = (bucket: Bucket): Statement[] => statementsOn(bucket).filter((s) => s.Effect === 'Allow')

  test('the study origin, as that one distribution, reads published files and lists; nobody else gets in', () => {
    const arn = data.resolve(data.buckets.assets.bucketArn)
    const byDistribution = {
      Effect: 'Allow',
      Principal: { Service: 'cloudfront.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceArn': distribution } },
    }
    expect(allows('assets')).toEqual([
      { ...byDistribution, Action: 's3:GetObject', Resource: { 'Fn::Join': ['', [arn, '/s/*']] } },
      { ...byDistribution, Action: 's3:ListBucket', Resource: arn },
    ])
  })
  test.each(['sealed', 'protected', 'quarantine', 'released'] as const)('%s lets nobody in by itself', (bucket) => {
    expect(allows(bucket)).toEqual([])
  })
  test.each(buckets)('%s refuses what is not TLS 1.2', (bucket) => {
    const refusals = statementsOn(bucket).filter((s) => s.Effect === 'Deny')
    expect(refusals.map(({ Condition: condition }) => condition)).toEqual([
      { Bool: { 'aws:SecureTransport': 'false' } },
      { NumericLessThan: { 's3:TlsVersion': 1.2 } },
    ])
    for (const refusal of refusals) expect(refusal).toMatchObject({ Principal: { AWS: '*' }, Action: 's3:*' })
  })
  test('the data key serves the account and, for alarms of this account, CloudWatch', () => {
    const keys = Object.values(template.findResources('AWS::KMS::Key', { Properties: { EnableKeyRotation: true } }))
    expect(keys).toHaveLength(1)
    const [account, alarms, ...others] = keys[0]!['Properties'].KeyPolicy.Statement as Statement[]
    expect(account!.Action).toBe('kms:*')
    expect(JSON.stringify(account!.Principal)).toContain(':root')
    expect(alarms).toEqual({
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    })
    expect(others).toEqual([])
  })
})
