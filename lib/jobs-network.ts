/**
 * Where people's code runs: a network with no way out. No internet gateway, no NAT, one isolated subnet; what can be
 * reached is the registry of images, one log group's service, and in S3 exactly the objects of a job. Names of other
 * hosts are not even resolved.
 */
import { Aws, Fn, type RemovalPolicy } from 'aws-cdk-lib'
import * as ec2 from 'aws-cdk-lib/aws-ec2'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as logs from 'aws-cdk-lib/aws-logs'
import {
  CfnFirewallDomainList,
  CfnFirewallRuleGroup,
  CfnFirewallRuleGroupAssociation,
} from 'aws-cdk-lib/aws-route53resolver'
import { Construct } from 'constructs'
import { accept } from './nag.ts'
import { bucketHost, bucketName } from './names.ts'
import type { Settings } from './settings.ts'

const range = '10.61.0.0/24'

/**
 * What a job's signed links may lead to. Links carry the rights of the function that signed them; the endpoint holds
 * them to these keys whatever they say.
 */
const readable = {
  protected: ['jobs/*/inputs/*', 'datasets/*/blobs/*', 'pipelines/*/blobs/*', 'experiments/*/blobs/*'],
  released: ['runs/*/artifacts/*'],
} as const
const writable = {
  quarantine: ['jobs/*/report.json.gz'],
  released: ['runs/*/artifacts/*', 'runs/*/streams/*'],
} as const

export class JobsNetwork extends Construct {
  readonly subnetId: string
  readonly securityGroupId: string

