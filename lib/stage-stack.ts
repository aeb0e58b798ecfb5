/** What every stack of an installation has in common. */
import { RemovalPolicy, Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import type { Settings } from './settings.ts'

export abstract class StageStack extends Stack {
  readonly settings: Settings
  /** Production keeps what holds data when a stack goes; a development stage leaves nothing behind. */
  readonly keep: RemovalPolicy

  constructor(scope: Construct, name: string, settings: Settings, description: string, region = settings.region) {
    super(scope, `${settings.installation}-${name}`, {
      description: `Cloister (${settings.stage}): ${description}`,
      env: { region, account: process.env['CDK_DEFAULT_ACCOUNT'] },
      crossRegionReferences: region !== settings.region || settings.region !== 'us-east-1',
      analyticsReporting: false,
      terminationProtection: settings.production,
      tags: { application: 'cloister', 'cloister-stage': settings.stage },
    })
    this.settings = settings
    this.keep = settings.production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY
  }
}
