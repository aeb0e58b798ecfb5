import { allRoutes, serverFunctions } from '../contracts/index.ts'
import { routeKey } from '../contracts/route.ts'
import { functionName } from './bundle.ts'
import { requestsPerAddress } from './edge-stack.ts'
import { type Json, synthesised, text } from './testing.ts'

const prod = synthesised()
const dev = synthesised({ stage: 'dev' })
const named = (name: string): string => `cloister-prod-${name}`

test('cdk-nag has nothing to say about either stage, nor about one with everything switched on in another region', () => {
  expect(prod.findings).toEqual([])
  expect(dev.findings).toEqual([])
  const campus = synthesised({
    region: 'eu-central-1',
    mainDomain: 'cloister.example.edu',
    studyDomain: 'cloister-studies.example.edu',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/a',
    alarmEmail: 'it@example.edu',
    webFiles: 'docs',
    scripts: 'true',
    campusOidc:
      '{"name":"Campus","issuer":"https://login.example.edu","clientId":"cloister","clientSecretName":"campus-oidc"}',
    campusSaml: { name: 'Federation', metadataUrl: 'https://login.example.edu/metadata' },
  })
  expect(campus.findings).toEqual([])
  expect(
    campus
      .of('AWS::Cognito::UserPoolIdentityProvider')
      .map((p) => p.Properties.ProviderType)
      .sort(),
  ).toEqual(['OIDC', 'SAML'])
  expect(text(campus.of('AWS::Cognito::UserPoolIdentityProvider'))).toContain('{{resolve:secretsmanager:campus-oidc')
  expect(
    campus
      .of('AWS::Cognito::UserPoolIdentityProvider')
      .map((provider) => provider.Properties.AttributeMapping['custom:groups'])
      .sort(),
  ).toEqual(['groups', 'urn:oid:1.3.6.1.4.1.5923.1.5.1.1'])
  expect(campus.of('AWS::Cognito::UserPoolClient')[0]!.Properties.ReadAttributes).toEqual(
    expect.arrayContaining(['custom:groups', 'email', 'email_verified', 'name']),
  )
  expect(campus.of('AWS::Cognito::UserPoolClient')[0]!.Properties.CallbackURLs[0]).toBe(
    'https://cloister.example.edu/signed-in',
  )
  // The portal shows rules for groups where there is a campus.
  expect(text(campus.of('AWS::Lambda::Function'))).toContain('"CAMPUS_NAME":"Campus"')
  expect(text(prod.of('AWS::Lambda::Function'))).not.toContain('CAMPUS_NAME')
  const csp = campus
    .of('AWS::CloudFront::ResponseHeadersPolicy')
    .map(
      (p) => p.Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy,
    )
  expect(csp).toContainEqual(expect.stringContaining('frame-ancestors https://cloister.example.edu;'))
  expect(campus.assembly.stacks.find((s) => s.stackName.endsWith('edge'))!.environment.region).toBe('us-east-1')
})

describe('data', () => {
  test('one table: customer key, point-in-time recovery, deletion protection, one index over everything', () => {
    const tables = prod.of('AWS::DynamoDB::GlobalTable')
    expect(tables).toHaveLength(1)
    const { Properties: properties, DeletionPolicy } = tables[0]!
    expect(DeletionPolicy).toBe('Retain')
    expect(properties.BillingMode).toBe('PAY_PER_REQUEST')
    expect(properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' })
    expect(properties.Replicas[0]).toMatchObject({
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 14 },
    })
    expect(properties.Replicas[0].SSESpecification.KMSMasterKeyId).toBeDefined()
    expect(properties.GlobalSecondaryIndexes).toEqual([
      expect.objectContaining({
        IndexName: 'index',
        KeySchema: [
          { AttributeName: 'gpk', KeyType: 'HASH' },
          { AttributeName: 'gsk', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      }),
    ])
  })

  test('every bucket is encrypted, closed to the public and speaks TLS only', () => {
    const buckets = prod.of('AWS::S3::Bucket')
    expect(buckets).toHaveLength(8)
    for (const bucket of buckets) {
      expect(bucket.Properties.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      })
      expect(bucket.Properties.BucketEncryption).toBeDefined()
      expect(bucket.DeletionPolicy).toBe('Retain')
      const policy = prod
        .of('AWS::S3::BucketPolicy')
        .find((p) => p.stack === bucket.stack && p.Properties.Bucket.Ref === bucket.id)!
      expect(policy.Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      )
    }
  })

  test('the four sensitive buckets have the customer key, and only sealed and quarantine forget at once', () => {
    const of = (name: string) => prod.of('AWS::S3::Bucket').find((b) => b.id.startsWith(`Bucket${name}`))!.Properties
    for (const name of ['sealed', 'protected', 'quarantine', 'released'])
      expect(text(of(name).BucketEncryption)).toContain('aws:kms')
    for (const name of ['assets', 'protected', 'released'])
      expect(of(name).VersioningConfiguration).toEqual({ Status: 'Enabled' })
    for (const name of ['sealed', 'quarantine']) expect(of(name).VersioningConfiguration).toBeUndefined()
    for (const name of ['assets', 'sealed'])
      expect(text(of(name).CorsConfiguration.CorsRules[0].AllowedOrigins)).not.toContain('*')
  })

  test('a development stage leaves nothing behind', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::GlobalTable', 'AWS::KMS::Key'])
      for (const resource of dev.of(type)) expect(resource.DeletionPolicy).toBe('Delete')
  })
})