  constructor(
    scope: Construct,
    id: string,
    settings: Settings,
    repositoryArn: string,
    logGroupArns: readonly string[],
    removalPolicy: RemovalPolicy,
  ) {
    super(scope, id)
    const name = `${settings.installation}-jobs`
    const tags = [{ key: 'Name', value: name }]
    const vpc = new ec2.CfnVPC(this, 'Vpc', {
      cidrBlock: range,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags,
    })
    // One zone: an interface endpoint is paid for by zone. When the zone fails, jobs wait in the queue.
    const subnet = new ec2.CfnSubnet(this, 'Subnet', {
      vpcId: vpc.ref,
      cidrBlock: range,
      availabilityZone: Fn.select(0, Fn.getAzs()),
      mapPublicIpOnLaunch: false,
      tags,
    })
    const routes = new ec2.CfnRouteTable(this, 'Routes', { vpcId: vpc.ref, tags })
    new ec2.CfnSubnetRouteTableAssociation(this, 'Isolated', { subnetId: subnet.ref, routeTableId: routes.ref })

    const endpoints = new ec2.CfnSecurityGroup(this, 'Endpoints', {
      vpcId: vpc.ref,
      groupDescription: 'Interface endpoints: reached by containers of jobs',
      securityGroupEgress: [],
      tags,
    })
    // The gateway endpoint of S3 has no addresses of its own to name; there is no route to anywhere else.
    const containers = new ec2.CfnSecurityGroup(this, 'Containers', {
      vpcId: vpc.ref,
      groupDescription: 'Containers of jobs: nobody reaches them',
      securityGroupEgress: [
        {
          ipProtocol: 'tcp',
          fromPort: 443,
          toPort: 443,
          cidrIp: '0.0.0.0/0',
          description: 'Endpoints; there is no other route',
        },
      ],
      tags,
    })
    new ec2.CfnSecurityGroupIngress(this, 'FromContainers', {
      groupId: endpoints.attrGroupId,
      sourceSecurityGroupId: containers.attrGroupId,
      ipProtocol: 'tcp',
      fromPort: 443,
      toPort: 443,
    })

    const anybody = [new iam.AnyPrincipal()]
    const objects = (allowed: Readonly<Record<string, readonly string[]>>): string[] =>
      Object.entries(allowed).flatMap(([b, keys]) =>
        keys.map((k) => `arn:${Aws.PARTITION}:s3:::${bucketName(settings, b as 'protected')}/${k}`),
      )
    new ec2.CfnVPCEndpoint(this, 'S3', {
      vpcId: vpc.ref,
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${settings.region}.s3`,
      routeTableIds: [routes.ref],
      policyDocument: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            sid: 'Inputs',
            principals: anybody,
            actions: ['s3:GetObject'],
            resources: objects(readable),
          }),
          new iam.PolicyStatement({
            sid: 'Reports',
            principals: anybody,
            actions: ['s3:PutObject'],
            resources: objects(writable),
          }),
          // Layers of images lie in a bucket of Amazon's.
          // https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
          new iam.PolicyStatement({
            sid: 'ImageLayers',
            principals: anybody,
            actions: ['s3:GetObject'],
            resources: [`arn:${Aws.PARTITION}:s3:::prod-${settings.region}-starport-layer-bucket/*`],
          }),
        ],
      }),
    })
    const ours = { StringEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID } }
    const reached = (service: string, statements: iam.PolicyStatement[]): ec2.CfnVPCEndpoint =>
      new ec2.CfnVPCEndpoint(this, `To-${service}`, {
        vpcId: vpc.ref,
        vpcEndpointType: 'Interface',
        serviceName: `com.amazonaws.${settings.region}.${service}`,
        subnetIds: [subnet.ref],
        securityGroupIds: [endpoints.attrGroupId],
        privateDnsEnabled: true,
        policyDocument: new iam.PolicyDocument({ statements }),
      })
    const token = new iam.PolicyStatement({
      sid: 'SignIn',
      principals: anybody,
      actions: ['ecr:GetAuthorizationToken'],
      resources: ['*'],
      conditions: ours,
    })
    const image = new iam.PolicyStatement({
      sid: 'Image',
      principals: anybody,
      actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'],
      resources: [repositoryArn],
      conditions: ours,
    })
    reached('ecr.api', [token, image])
    reached('ecr.dkr', [token, image])
    reached('logs', [
      new iam.PolicyStatement({
        sid: 'OwnLog',
        principals: anybody,
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [...logGroupArns],
        conditions: ours,
      }),
    ])

    this.names(settings, vpc.ref, name)
    this.watch(settings, vpc.ref, removalPolicy)
    accept(this, {
      'AwsSolutions-EC23': 'Only containers of jobs reach the endpoints: the source is a security group.',
    })
    this.subnetId = subnet.ref
    this.securityGroupId = containers.attrGroupId
  }

  /**
   * The resolver of a network would carry any name, and so any message, to the outside: it answers for these hosts and
   * no others.
   */
  private names(settings: Settings, vpcId: string, name: string): void {
    const { region } = settings
    const known = new CfnFirewallDomainList(this, 'Known', {
      name: `${name}-known`,
      domains: [
        bucketHost(settings, 'protected'),
        bucketHost(settings, 'quarantine'),
        bucketHost(settings, 'released'),
        `prod-${region}-starport-layer-bucket.s3.${region}.amazonaws.com`,
        `api.ecr.${region}.amazonaws.com`,
        `*.dkr.ecr.${region}.amazonaws.com`,
        `logs.${region}.amazonaws.com`,
      ],
    })
    const every = new CfnFirewallDomainList(this, 'Every', { name: `${name}-every`, domains: ['*'] })
    const rules = new CfnFirewallRuleGroup(this, 'Names', {
      name,
      firewallRules: [
        { priority: 1, action: 'ALLOW', firewallDomainListId: known.attrId },
        { priority: 2, action: 'BLOCK', blockResponse: 'NXDOMAIN', firewallDomainListId: every.attrId },
      ],
    })
    new CfnFirewallRuleGroupAssociation(this, 'NamesHere', {
      firewallRuleGroupId: rules.attrId,
      vpcId,
      priority: 101,
      name,
    })
  }

  /** What was refused: code that tries to get out shows here. */
  private watch(settings: Settings, vpcId: string, removalPolicy: RemovalPolicy): void {
    const group = new logs.LogGroup(this, 'Refused', {
      logGroupName: `/cloister/${settings.stage}/jobs-network`,
      retention: settings.production ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK,
      removalPolicy,
    })
    const role = new iam.Role(this, 'FlowRole', {
      assumedBy: new iam.ServicePrincipal('vpc-flow-logs.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    })
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
        resources: [group.logGroupArn],
      }),
    )
    new ec2.CfnFlowLog(this, 'Flow', {
      resourceId: vpcId,
      resourceType: 'VPC',
      trafficType: 'REJECT',
      logDestinationType: 'cloud-watch-logs',
      logGroupName: group.logGroupName,
      deliverLogsPermissionArn: role.roleArn,
    })
  }
}
