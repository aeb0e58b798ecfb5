/** What a thousand of something cause: participants, SQL jobs, scripts, runs of pipelines. */
import { secondsToNextLook } from '../domain/jobs/looking.ts'
import { lookAfterSeconds } from '../domain/runs/life.ts'
import type { Line } from './cost-lines.ts'
import { price } from './prices.ts'
import type { Resource } from './testing.ts'

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
  // A visit of half an hour.
  const looks = Math.ceil((30 * 60) / lookAfterSeconds)
  // 5 KB sealed and in base64url, with hashes and keys: under 8 KB, 8 write units.
  const chunkKb = 8
  const each = (x: number): number => x / 1_000_000
  const million = price.million
  return [
    { what: 'API requests', count: calls, each: each(million['API request']), note: '100 appends and 6 others each' },
    {
      what: 'CloudFront requests',
      count: calls + pages,
      each: each(million['CloudFront request']),
      note: 'and 40 files each; the first 10 million a month are free, not counted here',
    },
    { what: 'Firewall requests', count: calls + pages, each: each(million['firewall request']), note: '' },
    { what: 'Function calls', count: calls, each: each(million['function call']), note: '' },
    {
      what: 'Function GB-seconds',
      count: Math.round(calls * seconds * memoryGb),
      each: price['function GB-second (arm64)'],
      note: `${seconds * 1000} ms at ${memoryGb * 1024} MB`,
    },
    {
      what: 'Table writes: chunks',
      count: appends * chunkKb,
      each: each(million['table write unit']),
      note: `${chunkKb} units (8 KB) each`,
    },
    {
      what: 'Table writes: run counters, in table and index',
      count: participants * 100 * 2 * 2,
      each: each(million['table write unit']),
      note: 'at most every 2 s: counted as once an append, 2 KB',
    },
    {
      what: 'Table writes: when the sweep looks next, in table and index',
      count: participants * looks * 3,
      each: each(million['table write unit']),
      note: `once a minute while records come, for ${looks} minutes`,
    },
    {
      what: 'Table reads',
      count: appends * 2 + participants * (30 + looks * 6),
      each: each(million['table read unit']),
      note: 'the run before each append, strongly consistent; the run and its newest chunks at each look',
    },
    {
      what: 'MACs',
      count: participants * 3,
      each: each(million['MAC']),
      note: 'run token, pseudonym, withdrawal code',
    },
    {
      what: 'Public keys',
      count: participants,
      each: each(million['public key (RSA-3072)']),
      note: 'at worst; warm functions keep them',
    },
    {
      what: 'Opening: RSA decryptions',
      count: participants,
      each: each(million['RSA decryption']),
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
  const million = price.million
  return [
    {
      what: 'API requests: asking, looking, taking',
      count: jobs * 20,
      each: million['API request'] / 1e6,
      note: 'one look a second while it runs',
    },
    {
      what: 'State transitions',
      count: jobs * 6,
      each: million['state transition'] / 1e6,
      note: 'prepare, which, query, check, settle; the first 4,000 a month are free, not counted here',
    },
    { what: 'Function calls', count: jobs * 25, each: million['function call'] / 1e6, note: '' },
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
      each: million['table write unit'] / 1e6,
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
