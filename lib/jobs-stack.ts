/**
 * The workflow: one state machine from contracts/workflow.asl.json, and, with `scripts`, the compute it sends people's
 * code to.
 */
import { readFileSync } from 'node:fs'
import { Aws, CfnOutput, Duration, Fn } from 'aws-cdk-lib'
import * as events from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as logs from 'aws-cdk-lib/aws-logs'
import * as sfn from 'aws-cdk-lib/aws-stepfunctions'
import type { Construct } from 'constructs'
import type { ApiStack } from './api-stack.ts'
import { JobsCompute } from './jobs-compute.ts'
import { accept } from './nag.ts'
import { stateMachineName } from './names.ts'
import type { Settings } from './settings.ts'
import { StageStack } from './stage-stack.ts'

/** Functions that the definition names, by placeholder. */
const steps = {
  PrepareArn: 'jobs-prepare',
  ComputeArn: 'jobs-compute',
  QueryArn: 'jobs-query',
  RegistrationArn: 'jobs-registration',
  CheckArn: 'jobs-check',
  SettleArn: 'jobs-settle',
} as const

export class JobsStack extends StageStack {
  constructor(scope: Construct, settings: Settings, api: ApiStack) {
    super(scope, 'jobs', settings, 'workflow and compute')
    // Without compute the function has no queue to submit to: a job that wants a container fails as the platform's
    // fault.
    const compute = settings.scripts ? new JobsCompute(this, 'Compute', settings, this.keep) : undefined
    const lambdas = Object.fromEntries(
      Object.entries(steps).map(([placeholder, name]) => [placeholder, api.functions[name]!.lambda.functionArn]),
    )
    const { role, policy } = this.rights(Object.values(lambdas))
    const log = new logs.LogGroup(this, 'Log', {
      logGroupName: `/aws/vendedlogs/states/${stateMachineName(settings)}`,
      retention: settings.production ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK,
      removalPolicy: this.keep,
    })
    const machine = new sfn.CfnStateMachine(this, 'Jobs', {
      stateMachineName: stateMachineName(settings),
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: readFileSync('contracts/workflow.asl.json', 'utf8'),
      definitionSubstitutions: lambdas,
      loggingConfiguration: {
        level: 'ERROR',
        includeExecutionData: false,
        destinations: [
          {
            cloudWatchLogsLogGroup: {
              logGroupArn: Fn.join('', [
                `arn:`,
                Aws.PARTITION,
                `:logs:${settings.region}:`,
                Aws.ACCOUNT_ID,
                `:log-group:/aws/vendedlogs/states/${stateMachineName(settings)}:*`,
              ]),
            },
          },
        ],
      },
      tracingConfiguration: { enabled: false },
    })
    machine.node.addDependency(log, policy)
    accept(machine, {
      'AwsSolutions-SF1':
        'Errors are logged, without data; every step of every job is in the job’s item and in its functions’ logs already.',
      'AwsSolutions-SF2': 'Traces would carry job ids to one more place; steps log their times.',
    })
    new events.Rule(this, 'Watch', {
      ruleName: `${settings.installation}-watch`,
      description: 'Starts again, ends or tidies jobs that a failure has left',
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(api.functions['jobs-watch']!.lambda)],
    })
    if (compute)
      new CfnOutput(this, 'RunnerImages', {
        value: compute.repository.repositoryUri,
        description: 'Push the runner’s image here (docs/deploying.md), then deploy with -c runnerImage=sha256:...',
      })
  }

  private rights(lambdas: string[]): { role: iam.Role; policy: iam.Policy } {
    const name = stateMachineName(this.settings)
    const role = new iam.Role(this, 'Role', {
      roleName: `${name}-workflow`,
      description: 'Calls the steps of jobs',
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    })
    const policy = new iam.Policy(this, 'Grants', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({ sid: 'Steps', actions: ['lambda:InvokeFunction'], resources: lambdas }),
        new iam.PolicyStatement({
          sid: 'LogDelivery',
          actions: [
            'logs:CreateLogDelivery',
            'logs:GetLogDelivery',
            'logs:UpdateLogDelivery',
            'logs:DeleteLogDelivery',
            'logs:ListLogDeliveries',
            'logs:PutResourcePolicy',
            'logs:DescribeResourcePolicies',
            'logs:DescribeLogGroups',
          ],
          resources: ['*'],
        }),
      ],
    })
    accept(policy, {
      'AwsSolutions-IAM5[Resource::*]':
        'Log deliveries have no resources to name (docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html).',
    })
    return { role, policy }
  }
}
