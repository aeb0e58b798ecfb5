/** Jobs for tests: a manifest whose links lead into memory. */
import { writeFile } from 'node:fs/promises'
import type { Manifest, Plan, ScriptRuntime } from '../domain/jobs/manifest.ts'
import type { Report, RunReport } from '../domain/release/run-report.ts'
import type { RunnerIo } from './io.ts'
import { runJob, type RunnerOptions } from './job.ts'

const personRow = (person: number): string => {
  const cells = [`P${String(person).padStart(3, '0')}`, 40 + (person % 25), (person * 37) % 101]
  return `${cells.join(',')},${person % 3 === 0 ? 'a' : 'b'}\n`
}
/** 64 people. */
export const subjectsCsv = `subject_id,age,score,arm\n${Array.from({ length: 64 }, (_, i) => personRow(i)).join('')}`
export const smallLimits: Manifest['limits'] = {
  seconds: 20,
  memoryMb: 512,
  cpus: 1,
  processes: 32,
  outputBytes: 1_000_000,
  outputFiles: 5,
}

export interface Given {
  runtime?: ScriptRuntime
  plan?: Plan
  limits?: Partial<Manifest['limits']>
  parameters?: unknown
  tables?: Record<string, string>
  pathColumn?: Record<string, string>
  volumes?: Record<string, Uint8Array>
  shared?: Record<string, Uint8Array>
}

/** A manifest and the bytes behind its links. */
export function jobOf(
  code: string,
  given: Given = {},
): { manifest: Manifest; io: RunnerIo; objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>([['code', Buffer.from(code)]])
  const link = (name: string, bytes?: Uint8Array): { url: string; headers: Record<string, string> } => {
    if (bytes) objects.set(name, bytes)
    return { url: name, headers: {} }
  }
  const manifest: Manifest = {
    job: 'test',
    runtime: given.runtime ?? 'python',
    dataset: 'people',
    code: link('code'),
    parameters: given.parameters ?? {},
    tables: Object.entries(given.tables ?? { 'subjects.csv': subjectsCsv }).map(([file, text]) => ({
      file,
      subject: 'subject_id',
      link: link(file, Buffer.from(text)),
      ...(given.pathColumn?.[file] ? { pathColumn: given.pathColumn[file] } : {}),
    })),
    volumes: Object.entries(given.volumes ?? {}).map(([file, bytes]) => ({ file, link: link(file, bytes) })),
    shared: Object.entries(given.shared ?? {}).map(([file, bytes]) => ({ file, link: link(file, bytes) })),
    plan: given.plan ?? { kind: 'whole' },
    partitionKey: '5a'.repeat(32),
    limits: { ...smallLimits, ...given.limits },
    report: link('report'),
  }
  return {
    manifest,
    objects,
    io: {
      get: (l) => Promise.resolve(Buffer.from(objects.get(l.url)!)),
      put: (link, bytes) => {
        objects.set(link.url, bytes)
        return Promise.resolve()
      },
      save: (l, path) => writeFile(path, objects.get(l.url)!),
    },
  }
}

/**
 * Runs code on the test's people; answers the report. Without the gate's pace, and a run that fails only once, unless
 * `options` say otherwise.
 */
export async function report(code: string, given: Given = {}, options: RunnerOptions = {}): Promise<Report> {
  const { manifest, io } = jobOf(code, given)
  return runJob(manifest, io, { compared: false, ...options })
}

/** Runs code once; answers its one run. */
export const once = async (code: string, given: Given = {}, options: RunnerOptions = {}): Promise<RunReport> =>
  (await report(code, given, options)).runs[0]!

export const output = (run: RunReport, file = 'result.json'): string | undefined => {
  const output = run.outputs.find((f) => f.file === file)
  return output && Buffer.from(output.bytes, 'base64').toString('utf8')
}
export const json = (run: RunReport, file?: string): any => JSON.parse(output(run, file) ?? 'null')
