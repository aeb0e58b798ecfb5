/** Why the wildcards in the statements of grants.ts are right, as cdk-nag wants to be told. */
import { Aws } from 'aws-cdk-lib'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'

/** Why a wildcard in a resource is right, told from the actions and the resource with what stands before it. */
const reasons: [RegExp, string][] = [
  [
    /^kms:CreateKey \*$/,
    'kms:CreateKey has no resource to name; the conditions allow only RSA_3072 pairs that carry this installation’s tag.',
  ],
  [/^batch:(DescribeJobs,batch:)?ListJobs \*$/, 'Batch’s lists and descriptions of jobs have no resource to name.'],
  [
    /:key\/\*$/,
    'Keys that are made at run time, or after this: a condition on the tag cloister:installation, or on the data key’s alias, says which are meant; no other key of the account has it.',
  ],
  [/:alias\/cloister\//, 'Key names of this installation only; they end with the organisation’s id.'],
  [/:execution:[\w-]+:\*$/, 'Executions of this one state machine: their names end with the job’s id.'],
  [
    /:job-definition\/[\w-]+:\*$/,
    'Revisions of the installation’s own job definitions: the newest is submitted, and its number is not known before.',
  ],
  [/:job\/\*$/, 'Containers: their ids are made when they are submitted. Only those of a job’s name are stopped.'],
  [/:log-stream:\*$/, 'Streams of this one log group: their names are made by the containers.'],
  [/:s3:::/, 'Objects of one kind in one bucket: the prefix is fixed.'],
]

/**
 * cdk-nag's findings about wildcards in these statements, each with its reason. A wildcard of another kind throws: it
 * has no reason yet.
 */
export function acceptedWildcards(statements: readonly PolicyStatement[]): Record<string, string> {
  const broad = statements.flatMap((s) =>
    s.resources.filter((r) => r.includes('*')).map((resource) => ({ resource, actions: s.actions.join(',') })),
  )
  return Object.fromEntries(
    broad.map(({ resource, actions }) => {
      const reason = reasons.find(([pattern]) => pattern.test(`${actions} ${resource}`))?.[1]
      if (!reason) throw new Error(`No reason is written down for the wildcard in ${resource}`)
      return [
        `AwsSolutions-IAM5[Resource::${resource.replaceAll(Aws.PARTITION, '<AWS::Partition>').replaceAll(Aws.ACCOUNT_ID, '<AWS::AccountId>')}]`,
        reason,
      ]
    }),
  )
}
