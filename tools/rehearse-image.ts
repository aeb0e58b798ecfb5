/**
 * `node tools/rehearse-image.ts [folder]`: rehearses runner/Dockerfile without Docker. Makes a Debian 13 with
 * debootstrap, puts this Node in its place, walks the Dockerfile's COPY and RUN steps in a chroot, and runs a Python,
 * an R and a notebook job there as Fargate would: as root without namespaces, the runner dropping to a user per run.
 * Needs root and Debian's mirror; takes five to ten minutes.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { defaultLimits, type Manifest, type ScriptRuntime } from '../domain/jobs/manifest.ts'
import type { Report } from '../domain/release/run-report.ts'
import { buildRunner } from './build-runner.ts'

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(0)} s`

function must(what: string, command: string, args: string[]): void {
  const started = performance.now()
  const { status, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      DEBIAN_FRONTEND: 'noninteractive',
      LC_ALL: 'C',
    },
  })
  if (status !== 0) throw new Error(`${what} failed\n${error?.message ?? ''}${(stderr ?? '').slice(-4000)}`)
  console.log(`${what} (${seconds(started)})`)
}

/** The steps of a Dockerfile, with continued lines joined and comments left out. */
export const stepsOf = (dockerfile: string): { word: string; rest: string }[] =>
  dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((l) => l.trim() !== '')
    .map((line) => {
      const [word = '', ...rest] = line.trim().split(/\s+/)
      return { word, rest: rest.join(' ') }
    })

const people = `subject_id,age,arm\n${Array.from({ length: 60 }, (_, i) => `P${i},${40 + (i % 30)},${i % 2}`).join('\n')}\n`
const jobs: [ScriptRuntime, string][] = [
  [
    'python',
    `import json, os, pandas, scipy.stats, statsmodels.api, sklearn.linear_model, nibabel
d = pandas.read_csv('/data/catalogs/people/subjects.csv')
json.dump({'mean': d.age.mean()}, open(os.environ['CLOISTER_OUTPUT'] + '/result.json', 'w'))`,
  ],
  [
    'r',
    `d <- read.csv(file.path(Sys.getenv('DATA_ROOT'), 'catalogs/people/subjects.csv'))
cloister$model('arm', glm(arm ~ age, family = binomial, data = d))`,
  ],
  [
    'notebook',
    JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: { language: 'python' } },
      cells: [
        { cell_type: 'code', source: ['%matplotlib inline\n', 'import cloister, pandas'] },
        {
          cell_type: 'code',
          source: "cloister.scalar('mean', pandas.read_csv(cloister.data('subjects.csv')).age.mean())",
        },
      ],
    }),
  ],
]

