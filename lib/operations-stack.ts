/**
 * What people watch and what wakes them: metrics from the JSON log lines, a dashboard, alarms, schedules, failed
 * sign-ins.
 */
import { Aws, Duration } from 'aws-cdk-lib'
import * as cw from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import * as events from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import * as logs from 'aws-cdk-lib/aws-logs'
import * as sns from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { serverFunctions } from '../contracts/index.ts'
import type { ApiStack } from './api-stack.ts'
import type { DataStack } from './data-stack.ts'
import type { IdentityStack } from './identity-stack.ts'
import { functionName } from './bundle.ts'
import { reportFailedSignIns } from './failed-sign-ins.ts'
import { lookAfterSeconds } from '../domain/runs/life.ts'
import { stateMachineName } from './names.ts'
import type { Settings } from './settings.ts'
import { StageStack } from './stage-stack.ts'

const period = Duration.minutes(5)

export class OperationsStack extends StageStack {
  private readonly topic: sns.Topic
  private readonly watched: { api: ApiStack; data: DataStack }

  constructor(scope: Construct, settings: Settings, on: { api: ApiStack; data: DataStack; identity: IdentityStack }) {
    super(scope, 'operations', settings, 'metrics, alarms, schedules')
    this.watched = on
    this.topic = new sns.Topic(this, 'Alarms', {
      topicName: `${settings.installation}-alarms`,
      masterKey: on.data.dataKey,
      enforceSSL: true,
    })
    if (settings.alarmEmail) this.topic.addSubscription(new EmailSubscription(settings.alarmEmail))

    const metrics = this.logMetrics()
    this.alarms(metrics)
    this.dashboard(metrics)
    new events.Rule(this, 'Sweep', {
      ruleName: `${settings.installation}-sweep`,
      description: 'Finishes, releases and tidies what participants left behind',
      // As often as it wants to look at a run that has fallen quiet (domain/runs/life.ts).
      schedule: events.Schedule.rate(Duration.seconds(lookAfterSeconds)),
      targets: [new LambdaFunction(on.api.functions['runs-sweep']!.lambda)],
    })
    reportFailedSignIns(this, settings, {
      clientIds: [on.identity.clientId, on.identity.accountClientId],
      target: on.api.functions['access-login-events']!.lambda,
      removalPolicy: this.keep,
    })
  }

  /**
   * Metrics counted from the functions' JSON lines (functions/kernel/handler.ts). Nothing is published, and nothing
   * costs, while nothing happens.
   */
  private logMetrics(): Record<'errors' | 'problems' | 'milliseconds' | 'chunks', cw.Metric> {
    const metricNamespace = `Cloister/${this.settings.stage}`
    const from = Object.entries(this.watched.api.functions)
    const count = (
      metricName: string,
      pattern: logs.IFilterPattern,
      metricValue = '1',
      only: (name: string) => boolean = () => true,
      unit = cw.Unit.COUNT,
    ) => {
      for (const [name, deployed] of from.filter(([n]) => only(n)))
        new logs.MetricFilter(this, `${metricName}-${name}`, {
          logGroup: deployed.logGroup,
          filterPattern: pattern,
          metricNamespace,
          metricName,
          metricValue,
          unit,
        })
      return new cw.Metric({ namespace: metricNamespace, metricName, period, statistic: 'Sum' })
    }
    const event = (name: string) => logs.FilterPattern.stringValue('$.event', '=', name)
    return {
      errors: count('Errors', event('error')),
      problems: count('Problems', event('problem')),
      milliseconds: count(
        'Milliseconds',
        event('request'),
        '$.ms',
        (n) => n !== 'access-authorizer',
        cw.Unit.MILLISECONDS,
      ).with({ statistic: 'p99' }),
      chunks: count(
        'Chunks',
        logs.FilterPattern.all(
          event('request'),
          logs.FilterPattern.stringValue('$.route', '=', 'POST /api/runs/{runId}/records'),
        ),
        '1',
        (n) => n === 'runs-ingest',
      ),
    }
  }