/** What streams is called by the distribution itself. */
const gatewayRoutes = allRoutes.filter((r) => r.route.stream === undefined)

describe('api', () => {
  test('one route per contract, and none else', () => {
    expect(
      prod
        .of('AWS::ApiGatewayV2::Route')
        .map((r) => r.Properties.RouteKey)
        .sort(),
    ).toStrictEqual(gatewayRoutes.map((r) => routeKey(r.route)).sort())
  })

  test('the authorizer stands before every route that is not open', () => {
    const byKey = new Map(prod.of('AWS::ApiGatewayV2::Route').map((r) => [r.Properties.RouteKey, r.Properties]))
    for (const { route } of gatewayRoutes) {
      const guarded = !['anyone', 'run-token'].includes(route.access.kind)
      expect([
        routeKey(route),
        byKey.get(routeKey(route)).AuthorizationType,
        byKey.get(routeKey(route)).AuthorizerId !== undefined,
      ]).toEqual([routeKey(route), guarded ? 'CUSTOM' : 'NONE', guarded])
    }
    expect(prod.of('AWS::ApiGatewayV2::Authorizer')[0]!.Properties).toMatchObject({
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
      AuthorizerResultTtlInSeconds: 0,
    })
  })

  test('one function per contract function: Node 24 on arm64, its own role, its own log with an end', () => {
    const functions = prod.of('AWS::Lambda::Function')
    expect(functions.map((f) => f.Properties.FunctionName).sort()).toStrictEqual(
      serverFunctions.map((f) => named(functionName(f))).sort(),
    )
    for (const lambda of functions)
      expect(lambda.Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] })
    expect(new Set(functions.map((f) => text(f.Properties.Role))).size).toBe(functions.length)
    for (const log of prod.of('AWS::Logs::LogGroup')) expect(log.Properties.RetentionInDays).toBe(90)
    for (const log of dev.of('AWS::Logs::LogGroup')) expect(log.Properties.RetentionInDays).toBe(7)
    for (const lambda of functions)
      expect(prod.of('AWS::Logs::LogGroup').some((l) => l.id === lambda.Properties.LoggingConfig.LogGroup.Ref)).toBe(
        true,
      )
  })

  test('the access log has neither addresses nor paths', () => {
    const { Format } = prod.of('AWS::ApiGatewayV2::Stage')[0]!.Properties.AccessLogSettings
    expect(Format).toContain('$context.routeKey')
    expect(Format).not.toMatch(/sourceIp|context\.path|userAgent|identity/)
  })
})

