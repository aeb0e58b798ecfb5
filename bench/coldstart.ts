/**
 * Cold start of every function: size of its bundle, and the time to import it in a fresh Node process as a ratio to a
 * bare handler that imports and makes only the same SDK clients, bundled the same way. Runs take turns, each pair of
 * neighbours gives a ratio, and the median of the ratios counts: what else the machine does hits both. `--runs N`
 * (default 15). Prints last one line of JSON.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSync } from 'esbuild'
import { serverFunctions } from '../contracts/index.ts'
import { bundleOptions, clientsOf, functionName } from '../lib/bundle.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '15' } } })
const runs = Math.max(3, Number(values.runs))
const maxRatio = 1.5
const maxBytes = 1024 * 1024

const bareImports: Record<string, string> = {
  table: `import { DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
const table = new DynamoDBClient({})
acts.push((input) => Promise.all([GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand, DeleteItemCommand].map((Command) => table.send(new Command(input)))))`,
  objects: `import { CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
const objects = new S3Client({})
acts.push((input) => Promise.all([CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand].map((Command) => objects.send(new Command(input)))))
acts.push((input) => getSignedUrl(objects, new GetObjectCommand(input)))`,
  keys: `import { CreateAliasCommand, CreateKeyCommand, DecryptCommand, DescribeKeyCommand, GenerateMacCommand, GetPublicKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms'
const keys = new KMSClient({})
acts.push((input) => Promise.all([CreateAliasCommand, CreateKeyCommand, DecryptCommand, DescribeKeyCommand, GenerateMacCommand, GetPublicKeyCommand, ScheduleKeyDeletionCommand].map((Command) => keys.send(new Command(input)))))`,
}

/** A handler that has the clients and nothing else. */
const bare = (clients: string[]): string =>
  `const acts = []\n${clients.map((c) => bareImports[c]).join('\n')}\nexport const handler = (event) => Promise.all(acts.map((act) => act(event)))\n`

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
}
/** Milliseconds that a fresh process takes to import the file. */
const importTime = (file: string): number =>
  Number(
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const t = performance.now(); await import(${JSON.stringify(`file://${file}`)}); process.stdout.write(String(performance.now() - t)); process.exit()`,
      ],
      { env: environment, encoding: 'utf8' },
    ),
  )
const median = (x: number[]): number => x.toSorted((a, b) => a - b)[Math.floor(x.length / 2)]!
const round = (x: number, digits = 1): number => Number(x.toFixed(digits))

const folder = mkdtempSync(join(tmpdir(), 'cloister-coldstart-'))
const figures: Record<string, { bytes: number; ms: number; bareMs: number; ratio: number }> = {}
try {
  for (const f of serverFunctions) {
    const name = functionName(f)
    const own = join(folder, `${name}.mjs`)
    buildSync({ ...bundleOptions, entryPoints: [f.entry], outfile: own })
    const clients = clientsOf(f.grants)
    const plain = join(folder, `bare-${clients.join('-')}.mjs`)
    const source = resolve('dist/bench', `bare-${clients.join('-')}.mjs`)
    mkdirSync('dist/bench', { recursive: true })
    writeFileSync(source, bare(clients))
    buildSync({ ...bundleOptions, entryPoints: [source], outfile: plain })
    const times = { own: [] as number[], plain: [] as number[] }
    importTime(own)
    importTime(plain)
    for (let i = 0; i < runs; i++) {
      const order = i % 2 === 0 ? (['own', 'plain'] as const) : (['plain', 'own'] as const)
      for (const which of order) times[which].push(importTime(which === 'own' ? own : plain))
    }
    const [ms, bareMs] = [median(times.own), median(times.plain)]
    figures[name] = {
      bytes: statSync(own).size,
      ms: round(ms),
      bareMs: round(bareMs),
      ratio: round(median(times.own.map((x, i) => x / times.plain[i]!)), 2),
    }
    process.stdout.write(
      `${name.padEnd(22)} ${String(Math.round(figures[name].bytes / 1024)).padStart(5)} KB  ${ms.toFixed(1).padStart(6)} ms  bare (${clients.join(', ')}) ${bareMs.toFixed(1).padStart(6)} ms  ratio ${figures[name].ratio.toFixed(2)}\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const worst = Math.max(...Object.values(figures).map((f) => f.ratio))
const largest = Math.max(...Object.values(figures).map((f) => f.bytes))
process.stdout.write(
  `${JSON.stringify({
    bench: 'coldstart',
    machine: {
      cores: availableParallelism(),
      cpu: cpus()[0]?.model,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    },
    runs,
    figures,
    goals: {
      ratio: { goal: maxRatio, got: worst, met: worst <= maxRatio },
      bytes: { goal: maxBytes, got: largest, met: largest <= maxBytes },
    },
  })}\n`,
)
