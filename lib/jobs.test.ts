import { readFileSync } from 'node:fs'
import { isLocked, lockedPackage } from './duckdb-layer.ts'
import { type Json, synthesised, text } from './testing.ts'

const sql = synthesised()
const digest = `sha256:${'ab'.repeat(32)}`
const all = synthesised({ scripts: 'true', runnerImage: digest })
const one = (type: string): Json => {
  expect(all.of(type)).toHaveLength(1)
  return all.of(type)[0]!.Properties
}
const list = <T>(x: T | T[]): T[] => (Array.isArray(x) ? x : [x])
const statements = (role: string): Json[] => {
  const found = all.of('AWS::IAM::Role').find((r) => r.Properties.RoleName === role)!
  expect(found.Properties.ManagedPolicyArns).toBeUndefined()
  return all
    .of('AWS::IAM::Policy')
    .filter((p) => p.Properties.Roles.some((r: Json) => r.Ref === found.id))
    .flatMap((p) => p.Properties.PolicyDocument.Statement as Json[])
}

test('nothing to say for cdk-nag, with scripts and without', () =>
  expect([...sql.findings, ...all.findings]).toEqual([]))

describe('the workflow', () => {
  const placeholders = [
    ...new Set([...readFileSync('contracts/workflow.asl.json', 'utf8').matchAll(/\$\{(\w+)\}/g)].map((m) => m[1]!)),
  ].sort()

  test('is the one definition, with every placeholder substituted, with scripts and without', () => {
    for (const stage of [sql, all]) {
      const properties = stage.of('AWS::StepFunctions::StateMachine')[0]!.Properties
      expect(properties.DefinitionString).toBe(readFileSync('contracts/workflow.asl.json', 'utf8'))
      expect(Object.keys(properties.DefinitionSubstitutions).sort()).toEqual(placeholders)
      expect(properties).toMatchObject({
        StateMachineName: 'cloister-prod-jobs',
        StateMachineType: 'STANDARD',
        TracingConfiguration: { Enabled: false },
        LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
      })
    }
  })

  test('may call its six steps, and touches neither data nor containers', () => {
    const mine = statements('cloister-prod-jobs-workflow')
    expect(mine.find((s) => s.Action === 'lambda:InvokeFunction').Resource).toHaveLength(6)
    for (const statement of mine)
      for (const action of list<string>(statement.Action)) {
        expect(action).toMatch(/^(lambda:InvokeFunction|logs:\w+)$/)
        expect(statement.Resource !== '*' || action.startsWith('logs:')).toBe(true)
      }
  })

  test('without scripts there is neither a network nor a container, and containers lead nowhere', () => {
    for (const type of [
      'AWS::EC2::VPC',
      'AWS::EC2::VPCEndpoint',
      'AWS::Batch::ComputeEnvironment',
      'AWS::Batch::JobDefinition',
      'AWS::ECR::Repository',
    ])
      expect(sql.of(type)).toEqual([])
    expect(text(sql.of('AWS::IAM::Policy'))).not.toContain('batch:')
    for (const lambda of sql.of('AWS::Lambda::Function')) {
      expect(Object.keys(lambda.Properties.Environment.Variables)).not.toContain('INTERACTIVE_QUEUE')
      expect(lambda.Properties.Environment.Variables.LANGUAGES).toBe('sql')
    }
    for (const lambda of all.of('AWS::Lambda::Function'))
      expect(lambda.Properties.Environment.Variables.LANGUAGES).toBeUndefined()
  })
})

