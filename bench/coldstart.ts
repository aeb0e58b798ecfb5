/**
 * Cold start of every function: size of its bundle, and the time to import it in a fresh Node process as a ratio to a
 * bare handler that imports and makes only the same SDK clients, bundled the same way. Runs take turns, each pair of
 * neighbours gives a ratio, and the median of the ratios counts: what else the machine does hits both. `--runs N`
 * (default 15); `--quick` one run of one function for each set of clients. Prints last one line of JSON.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSync } from 'esbuild'
import { serverFunctions, type ServerFunction } from '../contracts/index.ts'
import { bundleOptions, clientsOf, functionName } from '../lib/bundle.ts'
import { atMost, report } from './report.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '15' }, quick: { type: 'boolean', default: false } },
})
const runs = values.quick ? 1 : Math.max(3, Number(values.runs))
const maxRatio = 1.5
const maxBytes = 1024 * 1024

interface Sdk {
  package: string
  client: string
  commands: string[]
  /** More lines of the bare handler. */
  more?: string
}
/** What the adapters of each client use of the SDK. */
const sdks: Record<string, Sdk> = {
  table: {
    package: '@aws-sdk/client-dynamodb',
    client: 'DynamoDBClient',
    commands: ['DeleteItemCommand', 'GetItemCommand', 'PutItemCommand', 'QueryCommand', 'UpdateItemCommand'],
  },
  objects: {
    package: '@aws-sdk/client-s3',
    client: 'S3Client',
    commands: [
      'CopyObjectCommand',
      'DeleteObjectCommand',
      'GetObjectCommand',
      'HeadObjectCommand',
      'ListObjectsV2Command',
      'PutObjectCommand',
    ],
    more: `import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
acts.push((input) => getSignedUrl(objects, new GetObjectCommand(input)))`,
  },
  keys: {
    package: '@aws-sdk/client-kms',
    client: 'KMSClient',
    commands: [
      'CreateAliasCommand',
      'CreateKeyCommand',
      'DecryptCommand',
      'DescribeKeyCommand',
      'GenerateMacCommand',
      'GetPublicKeyCommand',
      'ScheduleKeyDeletionCommand',
    ],
  },
  workflow: {
    package: '@aws-sdk/client-sfn',
    client: 'SFNClient',
    commands: ['DescribeExecutionCommand', 'StartExecutionCommand', 'StopExecutionCommand'],
  },
  logs: {
    package: '@aws-sdk/client-cloudwatch-logs',
    client: 'CloudWatchLogsClient',
    commands: ['GetLogEventsCommand'],
  },
  mail: { package: '@aws-sdk/client-sesv2', client: 'SESv2Client', commands: ['SendEmailCommand'] },
  compute: {
    package: '@aws-sdk/client-batch',
    client: 'BatchClient',
    commands: ['DescribeJobsCommand', 'ListJobsCommand', 'SubmitJobCommand', 'TerminateJobCommand'],
  },
}

/** A handler that has the clients and nothing else. */
function bareHandler(clients: readonly string[]): string {
  const parts = clients.map((name) => {
    const sdk = sdks[name]
    if (sdk === undefined) throw new Error(`bench/coldstart.ts does not know what the client "${name}" uses of the SDK`)
    const commands = sdk.commands.join(', ')
    return `import { ${commands}, ${sdk.client} } from '${sdk.package}'
const ${name} = new ${sdk.client}({})
acts.push((input) => Promise.all([${commands}].map((Command) => ${name}.send(new Command(input)))))
${sdk.more ?? ''}`
  })
  return [
    'const acts = []',
    ...parts,
    'export const handler = (event) => Promise.all(acts.map((act) => act(event)))\n',
  ].join('\n')
}

