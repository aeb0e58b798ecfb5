/** The firewall in front of both distributions. CloudFront looks for it in us-east-1, wherever the rest is. */
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2'
import type { Construct } from 'constructs'
import type { Settings } from './settings.ts'
import { StageStack } from './stage-stack.ts'

/**
 * Rules of the common set that only count. Studies are HTML with scripts and addresses, chunks are up to 200 KB: the
 * bodies and query strings that these rules take for an attack are this platform’s daily bread. They are parsed by
 * schemas instead.
 */
const onlyCounted = [
  'SizeRestrictions_BODY',
  'CrossSiteScripting_BODY',
  'GenericRFI_BODY',
  'GenericRFI_QUERYARGUMENTS',
  'GenericLFI_BODY',
  'EC2MetaDataSSRF_BODY',
  'EC2MetaDataSSRF_QUERYARGUMENTS',
  // Command-line clients may send no User-Agent.
  'NoUserAgent_HEADER',
]

/**
 * Requests from one address in five minutes. A lab of 100 participants behind one address makes about 15,000 (100
 * records and 50 files each).
 */
export const requestsPerAddress = 40_000

export class EdgeStack extends StageStack {
  readonly firewallArn: string

  constructor(scope: Construct, settings: Settings) {
    super(scope, 'edge', settings, 'web application firewall', 'us-east-1')
    const seen = (metricName: string) => ({ cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: false })
    this.firewallArn = new CfnWebACL(this, 'Firewall', {
      name: settings.installation,
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: seen(settings.installation),
      rules: [
        {
          name: 'rate',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: {
            rateBasedStatement: { aggregateKeyType: 'IP', evaluationWindowSec: 300, limit: requestsPerAddress },
          },
          visibilityConfig: seen('rate'),
        },
        {
          name: 'common',
          priority: 1,
          overrideAction: { none: {} },
          visibilityConfig: seen('common'),
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name: 'AWSManagedRulesCommonRuleSet',
              ruleActionOverrides: onlyCounted.map((name) => ({ name, actionToUse: { count: {} } })),
            },
          },
        },
      ],
    }).attrArn
  }
}