describe('the function that submits containers', () => {
  const submitter = 'cloister-prod-jobs-compute'
  const named = (type: string, property: string): string[] => all.of(type).map((r) => r.Properties[property] as string)
  /** Names at the end of ARNs that are joined from pieces. */
  const endsOf = (resources: unknown): string[] =>
    list(resources).map((r) => /:([^:"]+\/[^"]+)"\]\]\}$/.exec(text(r))![1]!)

  test('may submit to the queues that there are, with the definitions that there are', () => {
    const submit = statements(submitter).filter((s) => list<string>(s.Action).includes('batch:SubmitJob'))
    expect(submit).toHaveLength(1)
    expect(endsOf(submit[0]!.Resource).sort()).toEqual(
      [
        ...named('AWS::Batch::JobQueue', 'JobQueueName').map((n) => `job-queue/${n}`),
        ...named('AWS::Batch::JobDefinition', 'JobDefinitionName').map((n) => `job-definition/${n}:*`),
      ].sort(),
    )
    // The stack that makes them comes later: names that differ would fail at the first container, not at deployment.
    const { Environment } = all
      .of('AWS::Lambda::Function')
      .find((f) => f.Properties.FunctionName === submitter)!.Properties
    const { INTERACTIVE_QUEUE, BATCH_QUEUE, PIPELINE_QUEUE, JOB_DEFINITION, PIPELINE_DEFINITION } =
      Environment.Variables
    expect(endsOf([INTERACTIVE_QUEUE, BATCH_QUEUE, PIPELINE_QUEUE, JOB_DEFINITION, PIPELINE_DEFINITION])).toEqual([
      'job-queue/cloister-prod-jobs-interactive',
      'job-queue/cloister-prod-jobs-batch',
      'job-queue/cloister-prod-jobs-pipelines',
      'job-definition/cloister-prod-jobs',
      'job-definition/cloister-prod-jobs-pipelines',
    ])
  })
  test('may do no more in Batch than submit, look, list and stop; those who cancel may list and stop', () => {
    const inBatch = (role: string): string[] =>
      statements(role)
        .flatMap((s) => list<string>(s.Action))
        .filter((a) => a.startsWith('batch:'))
        .sort()
    expect(inBatch(submitter)).toEqual([
      'batch:DescribeJobs',
      'batch:GetJobQueueSnapshot',
      'batch:ListJobs',
      'batch:SubmitJob',
      'batch:TerminateJob',
    ])
    const roles = named('AWS::IAM::Role', 'RoleName').filter((r) => r !== submitter && inBatch(r).length > 0)
    expect(roles.sort()).toEqual(['cloister-prod-jobs', 'cloister-prod-jobs-watch', 'cloister-prod-pipelines'])
    for (const role of roles) expect(inBatch(role)).toEqual(['batch:ListJobs', 'batch:TerminateJob'])
    for (const role of [submitter, ...roles])
      for (const statement of statements(role).filter((x) => text(x.Action).includes('batch:'))) {
        const actions = list<string>(statement.Action)
        const looksOnly = actions.every((a) => /^batch:(ListJobs|DescribeJobs)$/.test(a))
        expect(statement.Resource !== '*' || looksOnly).toBe(true)
        expect(actions.includes('batch:TerminateJob') ? endsOf(statement.Resource) : ['job/*']).toEqual(['job/*'])
      }
  })
  test('waits cheaply, and touches neither data nor keys', () => {
    const { MemorySize } = all
      .of('AWS::Lambda::Function')
      .find((f) => f.Properties.FunctionName === submitter)!.Properties
    expect(MemorySize).toBe(256)
    for (const action of statements(submitter).flatMap((s) => list<string>(s.Action)))
      expect(action).toMatch(/^(batch|logs|dynamodb):|^kms:(Decrypt|DescribeKey)$/)
    expect(text(statements(submitter))).not.toMatch(/s3:|WriteItems/)
  })
})

// Scripts, and where there are pipelines theirs: the same walls.
describe.each(
  all.of('AWS::Batch::JobDefinition').map((d) => [d.Properties.JobDefinitionName as string, d.Properties] as const),
)('the container of %s', (_, definition) => {
  const container = definition.ContainerProperties

  test('has no role, no public address, and a root file system that nobody writes', () => {
    expect(container.JobRoleArn).toBeUndefined()
    expect(container).toMatchObject({
      ReadonlyRootFilesystem: true,
      NetworkConfiguration: { AssignPublicIp: 'DISABLED' },
      Volumes: [{ Name: 'tmp' }],
      MountPoints: [{ ContainerPath: '/tmp', ReadOnly: false, SourceVolume: 'tmp' }],
    })
    expect(container.Privileged).toBeUndefined()
    expect(container.Secrets).toBeUndefined()
    expect(definition.PlatformCapabilities).toEqual(['FARGATE'])
    expect(definition.Timeout.AttemptDurationSeconds).toBeGreaterThan(0)
  })
  test('is the image of that digest, and says so', () => {
    expect(text(container.Image)).toContain(`@${digest}`)
    expect(container.Environment).toEqual([{ Name: 'CLOISTER_IMAGE', Value: digest }])
  })
  test('is tried again for what the infrastructure did, and only for that', () => {
    const { Attempts, EvaluateOnExit } = definition.RetryStrategy
    expect(Attempts).toBe(3)
    expect(EvaluateOnExit.length).toBeLessThanOrEqual(5)
    expect(EvaluateOnExit.at(-1)).toEqual({ Action: 'EXIT', OnReason: '*' })
    for (const rule of EvaluateOnExit.slice(0, -1)) expect([rule.Action, rule.OnExitCode]).toEqual(['RETRY', undefined])
  })
})

describe('containers', () => {
  test('come from one repository whose tags never move', () => {
    expect(all.of('AWS::Batch::JobDefinition').map((d) => d.Properties.JobDefinitionName)).toContain(
      'cloister-prod-jobs',
    )
    expect(one('AWS::ECR::Repository')).toMatchObject({
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
    })
    expect(() => synthesised({ scripts: 'true', runnerImage: 'latest' })).toThrow(/runnerImage/)
  })
  test('are fetched and logged by a role that may do that and nothing else', () => {
    const actions = statements('cloister-prod-jobs-execution')
      .flatMap((s) => list<string>(s.Action))
      .sort()
    expect(actions).toEqual([
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetAuthorizationToken',
      'ecr:GetDownloadUrlForLayer',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ])
  })
  test('wait in a queue by their length, short before long, everybody with a fair share', () => {
    const queues = all.of('AWS::Batch::JobQueue').map((q) => q.Properties)
    const priority = (name: string): number =>
      queues.find((q) => q.JobQueueName === `cloister-prod-jobs-${name}`)!.Priority
    expect([priority('interactive'), priority('batch')]).toEqual([10, 1])
    for (const queue of queues) expect(queue.Priority).toBeLessThanOrEqual(priority('interactive'))
    for (const queue of queues) expect(queue.SchedulingPolicyArn).toBeDefined()
    expect(one('AWS::Batch::ComputeEnvironment').ComputeResources.Type).toBe('FARGATE')
  })
})

describe('pipelines', () => {
  test('log into a group of their own that has an end, and have room for stacks of images', () => {
    const container = all
      .of('AWS::Batch::JobDefinition')
      .find((d) => d.Properties.JobDefinitionName === 'cloister-prod-jobs-pipelines')!.Properties.ContainerProperties
    const group = all
      .of('AWS::Logs::LogGroup')
      .find((l) => l.Properties.LogGroupName === '/cloister/prod/pipeline-runs')!
    expect(container.LogConfiguration).toMatchObject({
      LogDriver: 'awslogs',
      Options: { 'awslogs-group': { Ref: group.id } },
    })
    expect([group.Properties.RetentionInDays, container.EphemeralStorage.SizeInGiB]).toEqual([90, 100])
    const names = all.of('AWS::Logs::LogGroup').map((l) => l.Properties.LogGroupName as string)
    expect(names.filter((n, i) => names.indexOf(n) !== i)).toEqual([])
  })
})

describe('its network', () => {
  test('has no way out: no gateway, no NAT, no route, no public address', () => {
    for (const type of [
      'AWS::EC2::InternetGateway',
      'AWS::EC2::NatGateway',
      'AWS::EC2::EgressOnlyInternetGateway',
      'AWS::EC2::VPNGateway',
      'AWS::EC2::Route',
      'AWS::EC2::EIP',
      'AWS::EC2::VPCPeeringConnection',
      'AWS::EC2::TransitGatewayAttachment',
    ])
      expect(all.of(type)).toEqual([])
    expect(one('AWS::EC2::Subnet').MapPublicIpOnLaunch).toBe(false)
    expect(all.of('AWS::EC2::SecurityGroup').flatMap((g) => g.Properties.SecurityGroupIngress ?? [])).toEqual([])
    const ingress = one('AWS::EC2::SecurityGroupIngress')
    expect([ingress.CidrIp, ingress.FromPort, ingress.ToPort]).toEqual([undefined, 443, 443])
  })
  test('leads to the objects of jobs, the image and the log, and to nothing else there', () => {
    const endpoints = all.of('AWS::EC2::VPCEndpoint').map((e) => e.Properties)
    expect(endpoints.map((e) => (e.ServiceName as string).replace('com.amazonaws.us-east-1.', '')).sort()).toEqual([
      'ecr.api',
      'ecr.dkr',
      'logs',
      's3',
    ])
    for (const endpoint of endpoints)
      for (const statement of endpoint.PolicyDocument.Statement) {
        for (const action of list<string>(statement.Action)) expect(action).not.toContain('*')
        expect(statement.Resource !== '*' || statement.Action === 'ecr:GetAuthorizationToken').toBe(true)
      }
    for (const { PolicyDocument } of endpoints.filter(({ ServiceName }) => !ServiceName.endsWith('s3')))
      for (const { Condition } of PolicyDocument.Statement)
        expect(Object.keys(Condition.StringEquals)).toEqual(['aws:PrincipalAccount'])
    const s3 = endpoints.find((e) => e.VpcEndpointType === 'Gateway').PolicyDocument.Statement as Json[]
    expect(s3.map((s) => s.Action)).toEqual(['s3:GetObject', 's3:PutObject', 's3:GetObject'])
    expect(text(list(s3[1]!.Resource).slice(0, 1))).toMatch(
      /^\[\{"Fn::Join":\["",\["arn:",\{"Ref":"AWS::Partition"\},":s3:::cloister-prod-quarantine-",\{"Ref":"AWS::AccountId"\},"-us-east-1\/jobs\/\*\/report\.json\.gz"\]\]\}\]$/,
    )
    expect(
      list(s3[1]!.Resource)
        .slice(1)
        .map((r) => /(released).*\/(runs\/\*\/\w+\/\*)"/.exec(text(r))?.slice(1)),
    ).toEqual([
      ['released', 'runs/*/artifacts/*'],
      ['released', 'runs/*/streams/*'],
    ])
    for (const word of ['sealed', 'assets', 'reading.json', 'log.json', 'ask.json', 'run.json', 'index.json'])
      expect(text(s3)).not.toContain(word)
  })
  test('resolves the names of those hosts and no others', () => {
    const [known, every] = all.of('AWS::Route53Resolver::FirewallDomainList').map((d) => d.Properties.Domains as Json[])
    expect(every).toEqual(['*'])
    expect(known!.filter((d) => d === '*' || /^\*\.(com|amazonaws)/.test(text(d)))).toEqual([])
    expect(
      one('AWS::Route53Resolver::FirewallRuleGroup').FirewallRules.map((r: Json) => [r.Priority, r.Action]),
    ).toEqual([
      [1, 'ALLOW'],
      [2, 'BLOCK'],
    ])
    expect(all.of('AWS::Route53Resolver::FirewallRuleGroupAssociation')).toHaveLength(1)
  })
  test('says what it refused', () =>
    expect(one('AWS::EC2::FlowLog')).toMatchObject({ TrafficType: 'REJECT', ResourceType: 'VPC' }))
})

describe('functions with the engine', () => {
  test('have room for rows when they touch them', () => {
    const of = (name: string): Json =>
      all.of('AWS::Lambda::Function').find((f) => f.Properties.FunctionName === `cloister-prod-${name}`)!.Properties
    for (const name of ['jobs-prepare', 'jobs-query', 'jobs-registration', 'jobs-check'])
      expect(of(name)).toMatchObject({ MemorySize: 3008, EphemeralStorage: { Size: 10_240 } })
    for (const name of ['jobs-settle', 'runs-ingest']) expect(of(name).MemorySize).toBe(512)
    // Below the state's own patience, so that Lambda ends first and says so.
    const states = JSON.parse(readFileSync('contracts/workflow.asl.json', 'utf8')).States
    for (const [state, name] of [
      ['Prepare', 'prepare'],
      ['SubmitContainer', 'compute'],
      ['LookAtContainer', 'compute'],
      ['StopContainer', 'compute'],
      ['Query', 'query'],
      ['Registration', 'registration'],
      ['Check', 'check'],
      ['Settle', 'settle'],
    ] as const)
      expect(of(`jobs-${name}`).Timeout).toBeLessThan(states[state].TimeoutSeconds)
  })
  test('a missing layer stops a deployment, not a synthesis', () => {
    const isMissing = all.of('AWS::Lambda::LayerVersion').length === 0
    expect(text(all.stack('api').Rules ?? '').includes('node lib/duckdb-layer.ts')).toBe(isMissing)
    const layers = all
      .of('AWS::Lambda::Function')
      .map((f) => (f.Properties.Layers as unknown[] | undefined)?.length ?? 1)
    expect(isMissing || layers.every((n) => n === 1)).toBe(true)
  })
  test('a package that is not what the lock promises is no layer', () => {
    expect(lockedPackage().version).toMatch(/^\d+\.\d+\.\d+/)
    expect(isLocked(Buffer.from('something else'), lockedPackage())).toBe(false)
    expect(
      isLocked(Buffer.from('abc'), {
        integrity: 'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==',
      }),
    ).toBe(true)
  })
})
