/**
 * A function that answers piece by piece: its own address with response streaming, which only the main distribution may
 * call. It comes before table, keys and identity, which must know the distribution: it knows them by their fixed names,
 * and asks the API who signs tokens (functions/pipelines/pipelinestream.handler.ts).
 */
import { Aws, Duration, Fn, type RemovalPolicy } from 'aws-cdk-lib'
import * as cf from 'aws-cdk-lib/aws-cloudfront'
import { FunctionUrlOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as lambda from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { type ServerFunction, serverFunctions } from '../contracts/index.ts'
import { functionName } from './bundle.ts'
import { bucketName, resourcesByName, tableName } from './names.ts'
import { DeployedFunction } from './server-function.ts'
import type { Settings } from './settings.ts'

/** Whether a function answers piece by piece: then all its routes do. */
export const streams = (f: ServerFunction): boolean => f.routes.some((r) => r.route.stream !== undefined)

for (const serverFunction of serverFunctions)
  if (streams(serverFunction) && serverFunction.routes.some((r) => r.route.stream === undefined))
    throw new Error(
      `The function ${serverFunction.area}/${serverFunction.name} serves routes of both kinds: one that streams has an address of its own`,
    )

/** Where the distribution sends a route: parameters are any one part. */
const pattern = (path: string): string => path.replaceAll(/\{\w+\}/g, '*')

export class StreamFunctions extends Construct {
  /** By path pattern. */
  readonly origins: Record<string, cf.IOrigin> = {}
  private readonly lambdas: lambda.Function[] = []

  constructor(scope: Construct, id: string, settings: Settings, apiId: string, removalPolicy: RemovalPolicy) {
    super(scope, id)
    for (const serverFunction of serverFunctions.filter(streams)) {
      const made = new DeployedFunction(this, functionName(serverFunction), {
        // It verifies tokens itself, so it has the authorizer's grants as well.
        function: { ...serverFunction, grants: [...serverFunction.grants, 'read TOKEN', 'write TOKEN'] },
        settings,
        resources: resourcesByName(settings),
        tableName: tableName(settings),
        macKeyId: '',
        duckdb: undefined,
        removalPolicy,
        bucketNames: { released: bucketName(settings, 'released') },
        environment: {
          NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
          CLOISTER_INSTALLATION: settings.installation,
          CLOISTER_VERSION: settings.version,
          API_ORIGIN: Fn.join('', ['https://', apiId, '.execute-api.', settings.region, '.', Aws.URL_SUFFIX]),
          ...(settings.scripts ? {} : { LANGUAGES: 'sql' }),
        },
      })
      const url = made.lambda.addFunctionUrl({
        authType: lambda.FunctionUrlAuthType.AWS_IAM,
        invokeMode: lambda.InvokeMode.RESPONSE_STREAM,
      })
      // A silent log sends a comment every 15 seconds.
      const origin = FunctionUrlOrigin.withOriginAccessControl(url, {
        readTimeout: Duration.seconds(60),
        keepaliveTimeout: Duration.seconds(5),
      })
      for (const named of serverFunction.routes) this.origins[pattern(named.route.path)] = origin
      this.lambdas.push(made.lambda)
    }
  }

  /** A function URL takes a call from whoever may invoke the function as well, by way of its URL alone. */
  calledBy(distribution: cf.Distribution): void {
    for (const lambdaFunction of this.lambdas)
      lambdaFunction.addPermission('FromDistribution', {
        principal: new iam.ServicePrincipal('cloudfront.amazonaws.com'),
        action: 'lambda:InvokeFunction',
        sourceArn: distribution.distributionArn,
        invokedViaFunctionUrl: true,
      })
  }
}