  private alarm(id: string, alarmDescription: string, metric: cw.IMetric, threshold = 1, evaluationPeriods = 1): void {
    const alarm = new cw.Alarm(this, id, {
      alarmName: `${this.settings.installation}-${id}`,
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: cw.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cw.TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(new SnsAction(this.topic))
    alarm.addOkAction(new SnsAction(this.topic))
  }

  private apiMetric(metricName: string): cw.Metric {
    return new cw.Metric({
      namespace: 'AWS/ApiGateway',
      metricName,
      dimensionsMap: { ApiId: this.watched.api.apiId },
      period,
      statistic: 'Sum',
    })
  }

  private executions(metricName: string): cw.Metric {
    const owner = `arn:${Aws.PARTITION}:states:${this.settings.region}:${Aws.ACCOUNT_ID}`
    const stateMachineArn = `${owner}:stateMachine:${stateMachineName(this.settings)}`
    return new cw.Metric({
      namespace: 'AWS/States',
      metricName,
      dimensionsMap: { StateMachineArn: stateMachineArn },
      period,
      statistic: 'Sum',
    })
  }

  /**
   * A function that no route names has an alarm of its own. A crash of one that serves routes is a 5xx of the API,
   * which has one alarm for all: the dashboard says which function it was. Throttles have one alarm for all functions:
   * none of them reserves concurrency, so they share the account's, and what throttles one throttles all. That metric
   * covers every function of the account and region.
   */
  private alarms(metrics: { errors: cw.Metric }): void {
    for (const serverFunction of serverFunctions.filter((s) => s.routes.length === 0)) {
      const name = functionName(serverFunction)
      this.alarm(
        `${name}-errors`,
        `The function ${name} crashed or ran out of time. Look into its log group.`,
        this.watched.api.functions[name]!.lambda.metricErrors({ period }),
      )
    }
    this.alarm(
      'jobs-failed',
      'A job’s last step failed again and again. Its state is put right by the next visit of jobs-watch; the log of jobs-settle says why.',
      this.executions('ExecutionsFailed'),
    )
    this.alarm(
      'throttles',
      'Lambda refused calls: the account’s concurrency is used up. Pages go on retrying; raise the quota.',
      new cw.Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', period, statistic: 'Sum' }),
    )
    this.alarm(
      'errors',
      'A function answered with a problem of kind "internal". Its log line has the place.',
      metrics.errors,
    )
    this.alarm('api-5xx', 'The API answered 5xx.', this.apiMetric('5xx'))
    const { table } = this.watched.data
    for (const metricName of ['ReadThrottleEvents', 'WriteThrottleEvents'])
      this.alarm(
        `table-${metricName === 'ReadThrottleEvents' ? 'reads' : 'writes'}-throttled`,
        'The table refused requests. Pages go on retrying; one organisation or run is written to very often.',
        new cw.Metric({
          namespace: 'AWS/DynamoDB',
          metricName,
          dimensionsMap: { TableName: table.tableName },
          period,
          statistic: 'Sum',
        }),
        10,
      )
  }

  private dashboard(metrics: ReturnType<OperationsStack['logMetrics']>): void {
    const functions = Object.values(this.watched.api.functions)
    const table = (metricName: string) =>
      new cw.Metric({
        namespace: 'AWS/DynamoDB',
        metricName,
        dimensionsMap: { TableName: this.watched.data.table.tableName },
        period,
        statistic: 'Sum',
      })
    const graph = (title: string, left: cw.IMetric[], right: cw.IMetric[] = []) =>
      new cw.GraphWidget({ title, left, right, width: 12, height: 6, liveData: true })
    new cw.Dashboard(this, 'Dashboard', {
      dashboardName: this.settings.installation,
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          graph('Chunks stored by participants', [metrics.chunks]),
          graph(
            'Answers: all, refused by us (4xx), failed (5xx)',
            ['Count', '4xx', '5xx'].map((n) => this.apiMetric(n)),
          ),
        ],
        [
          graph('Slowest requests in functions (p99, ms)', [metrics.milliseconds]),
          graph('Problems and errors in logs', [metrics.problems], [metrics.errors]),
        ],
        [
          graph(
            'Functions: calls at once',
            functions.map((f) => f.lambda.metric('ConcurrentExecutions', { period, statistic: 'Maximum' })),
          ),
          graph(
            'Functions: crashes',
            functions.map((f) => f.lambda.metricErrors({ period })),
          ),
        ],
        [
          graph(
            'Jobs: started, ended, failed',
            ['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed', 'ExecutionsAborted'].map((n) =>
              this.executions(n),
            ),
          ),
          graph(
            'Jobs: steps, slowest (ms)',
            ['jobs-prepare', 'jobs-compute', 'jobs-query', 'jobs-registration', 'jobs-check', 'jobs-settle'].map((n) =>
              this.watched.api.functions[n]!.lambda.metricDuration({ period, statistic: 'p99' }),
            ),
          ),
        ],
        [
          graph('Table: capacity consumed', [table('ConsumedReadCapacityUnits'), table('ConsumedWriteCapacityUnits')]),
          graph('Table: throttled', [table('ReadThrottleEvents'), table('WriteThrottleEvents')]),
        ],
      ],
    })
  }
}
