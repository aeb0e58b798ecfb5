/**
 * The API: one route per contract, one Lambda per function, the authorizer in front of every route that is not open.
 */
import { Aws, CfnOutput, Fn } from 'aws-cdk-lib'
import { CfnAuthorizer, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import * as logs from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { allRoutes, serverFunctions } from '../contracts/index.ts'
import { type Access, type Bucket, routeKey } from '../contracts/route.ts'
import { functionName } from './bundle.ts'
import { duckdbLayer } from './duckdb-layer.ts'
import type { DataStack } from './data-stack.ts'
import type { Resources } from './grants.ts'
import type { IdentityStack } from './identity-stack.ts'
import { accept } from './nag.ts'
import { bucketName, resourcesByName } from './names.ts'
import { DeployedFunction } from './server-function.ts'
import { streams } from './stream-function.ts'
import type { Settings } from './settings.ts'
import { StageStack } from './stage-stack.ts'
import type { WebStack } from './web-stack.ts'

/**
 * Routes that no authorizer guards: anybody’s, and those that a run’s own token opens (the function itself checks it).
 */
export const isOpen = (access: Access): boolean => access.kind === 'anyone' || access.kind === 'run-token'

/**
 * Requests a second, over all callers. Codes could be guessed at these two doors, so they are narrow; nobody needs them
 * often.
 */
const narrow: Record<string, { burst: number; rate: number }> = {
  'POST /api/withdraw': { burst: 10, rate: 5 },
  'POST /api/device/token': { burst: 50, rate: 20 },
  'POST /api/device': { burst: 10, rate: 5 },
}

/** What the access log says of a request: no address, no path (ids are in the function's own log), no token. */
const accessLog = JSON.stringify({
  requestId: '$context.requestId',
  at: '$context.requestTime',
  route: '$context.routeKey',
  status: '$context.status',
  ms: '$context.responseLatency',
  bytes: '$context.responseLength',
  error: '$context.integrationErrorMessage',
  authorizer: '$context.authorizer.error',
})

export class ApiStack extends StageStack {
  readonly functions: Record<string, DeployedFunction> = {}
  readonly apiId: string

  constructor(scope: Construct, settings: Settings, on: { web: WebStack; data: DataStack; identity: IdentityStack }) {
    super(scope, 'api', settings, 'routes and functions')
    this.apiId = on.web.apiId
    this.addFunctions(on)
    const routes = this.addRoutes()

    const log = new logs.LogGroup(this, 'AccessLog', {
      logGroupName: `/cloister/${settings.stage}/requests`,
      retention: settings.production ? logs.RetentionDays.THREE_MONTHS : logs.RetentionDays.ONE_WEEK,
      removalPolicy: this.keep,
    })
    // HTTP APIs write through the log delivery service.
    log.grantWrite(
      new ServicePrincipal('delivery.logs.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    )
    const stage = new CfnStage(this, 'Stage', {
      apiId: this.apiId,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: { destinationArn: log.logGroupArn, format: accessLog },
      defaultRouteSettings: { throttlingBurstLimit: 2000, throttlingRateLimit: 1000, detailedMetricsEnabled: false },
      // As API Gateway spells them: this is not a property of CloudFormation’s, but a map that is handed on.
      routeSettings: Object.fromEntries(
        Object.entries(narrow).map(([k, t]) => [k, { ThrottlingBurstLimit: t.burst, ThrottlingRateLimit: t.rate }]),
      ),
    })
    stage.node.addDependency(...routes)
    new CfnOutput(this, 'ApiHost', { value: `${this.apiId}.execute-api.${this.region}.amazonaws.com` })
  }

  private addFunctions({ web, data, identity }: { web: WebStack; data: DataStack; identity: IdentityStack }): void {
    const settings = this.settings
    const each = <T>(value: (b: Bucket) => T) =>
      Object.fromEntries(Object.keys(data.buckets).map((b) => [b, value(b as Bucket)])) as Record<Bucket, T>
    const { dataKeyAlias: _, ...named } = resourcesByName(settings)
    const resources: Resources = {
      ...named,
      tableArn: data.table.tableArn,
      dataKeyArn: data.dataKey.keyArn,
      macKeyArn: data.macKey.keyArn,
    }
    const campus = settings.campusOidc ?? settings.campusSaml
    const environment = {
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      CLOISTER_INSTALLATION: settings.installation,
      CLOISTER_VERSION: settings.version,
      MAIN_ORIGIN: web.mainOrigin,
      STUDY_ORIGIN: web.studyOrigin,
      OIDC_ISSUER: identity.issuer,
      OIDC_JWKS_URI: `${identity.issuer}/.well-known/jwks.json`,
      OIDC_CLIENT_ID: identity.clientId,
      OIDC_SCOPE: identity.scope,
      OIDC_LOGOUT: identity.logout,
      OIDC_ACCOUNT_CLIENT_ID: identity.accountClientId,
      ...(campus ? { CAMPUS_NAME: campus.name } : {}),
      ...(settings.scripts ? {} : { LANGUAGES: 'sql' }),
    }
    const duckdb = duckdbLayer(this, this.keep)
    // Those that answer piece by piece are beside the distribution (lib/stream-function.ts).
    for (const serverFunction of serverFunctions.filter((x) => !streams(x))) {
      this.functions[functionName(serverFunction)] = new DeployedFunction(this, functionName(serverFunction), {
        function: serverFunction,
        settings,
        resources,
        environment,
        duckdb,
        tableName: data.table.tableName,
        macKeyId: data.macKey.keyId,
        bucketNames: each((b) => bucketName(settings, b)),
        removalPolicy: this.keep,
      })
    }
  }

  private addRoutes(): CfnRoute[] {
    const calledFrom = (path: string) =>
      Fn.join('', ['arn:', Aws.PARTITION, ':execute-api:', this.region, ':', this.account, ':', this.apiId, path])
    const gateway = new ServicePrincipal('apigateway.amazonaws.com')
    const check = this.functions['access-authorizer']!.lambda
    // No cache: a revoked token is refused at the next request. No identity source: without a cache the gateway needs
    // none, and the function answers for requests without credentials, too.
    const authorizer = new CfnAuthorizer(this, 'Authorizer', {
      apiId: this.apiId,
      name: 'people',
      authorizerType: 'REQUEST',
      authorizerPayloadFormatVersion: '2.0',
      enableSimpleResponses: true,
      authorizerResultTtlInSeconds: 0,
      authorizerUri: `arn:${Aws.PARTITION}:apigateway:${this.region}:lambda:path/2015-03-31/functions/${check.functionArn}/invocations`,
    })
    check.addPermission('FromGateway', { principal: gateway, sourceArn: calledFrom(`/authorizers/${authorizer.ref}`) })

    return serverFunctions
      .filter((f) => f.routes.length > 0 && !streams(f))
      .flatMap((serverFunction) => {
        const { lambda } = this.functions[functionName(serverFunction)]!
        lambda.addPermission('FromGateway', { principal: gateway, sourceArn: calledFrom('/*/*') })
        const integration = new CfnIntegration(this, `Integration-${functionName(serverFunction)}`, {
          apiId: this.apiId,
          integrationType: 'AWS_PROXY',
          integrationUri: lambda.functionArn,
          payloadFormatVersion: '2.0',
          timeoutInMillis: 30_000,
        })
        return serverFunction.routes.map(({ area, name, route }) => {
          const open = isOpen(route.access)
          const made = new CfnRoute(this, `Route-${area}-${name}`, {
            apiId: this.apiId,
            routeKey: routeKey(route),
            target: `integrations/${integration.ref}`,
            ...(open ? { authorizationType: 'NONE' } : { authorizationType: 'CUSTOM', authorizerId: authorizer.ref }),
          })
          if (open)
            accept(made, {
              'AwsSolutions-APIG4':
                route.access.kind === 'anyone'
                  ? 'Open by its contract: participants and tools that are about to sign in have no account.'
                  : 'A run’s own token opens it; the function compares the token with the run before anything else.',
            })
          return made
        })
      })
  }
}

/** Doors that are narrowed must exist: a renamed route fails here, not at deployment. */
for (const key of Object.keys(narrow))
  if (!allRoutes.some(({ route }) => routeKey(route) === key))
    throw new Error(`A throttle is set on ${key}, which no contract names`)
