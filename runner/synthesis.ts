/**
 * Synthetic tables: fetches the real one, makes or evaluates, hands over what came out. The platform's own code, so
 * nothing here is confined; nothing of a row leaves but by the engine's draws.
 */
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { SynthesisError } from '../domain/synthesis/errors.ts'
import type { SynthesisManifest, SynthesisReport } from '../domain/synthesis/manifest.ts'
import type { RunnerIo } from './io.ts'
import { makeOwnFolder } from './own-folders.ts'
import { evaluate } from './synthesis-evaluate.ts'
import { make } from './synthesis-make.ts'
import { openTable, type RealTable } from './synthesis-table.ts'

/**
 * Runs one synthesis job and hands over its report. A table that does not fit its plan is a report with faults by
 * column; everything else that goes wrong is thrown.
 */
export async function runSynthesis(manifest: SynthesisManifest, io: RunnerIo, signal: AbortSignal): Promise<void> {
  const folder = await makeOwnFolder('synthesis')
  let real: RealTable | undefined
  try {
    let report: SynthesisReport
    try {
      real = await openTable(io, manifest.table, manifest.format, folder)
      report =
        manifest.act === 'make'
          ? { job: manifest.job, made: await make(manifest, io, real, folder, signal) }
          : { job: manifest.job, evaluated: await evaluate(manifest, io, real, folder) }
    } catch (e) {
      if (!(e instanceof SynthesisError)) throw e
      report = {
        job: manifest.job,
        faults: [{ ...(e.column === undefined ? {} : { column: e.column }), message: e.message }],
      }
    }
    await io.put(manifest.report, await promisify(gzip)(JSON.stringify(report)))
  } finally {
    real?.close()
    await rm(folder, { recursive: true, force: true })
  }
}
