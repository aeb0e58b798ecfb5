/**
 * DuckDB's native part for the functions that touch rows, as a layer (docs/decisions/0007-duckdb-in-a-layer.md). `node
 * lib/duckdb-layer.ts` makes its folder: it fetches the package for the functions' processor from the registry and
 * holds it against the digest in package-lock.json. A synthesis does not need it; a deployment does.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CfnRule, Fn, type RemovalPolicy, type Stack } from 'aws-cdk-lib'
import * as lambda from 'aws-cdk-lib/aws-lambda'

const name = '@duckdb/node-bindings-linux-arm64'
const folder = 'dist/layers/duckdb'
/** Where Lambda's `NODE_PATH` points, below /opt. */
const inside = join(folder, 'nodejs/node_modules', name)

/** The layer, or undefined where its folder was not made: then a rule stops the deployment before anything changes. */
export function duckdbLayer(scope: Stack, removalPolicy: RemovalPolicy): lambda.ILayerVersion | undefined {
  if (!existsSync(inside)) {
    new CfnRule(scope, 'DuckdbMissing', {
      assertions: [
        {
          assert: Fn.conditionEquals('built', 'missing'),
          assertDescription: `There was no ${folder} at synthesis: run "node lib/duckdb-layer.ts" before "cdk deploy".`,
        },
      ],
    })
    return undefined
  }
  return new lambda.LayerVersion(scope, 'Duckdb', {
    code: lambda.Code.fromAsset(folder),
    description: `${name} ${lockedPackage().version}`,
    compatibleArchitectures: [lambda.Architecture.ARM_64],
    compatibleRuntimes: [lambda.Runtime.NODEJS_24_X],
    removalPolicy,
  })
}

interface Locked {
  version: string
  integrity: string
}
/** What package-lock.json says of the native package, whichever machine it was made on. */
export function lockedPackage(): Locked {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, Locked | undefined>
  }
  const found = packages[`node_modules/${name}`]
  if (!found?.integrity.startsWith('sha512-')) throw new Error(`package-lock.json does not name ${name} with a SHA-512`)
  return found
}

/** Whether bytes are what the lock promises. */
export const isLocked = (bytes: Uint8Array, { integrity }: Pick<Locked, 'integrity'>): boolean =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}` === integrity

function main(): void {
  const locked = lockedPackage()
  const temporary = mkdtempSync(join(tmpdir(), 'cloister-layer-'))
  try {
    const file = execFileSync(
      'npm',
      ['pack', '--silent', '--pack-destination', temporary, `${name}@${locked.version}`],
      { encoding: 'utf8', shell: process.platform === 'win32' },
    )
      .trim()
      .split('\n')
      .at(-1)!
    if (!isLocked(readFileSync(join(temporary, file)), locked))
      throw new Error(`${name} ${locked.version} from the registry is not what package-lock.json promises`)
    execFileSync('tar', ['-xzf', join(temporary, file), '-C', temporary])
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(dirname(inside), { recursive: true })
    renameSync(join(temporary, 'package'), inside)
    process.stdout.write(`${inside}\n`)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

if (import.meta.main) main()
