/** Opened runs as files: JSON, CSV, Psych-DS. */
import { strToU8, zipSync } from 'fflate'
import { cellText, columnsOf, toCsv } from './csv.ts'
import type { OpenedRun } from './model.ts'
import { platformColumns, tableRows } from './rows.ts'

export interface ExportOf {
  study: { studyId: string; title: string; description: string }
  runs: readonly OpenedRun[]
  purpose: string
  at: Date
}

const fromMap = (m: ReadonlyMap<string, unknown>): Record<string, unknown> => Object.fromEntries(m)

/**
 * All runs as one JSON document: the run's facts, its trials as recorded, its session, its files by name and its
 * findings.
 */
export function toJson(x: ExportOf): string {
  return `${JSON.stringify(
    {
      format: 'cloister-results-1',
      study: x.study,
      exported: x.at.toISOString(),
      purpose: x.purpose,
      runs: x.runs.map((r) => ({
        ...r.row,
        findings: r.findings,
        ...(r.session === undefined ? {} : { session: r.session }),
        files: r.files.map((f) => ({ name: f.name, type: f.type, part: f.part, seq: f.seq, bytes: f.bytes.length })),
        trials: r.trials.map((t) => ({ part: t.part, seq: t.seq, data: fromMap(t.data) })),
      })),
    },
    null,
    2,
  )}\n`
}

/**
 * All trials of all runs as one CSV, one row a trial; the platform's columns come first even when there are no trials.
 */
export function trialsCsv(x: Pick<ExportOf, 'runs'>): string {
  const rows = tableRows(x.runs)
  return toCsv(rows, [...new Set<string>([...platformColumns, ...columnsOf(rows)])])
}

const keyword = (s: string, fallback: string): string =>
  s
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 60) || fallback
const nameOfRun = (runId: string): string => keyword(runId.replace(/^run_/, ''), 'run')
const platformMeaning: Record<(typeof platformColumns)[number], string> = {
  run_id: 'Run: one participation, without the participant’s identity',
  run_condition: 'Condition that the run was assigned to',
  run_version: 'Published version of the study that was run',
  part: 'Part of the study that recorded the row',
  seq: 'Number of the record within its run, counted from 1',
}

/** Describes one column as schema.org PropertyValue, with what its values show and no more. */
function variable(name: string, values: unknown[]): Record<string, unknown> {
  const present = values.filter((v) => v !== undefined && v !== null && v !== '')
  const numbers = present.filter((v) => typeof v === 'number')
  const meaning = name in platformMeaning ? platformMeaning[name as keyof typeof platformMeaning] : undefined
  const type =
    present.length === 0
      ? undefined
      : numbers.length === present.length
        ? 'number'
        : present.every((v) => typeof v === 'boolean')
          ? 'boolean'
          : 'string'
  return {
    '@type': 'PropertyValue',
    name,
    ...(meaning ? { description: meaning } : {}),
    ...(type ? { value: type } : {}),
  }
}

/**
 * A Psych-DS dataset as a zip (schema 1.5): `dataset_description.json`, one `data/study-…_run-…_data.csv` a run,
 * participants' files under `data/raw/run-…/`, a README and a CHANGES. Every file has every column, so that files can
 * be put under one another.
 */
export function toPsychDs(x: ExportOf): Uint8Array {
  const all = tableRows(x.runs)
  const columns = [...new Set<string>([...platformColumns, ...columnsOf(all)])]
  const study = keyword(x.study.title, keyword(x.study.studyId, 'study'))
  const findings = x.runs.flatMap((r) => r.findings.map((f) => `- ${r.row.runId}: ${f.message}`))
  const description = {
    '@context': 'https://schema.org/',
    '@type': 'Dataset',
    name: x.study.title,
    description: x.study.description || `Results of the study “${x.study.title}”`,
    schemaVersion: 'Psych-DS 1.5.1',
    identifier: x.study.studyId,
    dateCreated: x.at.toISOString().slice(0, 10),
    keywords: ['behavioural data'],
    variableMeasured: columns.map((c) =>
      variable(
        cellText(c),
        all.map((row) => row.get(c)),
      ),
    ),
  }
  const files: Record<string, Uint8Array> = {
    'dataset_description.json': strToU8(`${JSON.stringify(description, null, 2)}\n`),
    'README.md': strToU8(
      [
        `# ${x.study.title}`,
        '',
        `${x.runs.length} runs, ${all.length} rows, opened on ${x.at.toISOString()} for: ${x.purpose}`,
        '',
        'A text that begins with `=`, `+`, `-`, `@`, tab or carriage return carries an apostrophe in front, so that no spreadsheet runs it. Nested values are JSON.',
        '',
        ...(findings.length ? ['## What is not whole', '', ...findings, ''] : []),
      ].join('\n'),
    ),
    'CHANGES.md': strToU8(`# Changes\n\n- ${x.at.toISOString().slice(0, 10)}: exported from Cloister\n`),
  }
  for (const run of x.runs) {
    files[`data/study-${study}_run-${nameOfRun(run.row.runId)}_data.csv`] = strToU8(toCsv(tableRows([run]), columns))
    for (const f of run.files) files[`data/raw/run-${nameOfRun(run.row.runId)}/${f.name}`] = f.bytes
  }
  return zipSync(files, { mtime: x.at })
}

/** A file name from a study's title: lower case, words joined by hyphens. */
export const fileStem = (title: string): string =>
  title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60) || 'study'