describe('web', () => {
  const policies = prod.of('AWS::CloudFront::ResponseHeadersPolicy').map((policy) => ({
    name: policy.Properties.ResponseHeadersPolicyConfig.Name as string,
    csp: text(
      policy.Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy,
    ),
    all: text(policy.Properties),
  }))

  test('main origin: scripts of its own only, frames the study origin only', () => {
    const { csp } = policies.find((p) => p.name.endsWith('-main'))!
    expect(csp).toContain("script-src 'self';")
    expect(csp).toContain("frame-ancestors 'none'")
    expect(csp).toContain('amazoncognito.com')
    expect(csp).not.toContain("'unsafe-eval'")
  })

  test('study origin: a sandbox without allow-same-origin, readable from its opaque origins', () => {
    const { csp, all } = policies.find((p) => p.name.endsWith('-study'))!
    expect(csp).toContain('sandbox allow-scripts')
    expect(csp).not.toContain('allow-same-origin')
    expect(csp).toContain('frame-ancestors https://')
    expect(all).toContain('"AccessControlAllowOrigins":{"Items":["*"]}')
  })

  test('what streams: an address that only the main distribution may call, signed, uncompressed, with the caller’s credential moved', () => {
    const [url] = prod.of('AWS::Lambda::Url')
    expect(prod.of('AWS::Lambda::Url')).toHaveLength(1)
    expect(url!.Properties).toMatchObject({ AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' })
    const permissions = prod.of('AWS::Lambda::Permission').filter((p) => p.stack === 'web')
    expect(permissions.map((p) => p.Properties.Action).sort()).toEqual(
      expect.arrayContaining(['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl']),
    )
    for (const permission of permissions)
      expect([
        permission.Properties.Principal,
        text(permission.Properties.SourceArn).includes('distribution/'),
      ]).toEqual(['cloudfront.amazonaws.com', true])
    const main = prod
      .of('AWS::CloudFront::Distribution')
      .map((d) => d.Properties.DistributionConfig)
      .find((d) => d.Comment.includes('main'))
    for (const behavior of main.CacheBehaviors.filter((x: Json) => x.PathPattern.startsWith('/api/pipeline-runs')))
      expect([behavior.Compress, behavior.FunctionAssociations.length, behavior.AllowedMethods]).toEqual([
        false,
        1,
        ['GET', 'HEAD'],
      ])
    expect(text(prod.of('AWS::CloudFront::OriginAccessControl'))).toContain('"OriginAccessControlOriginType":"lambda"')
    const lambda = prod
      .of('AWS::Lambda::Function')
      .find((x) => x.Properties.FunctionName === named('pipelines-pipelinestream'))!
    expect(lambda.Properties.Timeout).toBe(900)
    expect(Object.keys(lambda.Properties.Environment.Variables)).not.toContain('OIDC_ISSUER')
  })

  test('two distributions, TLS only, one firewall before both with managed rules and a limit', () => {
    const distributions = prod.of('AWS::CloudFront::Distribution').map((d) => d.Properties.DistributionConfig)
    expect(distributions).toHaveLength(2)
    for (const distribution of distributions) {
      expect(distribution.WebACLId).toBeDefined()
      expect(distribution.CustomErrorResponses).toBeUndefined()
      for (const behavior of [distribution.DefaultCacheBehavior, ...distribution.CacheBehaviors])
        expect(['https-only', 'redirect-to-https']).toContain(behavior.ViewerProtocolPolicy)
    }
    expect(distributions.map((d) => d.CacheBehaviors.map((b: Json) => b.PathPattern))).toEqual([
      ['/s/*/cloister.js', '/s/*', '/player/*'],
      [
        '/p/*',
        '/withdraw',
        '/api/openapi.json',
        '/api/pipeline-runs/*/log/download',
        '/api/pipeline-runs/*/log/events',
        '/api/*',
      ],
    ])
    const rules = prod.of('AWS::WAFv2::WebACL')[0]!.Properties.Rules
    expect(
      rules.map((r: Json) => r.Statement.ManagedRuleGroupStatement?.Name ?? r.Statement.RateBasedStatement.Limit),
    ).toEqual([requestsPerAddress, 'AWSManagedRulesCommonRuleSet'])
    expect(dev.of('AWS::WAFv2::WebACL')).toEqual([])
  })

  test('missing web files stop a deployment, not a synthesis', () => {
    expect(text(prod.stack('web').Rules)).toContain('npm run build')
    expect(synthesised({ webFiles: 'docs' }).stack('web').Rules.WebFilesMissing).toBeUndefined()
  })
})

describe('operations', () => {
  test('alarms on every function, on throttles, on the API and the table, all of which wake somebody', () => {
    const alarms = prod.of('AWS::CloudWatch::Alarm')
    const errors = alarms.filter((a) => a.Properties.Namespace === 'AWS/Lambda' && a.Properties.MetricName === 'Errors')
    // A crash of a function that serves routes is a 5xx of the API; the others have an alarm each.
    expect(errors.map((a) => a.Properties.AlarmName).sort()).toEqual(
      serverFunctions
        .filter((f) => f.routes.length === 0)
        .map((f) => named(`${functionName(f)}-errors`))
        .sort(),
    )
    for (const name of ['Throttles', '5xx', 'ExecutionsFailed', 'ReadThrottleEvents', 'WriteThrottleEvents'])
      expect(alarms.some((a) => a.Properties.MetricName === name)).toBe(true)
    // One alarm stands for the throttles of all functions only as long as none has a concurrency of its own.
    expect(prod.of('AWS::Lambda::Function').some((f) => f.Properties.ReservedConcurrentExecutions !== undefined)).toBe(
      false,
    )
    for (const alarm of alarms) expect(alarm.Properties.AlarmActions).toHaveLength(1)
  })

  test('the sweep and the watch over jobs run every minute; failed sign-ins reach their function', () => {
    const rules = prod.of('AWS::Events::Rule').map((r) => r.Properties)
    expect(
      rules
        .filter((r) => r.ScheduleExpression)
        .map((r) => [r.Name, r.ScheduleExpression])
        .sort(),
    ).toEqual([
      [named('sweep'), 'rate(1 minute)'],
      [named('watch'), 'rate(1 minute)'],
    ])
    expect(text(rules.find((r) => r.EventPattern)!.EventPattern)).toContain('Login_POST')
    expect(prod.of('AWS::CloudTrail::Trail')).toHaveLength(1)
    expect(synthesised({ trail: 'false' }).of('AWS::CloudTrail::Trail')).toEqual([])
  })
})

test('people: strong passwords, a second factor on offer, codes with PKCE from a client without a secret', () => {
  const pool = prod.of('AWS::Cognito::UserPool')[0]!.Properties
  expect(pool.Policies.PasswordPolicy).toMatchObject({ MinimumLength: 12, RequireNumbers: true, RequireSymbols: true })
  expect(pool).toMatchObject({
    MfaConfiguration: 'OPTIONAL',
    EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
    DeletionProtection: 'ACTIVE',
    Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'WEB_AUTHN'] } },
    WebAuthnUserVerification: 'required',
    WebAuthnFactorConfiguration: 'MULTI_FACTOR_WITH_USER_VERIFICATION',
  })
  // Passkeys belong to the login's domain, where its pages are.
  expect(text(pool.WebAuthnRelyingPartyID)).toContain('amazoncognito.com')
  const strict = synthesised({ requireSecondFactor: 'true' }).of('AWS::Cognito::UserPool')[0]!.Properties
  expect(strict.MfaConfiguration).toBe('ON')
  const [portal, own] = ['portal', 'account'].map(
    (name) =>
      prod.of('AWS::Cognito::UserPoolClient').find((client) => client.Properties.ClientName === name)!.Properties,
  )
  // Only the page on which people change their sign-in may change it, and its tokens are asked for anew each time.
  expect(portal.AllowedOAuthScopes).not.toContain('aws.cognito.signin.user.admin')
  expect(own).toMatchObject({
    AllowedOAuthScopes: ['openid', 'email', 'aws.cognito.signin.user.admin'],
    GenerateSecret: false,
  })
  expect(prod.of('AWS::Cognito::ManagedLoginBranding')).toHaveLength(2)
  expect(portal).toMatchObject({
    GenerateSecret: false,
    AllowedOAuthFlows: ['code'],
    PreventUserExistenceErrors: 'ENABLED',
    // Refresh tokens rotate, which the flow of refreshing by the API does not go with, and can be revoked.
    ExplicitAuthFlows: ['ALLOW_USER_AUTH'],
    RefreshTokenRotation: { Feature: 'ENABLED', RetryGracePeriodSeconds: 10 },
    EnableTokenRevocation: true,
    TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' },
    AccessTokenValidity: 15,
    IdTokenValidity: 15,
    RefreshTokenValidity: 720,
  })
  expect(prod.of('AWS::Cognito::UserPoolGroup')[0]!.Properties.GroupName).toBe('founders')
})

test('a wrong context is refused in words', () => {
  expect(() => synthesised({ stage: 'test' })).toThrow(/stage/)
  expect(() => synthesised({ mainDomain: 'a.example.edu' })).toThrow(/belong together/)
})
