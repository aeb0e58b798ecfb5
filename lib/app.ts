/** One installation: which stacks there are and what each learns from those before it. */
import { App, type AppProps } from 'aws-cdk-lib'
import { ApiStack } from './api-stack.ts'
import { bundleFunctions } from './bundle.ts'
import { DataStack } from './data-stack.ts'
import { EdgeStack } from './edge-stack.ts'
import { IdentityStack } from './identity-stack.ts'
import { JobsStack } from './jobs-stack.ts'
import { OperationsStack } from './operations-stack.ts'
import { settingsFrom } from './settings.ts'
import { WebStack } from './web-stack.ts'

/**
 * Ways of the CDK that this app is written for; here and not in cdk.json, so that tests synthesise the same templates.
 */
const features = {
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/aws-kms:aliasNameRef': true,
  '@aws-cdk/core:target-partitions': ['aws'],
}

/**
 * The CDK app of the stage that the context names. Functions are bundled unless `bundle=false`. Throws on a wrong
 * context.
 */
export function cloister(props?: AppProps): App {
  const app = new App({ ...props, context: { ...features, ...props?.context } })
  const settings = settingsFrom(app.node)
  if (settings.bundle) bundleFunctions()
  const firewall = settings.waf ? new EdgeStack(app, settings).firewallArn : undefined
  const web = new WebStack(app, settings, firewall)
  const data = new DataStack(app, settings, web)
  const identity = new IdentityStack(app, settings, web.mainOrigin)
  const api = new ApiStack(app, settings, { web, data, identity })
  new JobsStack(app, settings, api)
  new OperationsStack(app, settings, { api, data, identity })
  return app
}
