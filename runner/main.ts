/**
 * The runner: what the Batch container starts, and the local host as a child process. `CLOISTER_MANIFEST` is the signed
 * link of a `Manifest` (domain/jobs/manifest.ts). Exits with 0 once the report is handed over, 1 when the platform
 * failed (worth another try), 143 when it was stopped. Says nothing of the data on the way.
 *
 * For a pipeline `CLOISTER_LOG` is the file its log is appended to (without it the log is written to standard output),
 * `CLOISTER_LOG_KEY` the key (base64) that its lines are sealed by, and `CLOISTER_PATIENCE` how many seconds a store
 * that is away is waited for. `CLOISTER_RECORD` is a file in which such a runner says who it is before it does
 * anything: where there is one already, another is at it, and this one leaves. `CLOISTER_CONFINEMENT` forces a
 * confinement; `bubblewrap:probed` also says that it was tried already. A parent that gave it an IPC channel takes it
 * along when it ends.
 */
import type { Manifest } from '../domain/jobs/manifest.ts'
import { type Confinement, confinements } from '../domain/release/run-report.ts'
import type { PipelineManifest } from '../domain/pipelines/manifest.ts'
import type { SynthesisManifest } from '../domain/synthesis/manifest.ts'
import { writeFileSync } from 'node:fs'
import { processStartTime, sweepLeftovers } from './own-folders.ts'
import { LinkFailed, overHttp, putReport } from './io.ts'
import { runJob } from './job.ts'

const stop = new AbortController()

/** Every process and file goes before this one does. A second signal changes nothing. */
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => {
    stop.abort()
  })
if (process.channel)
  process.on('disconnect', () => {
    stop.abort()
  })

/** Says in a file who is at work; false when somebody said so before. */
function first(record: string): boolean {
  try {
    writeFileSync(
      record,
      JSON.stringify({
        pid: process.pid,
        born: processStartTime('self'),
        attempt: Number(process.env['CLOISTER_ATTEMPT']),
        until: Number(process.env['CLOISTER_UNTIL']),
      }),
      { flag: 'wx', mode: 0o600 },
    )
    return true
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw e
  }
}

/** What is to be done. A store that is away is asked again, for as long as this runner has patience. */
async function orders(url: string): Promise<Manifest | SynthesisManifest | PipelineManifest> {
  for (const until = performance.now() + Number(process.env['CLOISTER_PATIENCE'] ?? 0) * 1000; ;) {
    try {
      return JSON.parse((await overHttp.get({ url, headers: {} })).toString('utf8')) as
        | Manifest
        | SynthesisManifest
        | PipelineManifest
    } catch (e) {
      if (
        !(e instanceof LinkFailed) ||
        performance.now() > until ||
        stop.signal.aborted ||
        /answered 4/.test(e.message)
      )
        throw e
    }
  }
}

/** Confinement that is forced, if any, and whether it was tried already. */
type Forced = { confinement?: Confinement; probed?: boolean }

async function runPipelineManifest(manifest: PipelineManifest, forced: Forced): Promise<void> {
  const [{ runPipeline }, { pipelineHttp }, { fileSink, placedSink }, { sayStream }] = await Promise.all([
    import('./pipeline.ts'),
    import('./pipeline-io.ts'),
    import('./pipeline-log.ts'),
    import('./pipeline-stream.ts'),
  ])
  const print = (text: string): void => {
    process.stdout.write(text)
  }
  const file = process.env['CLOISTER_LOG']
  const key = process.env['CLOISTER_LOG_KEY']
  delete process.env['CLOISTER_LOG_KEY']
  const io = pipelineHttp(Number(process.env['CLOISTER_PATIENCE'] ?? 300) * 1000)
  const sink = file
    ? fileSink(file, key === undefined ? undefined : Buffer.from(key, 'base64'))
    : placedSink(print, await sayStream(manifest, io))
  await runPipeline(manifest, io, { signal: stop.signal, sink, ...forced })
}

async function main(): Promise<number> {
  const url = process.env['CLOISTER_MANIFEST']
  const [name, probed] = (process.env['CLOISTER_CONFINEMENT'] ?? '').split(':')
  delete process.env['CLOISTER_MANIFEST']
  if (!url) {
    process.stderr.write('runner: CLOISTER_MANIFEST is not set\n')
    return 1
  }
  const confinement = confinements.find((c) => c === name)
  if (name && !confinement) {
    process.stderr.write('runner: CLOISTER_CONFINEMENT names no confinement\n')
    return 1
  }
  const forced: Forced = confinement ? { confinement, probed: probed === 'probed' } : {}
  const record = process.env['CLOISTER_RECORD']
  if (record && !first(record)) return 0
  sweepLeftovers()
  let doing = 'fetching the manifest'
  try {
    const manifest = await orders(url)
    doing = 'running the job'
    if ('kind' in manifest && manifest.kind === 'pipeline') {
      await runPipelineManifest(manifest, forced)
      return 0
    }
    if (manifest.runtime === 'synthesis') {
      // Loaded when needed: it brings a database engine that scripts would wait for.
      const { runSynthesis } = await import('./synthesis.ts')
      await runSynthesis(manifest, overHttp, stop.signal)
      return 0
    }
    const report = await runJob(manifest, overHttp, { signal: stop.signal, ...forced })
    doing = 'handing over the report'
    await putReport(overHttp, manifest, report)
    return 0
  } catch (e) {
    if (stop.signal.aborted) return 143
    // The class says whose fault it was; a message could quote a link or a file.
    process.stderr.write(`runner: ${doing} failed (${(e as Error).name})\n`)
    return 1
  }
}

const code = await main()
process.disconnect?.()
process.exit(code)
