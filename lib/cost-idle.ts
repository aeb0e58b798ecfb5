/**
 * What the installation costs while nobody comes. A resource type that nobody has thought about stops it: then say
 * below what it costs.
 */
import type { Line } from './cost-lines.ts'
import { allowance, price } from './prices.ts'
import type { Resource } from './testing.ts'

/** Resource types without a price of their own: nothing while idle. */
const free = new Set([
  // Batch and Step Functions cost what runs through them; networks, their rules and gateway endpoints nothing; images
  // by the GB (a few cents).
  'AWS::Batch::ComputeEnvironment',
  'AWS::Batch::JobDefinition',
  'AWS::Batch::JobQueue',
  'AWS::Batch::SchedulingPolicy',
  'AWS::StepFunctions::StateMachine',
  'AWS::ECR::Repository',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Url',
  'AWS::EC2::VPC',
  'AWS::EC2::Subnet',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::FlowLog',
  'AWS::Route53Resolver::FirewallRuleGroup',
  'AWS::Route53Resolver::FirewallRuleGroupAssociation',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudFront::Distribution',
  'AWS::CloudFront::Function',
  'AWS::CloudFront::OriginAccessControl',
  'AWS::CloudFront::ResponseHeadersPolicy',
  'AWS::CloudTrail::Trail',
  'AWS::Cognito::ManagedLoginBranding',
  'AWS::Cognito::UserPool',
  'AWS::Cognito::UserPoolClient',
  'AWS::Cognito::UserPoolDomain',
  'AWS::Cognito::UserPoolGroup',
  'AWS::DynamoDB::GlobalTable',
  'AWS::Events::Rule',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::ResourcePolicy',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
])

/** What is to be paid for being there. */
export function idleLines(resources: Resource[]): Line[] {
  const count = (type: string): number => resources.filter((r) => r.Type === type).length
  const interfaces = resources
    .filter((r) => r.Type === 'AWS::EC2::VPCEndpoint' && r.Properties.VpcEndpointType === 'Interface')
    .reduce((n, r) => n + r.Properties.SubnetIds.length, 0)
  const domains = resources
    .filter((r) => r.Type === 'AWS::Route53Resolver::FirewallDomainList')
    .reduce((n, r) => n + r.Properties.Domains.length, 0)
  const priced: Record<string, Line[]> = {
    'AWS::EC2::VPCEndpoint':
      interfaces === 0
        ? []
        : [
            {
              what: 'Interface endpoints, by zone',
              count: interfaces,
              each: price.month['interface endpoint'],
              note: 'images (two), log; the one for S3 is free',
            },
          ],
    'AWS::Route53Resolver::FirewallDomainList':
      domains === 0
        ? []
        : [
            {
              what: 'Domains of the name firewall',
              count: domains,
              each: price.month['domain of the name firewall'],
              note: '',
            },
          ],
    'AWS::WAFv2::WebACL': [
      {
        what: 'Firewall (one for both distributions)',
        count: count('AWS::WAFv2::WebACL'),
        each: price.month['firewall'],
        note: '',
      },
      {
        what: 'Firewall rules',
        count: resources
          .filter((r) => r.Type === 'AWS::WAFv2::WebACL')
          .reduce((n, r) => n + r.Properties.Rules.length, 0),
        each: price.month['firewall rule'],
        note: 'rate limit; managed common rules',
      },
    ],
    'AWS::KMS::Key': [
      { what: 'Customer keys', count: count('AWS::KMS::Key'), each: price.month['customer key'], note: 'data, MAC' },
    ],
    'AWS::CloudWatch::Alarm': [
      {
        what: 'Alarms',
        count: Math.max(0, count('AWS::CloudWatch::Alarm') - allowance.alarms),
        each: price.month['alarm metric'],
        note: `${count('AWS::CloudWatch::Alarm')}, of which ${allowance.alarms} are in every account’s allowance`,
      },
    ],
    'AWS::CloudWatch::Dashboard': [
      {
        what: 'Dashboards',
        count: Math.max(0, count('AWS::CloudWatch::Dashboard') - allowance.dashboards),
        each: price.month['dashboard'],
        note: `${count('AWS::CloudWatch::Dashboard')}, in the allowance of ${allowance.dashboards}`,
      },
    ],
  }
  const unknown = [...new Set(resources.map((r) => r.Type))].filter((t) => !free.has(t) && !(t in priced))
  if (unknown.length > 0) throw new Error(`lib/cost-idle.ts does not know what these cost: ${unknown.join(', ')}`)
  return Object.values(priced).flat()
}
