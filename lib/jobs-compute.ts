/**
 * Batch on Fargate for people's code: a queue and a job definition for each kind of work, and no role that a job could
 * use. Functions know queues and definitions by their names (lib/names.ts).
 */
import { Aws, type RemovalPolicy } from 'aws-cdk-lib'
import * as batch from 'aws-cdk-lib/aws-batch'
import * as ecr from 'aws-cdk-lib/aws-ecr'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as logs from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import { JobsNetwork } from './jobs-network.ts'
import { accept } from './nag.ts'
import { jobDefinitionNames, jobQueueNames, runLogGroup } from './names.ts'
import type { Settings } from './settings.ts'

/** vCPUs of all jobs at once. */
const most = 32

export class JobsCompute extends Construct {
  readonly repository: ecr.Repository

  constructor(scope: Construct, id: string, settings: Settings, removalPolicy: RemovalPolicy) {
    super(scope, id)
    const name = `${settings.installation}-jobs`
    this.repository = new ecr.Repository(this, 'Images', {
      repositoryName: `${settings.installation}/runner`,
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      removalPolicy,
      emptyOnDelete: !settings.production,
      lifecycleRules: [{ maxImageCount: 10, description: 'Images that releases name stay known by their digest' }],
    })
    const log = new logs.LogGroup(this, 'Log', {
      logGroupName: `/cloister/${settings.stage}/runner`,
      retention: settings.production ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK,
      removalPolicy,
    })
    // What runs print is their log, which functions copy to where it stays when a run is over (adapters/aws/logs.ts).
    const runs = new logs.LogGroup(this, 'Runs', {
      logGroupName: runLogGroup(settings),
      retention: settings.production ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK,
      removalPolicy,
    })
    const network = new JobsNetwork(
      this,
      'Network',
      settings,
      this.repository.repositoryArn,
      [log.logGroupArn, runs.logGroupArn],
      removalPolicy,
    )

    const environment = new batch.CfnComputeEnvironment(this, 'Environment', {
      computeEnvironmentName: name,
      type: 'MANAGED',
      state: 'ENABLED',
      computeResources: {
        type: 'FARGATE',
        maxvCpus: most,
        subnets: [network.subnetId],
        securityGroupIds: [network.securityGroupId],
      },
    })
    // Shares fade after an hour; nobody has a weight of their own, and an eighth of the room is kept for who has
    // nothing at work.
    const fair = new batch.CfnSchedulingPolicy(this, 'Fair', {
      name,
      fairsharePolicy: { shareDecaySeconds: 3600, computeReservation: 10, shareDistribution: [] },
    })
    const queueNames = jobQueueNames(settings)
    const queue = (label: keyof typeof queueNames, priority: number): batch.CfnJobQueue =>
      new batch.CfnJobQueue(this, `Queue-${label}`, {
        jobQueueName: queueNames[label],
        priority,
        state: 'ENABLED',
        schedulingPolicyArn: fair.attrArn,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment.attrComputeEnvironmentArn }],
        jobStateTimeLimitActions: [
          'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE',
          'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT',
        ].map((reason) => ({ action: 'CANCEL', maxTimeSeconds: 600, reason, state: 'RUNNABLE' })),
      })
    queue('interactive', 10)
    queue('batch', 1)
    queue('pipelines', 5)
    const execution = this.execution(name, [log, runs])
    const definitionNames = jobDefinitionNames(settings)
    this.definition('Definition', settings, definitionNames.scripts, log, execution, { seconds: 3600 })
    this.definition('Pipelines', settings, definitionNames.pipelines, runs, execution, {
      seconds: 48 * 3600,
      diskGib: 100,
    })
  }

  private execution(name: string, groups: readonly logs.LogGroup[]): { role: iam.Role; policy: iam.Policy } {
    const execution = new iam.Role(this, 'Execution', {
      roleName: `${name}-execution`,
      description: 'Fetches the image and writes the log, before and beside the container; the container has no role',
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    })
    const policy = new iam.Policy(this, 'ExecutionGrants', {
      roles: [execution],
      statements: [
        new iam.PolicyStatement({
          sid: 'Image',
          actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability'],
          resources: [this.repository.repositoryArn],
        }),
        new iam.PolicyStatement({ sid: 'SignIn', actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
        new iam.PolicyStatement({
          sid: 'OwnLog',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: groups.map((g) => g.logGroupArn),
        }),
      ],
    })
    accept(policy, {
      'AwsSolutions-IAM5[Resource::*]':
        'ecr:GetAuthorizationToken has no resource to name; the token opens only what the statement beside it allows.',
    })
    return { role: execution, policy }
  }

  /** `diskGib`: more than the 20 that a container has anyway. */
  private definition(
    id: string,
    settings: Settings,
    name: string,
    log: logs.LogGroup,
    { role, policy }: { role: iam.Role; policy: iam.Policy },
    { seconds, diskGib }: { seconds: number; diskGib?: number },
  ): batch.CfnJobDefinition {
    const image = `${this.repository.repositoryUri}${settings.runnerImage ? `@${settings.runnerImage}` : ':none'}`
    const definition = new batch.CfnJobDefinition(this, id, {
      jobDefinitionName: name,
      type: 'container',
      platformCapabilities: ['FARGATE'],
      propagateTags: true,
      timeout: { attemptDurationSeconds: seconds },
      containerProperties: {
        image,
        executionRoleArn: role.roleArn,
        readonlyRootFilesystem: true,
        ...(diskGib ? { ephemeralStorage: { sizeInGiB: diskGib } } : {}),
        // The runner, as root of a container of its own, gives each run a user of its own that owns nothing
        // (runner/folders.ts). As anybody else it could not.
        environment: [{ name: 'CLOISTER_IMAGE', value: settings.runnerImage ?? 'none' }],
        resourceRequirements: [
          { type: 'VCPU', value: '1' },
          { type: 'MEMORY', value: '3072' },
        ],
        volumes: [{ name: 'tmp' }],
        mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false }],
        linuxParameters: { initProcessEnabled: true },
        networkConfiguration: { assignPublicIp: 'DISABLED' },
        fargatePlatformConfiguration: { platformVersion: '1.4.0' },
        runtimePlatform: { operatingSystemFamily: 'LINUX', cpuArchitecture: 'X86_64' },
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': log.logGroupName,
            'awslogs-region': settings.region,
            'awslogs-stream-prefix': 'runner',
          },
        },
      },
      // Tried again when it was not the code's doing: Fargate could not place, fetch or start the container, or took it
      // away. The runner's own answer 1 is the platform's failure, too; whatever the code does it answers 0 and
      // reports.
      retryStrategy: {
        attempts: 3,
        evaluateOnExit: [
          { action: 'RETRY', onStatusReason: 'Host EC2*' },
          { action: 'RETRY', onReason: 'ResourceInitializationError*' },
          { action: 'RETRY', onReason: 'CannotPullContainerError*' },
          { action: 'RETRY', onStatusReason: 'Timeout waiting for network interface*' },
          { action: 'EXIT', onReason: '*' },
        ],
      },
    })
    definition.node.addDependency(policy)
    return definition
  }
}
