/** The built pages, put into the bucket that the distributions serve. */
import { existsSync } from 'node:fs'
import { CfnRule, Fn, type Stack } from 'aws-cdk-lib'
import type * as s3 from 'aws-cdk-lib/aws-s3'
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment'
import { openapi } from '../contracts/openapi.ts'
import { accept } from './nag.ts'
import type { Settings } from './settings.ts'

/** The CDK's own function that unpacks files: it runs during a deployment only, and its role is the CDK's affair. */
function acceptDeployer(stack: Stack, settings: Settings, web: s3.Bucket): void {
  const deployer = stack.node.children.find((c) => c.node.id.startsWith('Custom::CDKBucketDeployment'))!
  const actions = 'The CDK’s deployment function reads one bucket and writes another; the actions are its own choice.'
  accept(deployer, {
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
      'The CDK’s deployment function writes its own log.',
    'AwsSolutions-L1': 'The CDK chooses the runtime of its deployment function.',
    ...Object.fromEntries(
      ['GetBucket', 'GetObject', 'List', 'Abort', 'DeleteObject'].map((action) => [
        `AwsSolutions-IAM5[Action::s3:${action}*]`,
        actions,
      ]),
    ),
    [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-${settings.region}/*]`]:
      'It reads the files from the CDK’s own bucket.',
    [`AwsSolutions-IAM5[Resource::<${stack.getLogicalId(web.node.defaultChild as s3.CfnBucket)}.Arn>/*]`]:
      'It writes the web files, whose names are not known before they are built.',
  })
}

/**
 * The files of `npm run build`. Without them a synthesis still works, and a deployment stops with this sentence
 * before it changes anything.
 */
export function deployWebFiles(stack: Stack, settings: Settings, web: s3.Bucket): void {
  const built = settings.webFiles
  if (!existsSync(built)) {
    new CfnRule(stack, 'WebFilesMissing', {
      assertions: [
        {
          assert: Fn.conditionEquals('built', 'missing'),
          assertDescription: `There was no ${built} at synthesis: run "npm run build" before "cdk deploy".`,
        },
      ],
    })
    return
  }
  // Nothing is pruned: pages that are open while an update comes still find their files. Names of assets carry their
  // hash; the pages are asked for anew each time.
  const common = { destinationBucket: web, prune: false, memoryLimit: 512 }
  const assets = '*/assets/*'
  const files = new BucketDeployment(stack, 'Assets', {
    ...common,
    sources: [Source.asset(built)],
    exclude: ['*'],
    include: [assets],
    cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
  })
  const pages = new BucketDeployment(stack, 'Pages', {
    ...common,
    sources: [Source.asset(built), Source.jsonData('portal/api/openapi.json', openapi('', settings.version))],
    exclude: [assets],
    cacheControl: [CacheControl.fromString('no-cache')],
  })
  pages.node.addDependency(files)
  acceptDeployer(stack, settings, web)
}
