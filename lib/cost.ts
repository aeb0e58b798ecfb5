/**
 * Writes docs/cost.md from the production templates and lib/prices.ts; `--check` only says whether it is up to date.
 * A resource type that nobody has thought about stops it: then say below what it costs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { secondsToNextLook } from '../domain/jobs/looking.ts'
import { allowance, price, pricesAsOf } from './prices.ts'
import { type Resource, synthesised } from './testing.ts'

const page = 'docs/cost.md'
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

interface Line {
  what: string
  count: number
  each: number
  note: string
}

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
  if (unknown.length > 0) throw new Error(`lib/cost.ts does not know what these cost: ${unknown.join(', ')}`)
  return Object.values(priced).flat()
}

export const sum = (lines: Line[]): number => lines.reduce((n, l) => n + l.count * l.each, 0)

/** What 1,000 participants with 100 appends of 5 KB cause. */
export function participantLines(resources: Resource[]): Line[] {
  const memoryGb =
    Number(resources.find((r) => r.Properties.FunctionName === 'cloister-prod-runs-ingest')!.Properties.MemorySize) /
    1024
  const participants = 1000
  const appends = participants * 100
  // Participation, start, a few standings and the end.
  const calls = appends + participants * 6
  const pages = participants * 40
  const seconds = 0.03
  // 5 KB sealed and in base64url, with hashes and keys: under 8 KB, 8 write units.
  const chunkKb = 8
  const each = (x: number): number => x / 1_000_000
  const m = price.million
  return [
    { what: 'API requests', count: calls, each: each(m['API request']), note: '100 appends and 6 others each' },
    {
      what: 'CloudFront requests',
      count: calls + pages,
      each: each(m['CloudFront request']),
      note: 'and 40 files each; the first 10 million a month are free, not counted here',
    },
    { what: 'Firewall requests', count: calls + pages, each: each(m['firewall request']), note: '' },
    { what: 'Function calls', count: calls, each: each(m['function call']), note: '' },
    {
      what: 'Function GB-seconds',
      count: Math.round(calls * seconds * memoryGb),
      each: price['function GB-second (arm64)'],
      note: `${seconds * 1000} ms at ${memoryGb * 1024} MB`,
    },
    {
      what: 'Table writes: chunks',
      count: appends * chunkKb,
      each: each(m['table write unit']),
      note: `${chunkKb} units (8 KB) each`,
    },
    {
      what: 'Table writes: run counters, in table and index',
      count: participants * 100 * 2 * 2,
      each: each(m['table write unit']),
      note: 'at most every 2 s: counted as once an append, 2 KB',
    },
    {
      what: 'Table reads',
      count: appends * 2 + participants * 30,
      each: each(m['table read unit']),
      note: 'the run before each append, strongly consistent',
    },
    { what: 'MACs', count: participants * 3, each: each(m['MAC']), note: 'run token, pseudonym, withdrawal code' },
    {
      what: 'Public keys',
      count: participants,
      each: each(m['public key (RSA-3072)']),
      note: 'at worst; warm functions keep them',
    },
    {
      what: 'Opening: RSA decryptions',
      count: participants,
      each: each(m['RSA decryption']),
      note: 'each run opened once',
    },
    {
      what: 'Logs, GB',
      count: Number((calls * 0.0008).toFixed(0)) / 1000,
      each: price['log GB'],
      note: '0.8 KB a request: gateway and function',
    },
    {
      what: 'Transfer to participants, GB',
      count: 1,
      each: price['transfer GB (CloudFront)'],
      note: '1 MB each: page, player and study; the first TB a month is free, not counted here',
    },
    {
      what: 'Stored, GB-months (one month)',
      count: (appends * chunkKb) / 1_000_000,
      each: price['table GB-month'] + price['table recovery GB-month'],
      note: 'with point-in-time recovery',
    },
  ]
}

/** What 1,000 SQL jobs on a table of 10 million rows cause. */
export function queryLines(resources: Resource[]): Line[] {
  const memoryGb =
    Number(resources.find((r) => r.Properties.FunctionName === 'cloister-prod-jobs-query')!.Properties.MemorySize) /
    1024
  const jobs = 1000
  const m = price.million
  return [
    {
      what: 'API requests: asking, looking, taking',
      count: jobs * 20,
      each: m['API request'] / 1e6,
      note: 'one look a second while it runs',
    },
    {
      what: 'State transitions',
      count: jobs * 6,
      each: m['state transition'] / 1e6,
      note: 'prepare, which, query, check, settle; the first 4,000 a month are free, not counted here',
    },
    { what: 'Function calls', count: jobs * 25, each: m['function call'] / 1e6, note: '' },
    {
      what: 'Function GB-seconds: steps',
      count: Math.round(jobs * 8 * memoryGb),
      each: price['function GB-second (arm64)'],
      note: `8 s at ${memoryGb.toFixed(1)} GB, cold, with the table fetched`,
    },
    {
      what: 'Function GB-seconds: requests',
      count: jobs * 20 * 0.03,
      each: price['function GB-second (arm64)'],
      note: '',
    },
    {
      what: 'Function /tmp GB-seconds',
      count: jobs * 8 * 9.5,
      each: price['function /tmp GB-second'],
      note: '10 GB, of which 512 MB are free',
    },
    {
      what: 'Table reads and writes',
      count: jobs * 120,
      each: m['table write unit'] / 1e6,
      note: 'counted as writes of 1 KB',
    },
  ]
}