/** What a container of an image is started with. */
interface Image {
  env: Record<string, string>
  entry: string[]
}
/** Runs one job in the chroot; answers its report. */
async function runIn(chroot: string, image: Image, runtime: ScriptRuntime, code: string): Promise<Report> {
  let report: Report | undefined
  const server = createServer((request, response) => {
    const link = (path: string): { url: string; headers: Record<string, string> } => ({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
      headers: {},
    })
    const manifest: Manifest = {
      job: 'rehearsal',
      runtime,
      dataset: 'people',
      code: link('/code'),
      parameters: {},
      tables: [{ file: 'subjects.csv', subject: 'subject_id', link: link('/table') }],
      volumes: [],
      shared: [],
      plan: { kind: 'leave-out', blocks: 2 },
      partitionKey: '07'.repeat(32),
      limits: { ...defaultLimits, seconds: 60 },
      report: link('/report'),
    }
    const parts: Buffer[] = []
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        if (request.url === '/report') report = JSON.parse(gunzipSync(Buffer.concat(parts)).toString('utf8')) as Report
        response.end(
          { '/manifest': JSON.stringify(manifest), '/code': code, '/table': people }[request.url ?? ''] ?? '',
        )
      })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const child = spawn('/usr/sbin/chroot', [chroot, ...image.entry], {
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      ...image.env,
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
      CLOISTER_MANIFEST: `http://127.0.0.1:${(server.address() as AddressInfo).port}/manifest`,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const status = await new Promise((resolve) => {
    child.once('exit', resolve).once('error', resolve)
  })
  server.close()
  if (status !== 0 || !report) throw new Error(`the ${runtime} job ended with ${String(status)}`)
  return report
}

/** A bare Debian 13 with the Node.js that runs this; one that is there already is kept. */
function bootstrap(chroot: string): void {
  const mirror = process.env['DEBIAN_MIRROR']
  const made = existsSync(join(chroot, 'usr/bin/apt-get'))
  const from = ['--variant=minbase', 'trixie', chroot, ...(mirror ? [mirror] : [])]
  if (!made) must('debootstrap trixie', '/usr/sbin/debootstrap', from)
  mkdirSync(join(chroot, 'usr/local/bin'), { recursive: true })
  copyFileSync(process.execPath, join(chroot, 'usr/local/bin/node'))
  if (existsSync('/etc/resolv.conf')) cpSync('/etc/resolv.conf', join(chroot, '/etc/resolv.conf'))
}

/** COPY of a Dockerfile: one file or folder, or all files of an ending (`*.mjs`). */
function copyIn(context: string, chroot: string, from: string, to: string): void {
  if (!from.startsWith('*')) {
    cpSync(join(context, from), join(chroot, to), { recursive: true })
    return
  }
  const files = readdirSync(context).filter((file) => file.endsWith(from.slice(1)))
  for (const file of files) cpSync(join(context, file), join(chroot, to, file))
}

/** Follows the Dockerfile of `context` in the chroot, and answers what a container of the image is started with. */
function build(context: string, chroot: string): Image {
  const image: Image = { env: {}, entry: [] }
  const follow: Record<string, (rest: string) => void> = {
    RUN: (rest) => must(`RUN ${rest.slice(0, 60)} ...`, 'chroot', [chroot, '/bin/sh', '-c', rest]),
    COPY: (rest) => {
      const [from = '', to = ''] = rest.split(' ')
      copyIn(context, chroot, from, to)
    },
    ENV: (rest) => {
      for (const [name = '', value = ''] of rest.split(' ').map((pair) => pair.split('='))) image.env[name] = value
    },
    ENTRYPOINT: (rest) => {
      image.entry = JSON.parse(rest) as string[]
    },
  }
  for (const { word, rest } of stepsOf(readFileSync(join(context, 'Dockerfile'), 'utf8'))) follow[word]?.(rest)
  return image
}

/** Runs one job in the image, and throws when any of its three runs is not as it should be. */
async function tryJob(chroot: string, image: Image, runtime: ScriptRuntime, code: string): Promise<void> {
  const started = performance.now()
  const report = await runIn(chroot, image, runtime, code)
  const bad = report.runs.filter((run) => run.end !== 'finished' || run.outputs.length !== 1)
  if (report.runs.length !== 3 || bad.length > 0)
    throw new Error(`the ${runtime} job: ${JSON.stringify(report).slice(0, 3000)}`)
  const { file, bytes } = report.runs[0]!.outputs[0]!
  const text = Buffer.from(bytes, 'base64').toString('utf8').slice(0, 100)
  const ran = `${report.runs.length} runs under ${report.confinement}`
  console.log(`${runtime}: ${ran}, ${basename(file)} ${text} (${seconds(started)})`)
}

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('Rehearsing the image needs root: debootstrap and chroot do.')
  if (!existsSync('/usr/sbin/debootstrap'))
    must('apt-get install debootstrap', 'apt-get', ['-q', '-y', 'install', '--no-install-recommends', 'debootstrap'])
  const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'cloister-image-'))
  const chroot = join(folder, 'image')
  const context = await buildRunner(join(folder, 'context'))
  const mounts = ['proc', 'dev'].map((name) => join(chroot, name))
  try {
    bootstrap(chroot)
    must('mount /proc', 'mount', ['-t', 'proc', 'proc', mounts[0]!])
    must('mount /dev', 'mount', ['--bind', '/dev', mounts[1]!])
    const image = build(context, chroot)
    for (const [runtime, code] of jobs) await tryJob(chroot, image, runtime, code)
    writeFileSync(join(folder, 'rehearsed'), '')
    console.log('The image works.')
  } finally {
    for (const mount of [...mounts].reverse()) spawnSync('umount', ['-l', mount])
    if (!process.argv[2]) rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1]?.endsWith('rehearse-image.ts')) await main()
