/** One Lambda with its role, its log group and nothing it was not granted. */
import { Duration, type RemovalPolicy, Size } from 'aws-cdk-lib'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as lambda from 'aws-cdk-lib/aws-lambda'
import * as logs from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { ServerFunction } from '../contracts/index.ts'
import { bundleFolder, functionName } from './bundle.ts'
import { acceptedWildcards } from './accepted-wildcards.ts'
import { bucketsOf, type Resources, statementsFor } from './grants.ts'
import { accept } from './nag.ts'
import { runLogGroup } from './names.ts'
import type { Settings } from './settings.ts'

export interface ServerFunctionProps {
  function: ServerFunction
  settings: Settings
  resources: Resources
  tableName: string
  macKeyId: string
  bucketNames: Record<string, string>
  /** The same for every function: origins, issuer, version. */
  environment: Record<string, string>
  /** DuckDB's native part, for functions that have the engine. */
  duckdb: lambda.ILayerVersion | undefined
  removalPolicy: RemovalPolicy
}

/**
 * Publishing copies many files; the others answer in milliseconds. API Gateway gives up after 30 s; the steps of the
 * workflow have its patience (contracts/workflow.asl.json).
 */
const seconds: Record<string, number> = {
  pipelines: 29,
  pipelinelog: 29,
  pipelinestream: 900,
  studies: 29,
  datasets: 29,
  jobs: 29,
  reviews: 29,
  sweep: 240,
  watch: 120,
  prepare: 590,
  compute: 60,
  query: 890,
  registration: 890,
  check: 590,
  settle: 290,
}
/**
 * Functions with the engine hold columns in memory (processors come with it: 1,769 MB have one) and files in /tmp. A
 * request touches no rows, it only parses.
 */
const rows = { memorySize: 3008, ephemeralStorageSize: Size.gibibytes(10) }
const parses = { memorySize: 1024 }
/** It waits for containers to end, most of its time: cheap waiting is less often looking. */
const waits = { memorySize: 256 }

function sizeOf({ grants, routes }: ServerFunction) {
  if (grants.includes('engine')) return routes.length > 0 ? parses : rows
  return grants.includes('submit-container') ? waits : { memorySize: 512 }
}

/** Which queues and job definitions of Batch a function is told of: those that its grants let it use. */
function containerSettings({ grants }: ServerFunction, { containers }: Resources): Record<string, string> {
  const submits = grants.includes('submit-container')
  if (!containers || !(submits || grants.includes('stop-container'))) return {}
  const { queues, definitions } = containers
  return {
    INTERACTIVE_QUEUE: queues.interactive,
    BATCH_QUEUE: queues.batch,
    PIPELINE_QUEUE: queues.pipelines,
    ...(submits ? { JOB_DEFINITION: definitions.scripts, PIPELINE_DEFINITION: definitions.pipelines } : {}),
  }
}

/** The sender, for functions that send letters. */
const mailSettings = ({ grants }: ServerFunction, { mail }: Resources): Record<string, string> =>
  mail && grants.includes('send-mail') ? { MAIL_FROM: mail.from } : {}

export class DeployedFunction extends Construct {
  readonly lambda: lambda.Function
  readonly logGroup: logs.LogGroup

  constructor(scope: Construct, id: string, props: ServerFunctionProps) {
    super(scope, id)
    const { function: definition, settings, removalPolicy } = props
    const name = `${settings.installation}-${functionName(definition)}`
    this.logGroup = new logs.LogGroup(this, 'Log', {
      logGroupName: `/cloister/${settings.stage}/${functionName(definition)}`,
      retention: settings.production ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK,
      removalPolicy,
    })
    const role = new iam.Role(this, 'Role', {
      roleName: name,
      description: `Cloister ${settings.stage}: ${definition.grants.join(', ')}`.slice(0, 1000),
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    })
    const statements = statementsFor(definition.grants, props.resources)
    const policy = new iam.Policy(this, 'Grants', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({
          sid: 'OwnLog',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [this.logGroup.logGroupArn],
        }),
        ...statements,
      ],
    })
    accept(policy, acceptedWildcards(statements))
    this.lambda = new lambda.Function(this, 'Function', {
      functionName: name,
      description:
        definition.routes.length > 0
          ? `${definition.area}: ${definition.routes.length} routes`
          : `${definition.area}: ${definition.name}`,
      role,
      logGroup: this.logGroup,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      ...sizeOf(definition),
      timeout: Duration.seconds(seconds[definition.name] ?? 15),
      ...(settings.bundle
        ? { handler: 'index.handler', code: lambda.Code.fromAsset(bundleFolder(definition)) }
        : {
            handler: 'index.handler',
            code: lambda.Code.fromInline(
              'exports.handler = async () => { throw new Error("synthesised with bundle=false") }',
            ),
          }),
      ...(props.duckdb && definition.grants.includes('engine') ? { layers: [props.duckdb] } : {}),
      loggingFormat: lambda.LoggingFormat.JSON,
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      environment: {
        ...props.environment,
        TABLE_NAME: props.tableName,
        ...(definition.grants.some((g) => g === 'start-job' || g === 'stop-job')
          ? { STATE_MACHINE_ARN: props.resources.stateMachineArn }
          : {}),
        ...(definition.grants.some((g) => g === 'read-log' || g === 'write-log')
          ? { RUN_LOG_GROUP: runLogGroup(settings) }
          : {}),
        ...containerSettings(definition, props.resources),
        ...mailSettings(definition, props.resources),
        ...(definition.grants.includes('mac') ? { MAC_KEY_ID: props.macKeyId } : {}),
        ...Object.fromEntries(
          bucketsOf(definition.grants).map((b) => [`BUCKET_${b.toUpperCase()}`, props.bucketNames[b]!]),
        ),
      },
    })
    this.lambda.node.addDependency(policy)
  }
}