/** Seconds that a look at a container waits for its end at most (adapters/aws/compute.ts). */
const lookSeconds = 15

/** What it takes to wait for a container that is over after so many seconds: domain/jobs/looking.ts. */
function waitingFor(seconds: number): { looks: number; transitions: number; functionSeconds: number } {
  const sum = { looks: 0, transitions: 0, functionSeconds: 0 }
  for (let age = 0; age < seconds;) {
    const wait = secondsToNextLook(age + lookSeconds, lookSeconds)
    sum.looks++
    // The look, what comes next, and the wait if there is one.
    sum.transitions += wait > 0 ? 3 : 2
    sum.functionSeconds += Math.min(lookSeconds, seconds - age)
    age += lookSeconds + wait
  }
  return sum
}

/** Lines for the looks at the containers of so many jobs of so many seconds each. */
function lookLines(resources: Resource[], jobs: number, seconds: number): Line[] {
  const memoryGb =
    Number(resources.find((r) => r.Properties.FunctionName === 'cloister-prod-jobs-compute')!.Properties.MemorySize) /
    1024
  const { looks, transitions, functionSeconds } = waitingFor(seconds)
  return [
    {
      what: 'State transitions',
      count: jobs * (7 + transitions),
      each: price.million['state transition'] / 1e6,
      note: `7 for the steps, and ${transitions} for ${looks} looks at the container`,
    },
    {
      what: 'Looks at containers, GB-seconds',
      count: Math.round(jobs * functionSeconds * memoryGb),
      each: price['function GB-second (arm64)'],
      note: `each waits up to ${lookSeconds} s for the end, at ${memoryGb * 1024} MB`,
    },
    {
      what: 'Looks at containers, calls',
      count: jobs * (looks + 1),
      each: price.million['function call'] / 1e6,
      note: 'and the submission',
    },
  ]
}

/** What 1,000 Python jobs cause: nine runs of ten seconds each. */
export function scriptLines(resources: Resource[]): Line[] {
  const jobs = 1000
  const seconds = 150
  const hours = (jobs * seconds) / 3600
  return [
    {
      what: 'Container vCPU-hours',
      count: Number(hours.toFixed(1)),
      each: price['container vCPU-hour (Fargate, x86)'],
      note: '150 s each: start 40 s, nine runs two at a time',
    },
    {
      what: 'Container GB-hours',
      count: Number((hours * 3).toFixed(1)),
      each: price['container GB-hour (Fargate, x86)'],
      note: '3 GB',
    },
    {
      what: 'Through the endpoints, GB',
      count: jobs * 0.001,
      each: price['endpoint GB'],
      note: 'the image’s manifest and the log; layers come by S3',
    },
    ...lookLines(resources, jobs, seconds),
    {
      what: 'Steps in functions, GB-seconds',
      count: jobs * 4 * 3,
      each: price['function GB-second (arm64)'],
      note: 'prepare and check',
    },
  ]
}

/** What 1,000 runs of pipelines cause: ten minutes each with 2 vCPU and 4 GB, 20,000 lines, one person watching. */
export function pipelineLines(resources: Resource[]): Line[] {
  const memoryGb =
    Number(
      resources.find((r) => r.Properties.FunctionName === 'cloister-prod-pipelines-pipelinestream')!.Properties
        .MemorySize,
    ) / 1024
  const runs = 1000
  const seconds = 660
  const hours = (runs * seconds) / 3600
  return [
    {
      what: 'Container vCPU-hours',
      count: Number((hours * 2).toFixed(1)),
      each: price['container vCPU-hour (Fargate, x86)'],
      note: 'with a minute to start and to send what was made',
    },
    {
      what: 'Container GB-hours',
      count: Number((hours * 4).toFixed(1)),
      each: price['container GB-hour (Fargate, x86)'],
      note: '',
    },
    {
      what: 'Container disk GB-hours',
      count: Number((hours * 80).toFixed(1)),
      each: price['container disk GB-hour (Fargate)'],
      note: '100 GB, of which 20 are free',
    },
    { what: 'Logs, GB', count: runs * 0.003, each: price['log GB'], note: '150 bytes a line with its place' },
    {
      what: 'Function GB-seconds: watching',
      count: Math.round(runs * 600 * memoryGb),
      each: price['function GB-second (arm64)'],
      note: 'a stream is paid for as long as somebody watches',
    },
    {
      what: 'Function GB-seconds: steps',
      count: runs * 4 * 3,
      each: price['function GB-second (arm64)'],
      note: 'prepare, check, settle with the copy of the log',
    },
    ...lookLines(resources, runs, seconds),
    {
      what: 'Table reads and writes',
      count: runs * 300,
      each: price.million['table write unit'] / 1e6,
      note: 'counted as writes of 1 KB',
    },
  ]
}