/** Every setting that a function may ask for when it is loaded (functions/wiring.ts). */
const environment = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  TABLE_NAME: 'none',
  CLOISTER_INSTALLATION: 'bench',
  MAIN_ORIGIN: 'https://main.example',
  STUDY_ORIGIN: 'https://study.example',
  OIDC_ISSUER: 'https://issuer.example',
  OIDC_JWKS_URI: 'https://issuer.example/jwks',
  OIDC_CLIENT_ID: 'bench',
  OIDC_SCOPE: 'openid',
  STATE_MACHINE_ARN: 'arn:aws:states:us-east-1:000000000000:stateMachine:bench',
  RUN_LOG_GROUP: 'bench',
  INTERACTIVE_QUEUE: 'bench',
  BATCH_QUEUE: 'bench',
  PIPELINE_QUEUE: 'bench',
  JOB_DEFINITION: 'bench',
  PIPELINE_DEFINITION: 'bench',
}

/** Milliseconds that a fresh process takes to import the file. */
function importTime(file: string): number {
  const url = JSON.stringify(`file://${file}`)
  const code = `const began = performance.now()
await import(${url}).catch((error) => { process.stderr.write(error.message); process.exit(1) })
process.stdout.write(String(performance.now() - began)); process.exit()`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    env: environment,
    encoding: 'utf8',
  })
  // A bundle is one line of a megabyte: only what the error says.
  if (status !== 0) throw new Error(`${file.split('/').at(-1)} cannot be loaded: ${stderr.slice(0, 500)}`)
  return Number(stdout)
}
const median = (x: number[]): number => x.toSorted((a, b) => a - b)[Math.floor(x.length / 2)]!
const round = (x: number, digits = 1): number => Number(x.toFixed(digits))

interface Figures {
  bytes: number
  ms: number
  bareMs: number
  ratio: number
}

/** Bundles a function and its bare counterpart into `folder`, and imports both by turns. */
function measure(folder: string, serverFunction: ServerFunction): Figures {
  const name = functionName(serverFunction)
  const clients = clientsOf(serverFunction.grants)
  const own = join(folder, `${name}.mjs`)
  const plain = join(folder, `bare-${clients.join('-')}.mjs`)
  const source = resolve('dist/bench', `bare-${clients.join('-')}.mjs`)
  buildSync({ ...bundleOptions, entryPoints: [serverFunction.entry], outfile: own })
  mkdirSync('dist/bench', { recursive: true })
  writeFileSync(source, bareHandler(clients))
  buildSync({ ...bundleOptions, entryPoints: [source], outfile: plain })
  const times = { own: [] as number[], plain: [] as number[] }
  if (!values.quick) {
    importTime(own)
    importTime(plain)
  }
  for (let i = 0; i < runs; i++) {
    const order = i % 2 === 0 ? (['own', 'plain'] as const) : (['plain', 'own'] as const)
    for (const which of order) times[which].push(importTime(which === 'own' ? own : plain))
  }
  const figures = {
    bytes: statSync(own).size,
    ms: round(median(times.own)),
    bareMs: round(median(times.plain)),
    ratio: round(median(times.own.map((ms, i) => ms / times.plain[i]!)), 2),
  }
  const size = `${String(Math.round(figures.bytes / 1024)).padStart(5)} KB`
  const bare = `bare (${clients.join(', ')}) ${figures.bareMs.toFixed(1).padStart(6)} ms`
  console.log(
    `${name.padEnd(22)} ${size}  ${figures.ms.toFixed(1).padStart(6)} ms  ${bare}  ratio ${figures.ratio.toFixed(2)}`,
  )
  return figures
}

const clientsKey = (f: ServerFunction): string => clientsOf(f.grants).join()
const measured = values.quick
  ? serverFunctions.filter((f, i) => serverFunctions.findIndex((g) => clientsKey(g) === clientsKey(f)) === i)
  : serverFunctions

const folder = mkdtempSync(join(tmpdir(), 'cloister-coldstart-'))
const functions: Record<string, Figures> = {}
try {
  for (const served of measured) functions[functionName(served)] = measure(folder, served)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const all = Object.values(functions)
report(
  'coldstart',
  values.quick,
  { rounds: runs, functions },
  {
    ratio: atMost(maxRatio, Math.max(...all.map((f) => f.ratio))),
    bytes: atMost(maxBytes, Math.max(...all.map((f) => f.bytes))),
  },
)