const usd = (x: number): string => x.toFixed(2)
const table = (lines: Line[]): string =>
  [
    '| what | how many | USD each | USD | |',
    '|---|---:|---:|---:|---|',
    ...lines.map(
      (l) =>
        `| ${l.what} | ${l.count.toLocaleString('en-US')} | ${Number(l.each.toPrecision(6))} | ${usd(l.count * l.each)} | ${l.note} |`,
    ),
    `| **together** | | | **${usd(sum(lines))}** | |`,
  ].join('\n')

/** The page, from the templates of the production stage. */
export function costPage(resources: Resource[], withScripts: Resource[]): string {
  const idle = idleLines(resources)
  const participants = participantLines(resources)
  const queries = queryLines(resources)
  const scripts = scriptLines(resources)
  const more = idleLines(withScripts).filter((l) => !idle.some((i) => i.what === l.what && i.count === l.count))
  const alarms = resources.filter((r) => r.Type === 'AWS::CloudWatch::Alarm').length
  return `# What it costs

Computed by \`node lib/cost.ts\` from the templates of the production stage (us-east-1) and the list prices in \`lib/prices.ts\` (${pricesAsOf}), in USD without taxes. A test fails when this page is out of date.

## Idle, a month

Nothing runs, nobody comes. What is paid for is being there:

${table(idle)}

- Each **organisation** adds its own RSA key pair: ${usd(price.month['customer key'])} a month. It is made when the organisation is founded.
- The allowances of CloudWatch (${allowance.alarms} alarms, ${allowance.dashboards} dashboards, ${allowance.metrics} metrics) belong to the account. Where other systems use them up, add ${usd(Math.min(alarms, allowance.alarms) * price.month['alarm metric'])} for alarms and ${usd(price.month['dashboard'])} for the dashboard.
- The data key is rotated every year; AWS charges each of the first two rotations like one more key (1.00 a month each).
- The first trail of an account is free. Where the account has one already, deploy with \`-c trail=false\`; a second one costs 2.00 for each 100,000 events.
- \`-c waf=false\` (the default of a development stage) saves the firewall: ${usd(price.month['firewall'] + 2 * price.month['firewall rule'])} a month.
- Not idle but close: the sweep runs 8,640 times a month and the watch over jobs 43,200 times (${usd((8640 + 43_200) * (price.million['function call'] / 1e6 + 0.2 * 0.5 * price['function GB-second (arm64)']))} at 200 ms together). Storage is ${price['table GB-month'] + price['table recovery GB-month']} per GB and month in the table, 0.023 in buckets. Cognito charges nothing up to 10,000 people a month.

### With scripts

SQL needs nothing more. Python, R and notebooks run in containers in a network without a way out; reaching images and log from there is paid for by the hour, so it is off unless asked for: \`-c scripts=true\` adds

${table(more)}

There is no NAT and no cluster. Everything is in one zone: a second one would double this line and buy only that jobs need not wait while a zone is down.

## Each 1,000 SQL jobs

On a table of 10 million rows, each one cold:

${table(queries)}

## Each 1,000 Python jobs

${table(scripts)}

## Each 1,000 runs of pipelines

Ten minutes each, 2 vCPU and 4 GB, 20,000 lines of log, watched from beginning to end:

${table(pipelineLines(resources))}

The log stays readable for ever as objects of the bucket \`released\`; in CloudWatch it is kept three months.

## Each 1,000 participants

100 appends of 5 KB each, as in \`npm run bench -- ingest\`, every append sent alone (pages batch when they can):

${table(participants)}

That is ${(sum(participants) / 10).toFixed(2)} cents for each participant.
`
}

function main(): void {
  const text = costPage(synthesised().resources, synthesised({ scripts: 'true' }).resources)
  if (!process.argv.includes('--check')) {
    writeFileSync(page, text)
    return
  }
  if (readFileSync(page, 'utf8') === text) return
  process.stderr.write(`${page} is not what the templates cost now. Run "node lib/cost.ts" and commit it.\n`)
  process.exitCode = 1
}

if (import.meta.main) main()
