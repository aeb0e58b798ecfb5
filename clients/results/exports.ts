/** Opened runs as files: JSON, CSV, Psych-DS. */
import { strToU8, zipSync } from 'fflate'
import { cellText, columnsOf, toCsv } from './csv.ts'
import type { OpenedRun } from './model.ts'
import { platformColumns, tableRows } from './rows.ts'

/** What is exported: runs of a study with their content, why they were opened, and when. */
export interface ExportOf {
  study: { studyId: string; title: string; description: string }
  runs: readonly OpenedRun[]
  purpose: string
  at: Date
}

const jsonOfRun = ({ row, findings, session, files, trials }: OpenedRun): Record<string, unknown> => ({
  ...row,
  findings,
  ...(session === undefined ? {} : { session }),
  files: files.map(({ name, type, part, seq, bytes }) => ({ name, type, part, seq, bytes: bytes.length })),
  trials: trials.map(({ part, seq, data }) => ({ part, seq, data: Object.fromEntries(data) })),
})

/**
 * All runs as one JSON document: the run's facts, its trials as recorded, its session, its files by name and size in
 * bytes, and its findings.
 */
export function toJson({ study, runs, purpose, at }: ExportOf): string {
  const results = {
    format: 'cloister-results-1',
    study,
    exported: at.toISOString(),
    purpose,
    runs: runs.map(jsonOfRun),
  }
  return `${JSON.stringify(results, null, 2)}\n`
}

/** The platform's columns, then those of the trials. */
const allColumns = (rows: readonly ReadonlyMap<string, unknown>[]): string[] => [
  ...new Set<string>([...platformColumns, ...columnsOf(rows)]),
]

/**
 * All trials of all runs as one CSV, one row a trial; the platform's columns come first even when there are no trials.
 */
export function trialsCsv({ runs }: Pick<ExportOf, 'runs'>): string {
  const rows = tableRows(runs)
  return toCsv(rows, allColumns(rows))
}

/** A value of a keyword in a Psych-DS file name: letters and digits. */
const keyword = (text: string, fallback: string): string =>
  text
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

/** The one type of all values that are there, `string` for mixed ones; undefined when nothing is there. */
function typeOf(values: readonly unknown[]): 'number' | 'boolean' | 'string' | undefined {
  const present = values.filter((value) => value !== undefined && value !== null && value !== '')
  if (present.length === 0) return undefined
  if (present.every((value) => typeof value === 'number')) return 'number'
  return present.every((value) => typeof value === 'boolean') ? 'boolean' : 'string'
}

/** Describes one column as schema.org PropertyValue, with what its values show and no more. */
function variable(name: string, values: readonly unknown[]): Record<string, unknown> {
  const description = name in platformMeaning ? platformMeaning[name as keyof typeof platformMeaning] : undefined
  const value = typeOf(values)
  return {
    '@type': 'PropertyValue',
    name,
    ...(description ? { description } : {}),
    ...(value ? { value } : {}),
  }
}

type Rows = ReturnType<typeof tableRows>

const descriptionOf = ({ study, at }: ExportOf, rows: Rows, columns: readonly string[]): Record<string, unknown> => ({
  '@context': 'https://schema.org/',
  '@type': 'Dataset',
  name: study.title,
  description: study.description || `Results of the study “${study.title}”`,
  schemaVersion: 'Psych-DS 1.5.1',
  identifier: study.studyId,
  dateCreated: at.toISOString().slice(0, 10),
  keywords: ['behavioural data'],
  variableMeasured: columns.map((column) =>
    variable(
      cellText(column),
      rows.map((row) => row.get(column)),
    ),
  ),
})

function readmeOf({ study, runs, purpose, at }: ExportOf, rows: Rows): string {
  const findings = runs.flatMap(({ row, findings: found }) => found.map(({ message }) => `- ${row.runId}: ${message}`))
  return [
    `# ${study.title}`,
    '',
    `${runs.length} runs, ${rows.length} rows, opened on ${at.toISOString()} for: ${purpose}`,
    '',
    'A text that begins with `=`, `+`, `-`, `@`, tab or carriage return carries an apostrophe in front, so that no spreadsheet runs it. Nested values are JSON.',
    '',
    ...(findings.length ? ['## What is not whole', '', ...findings, ''] : []),
  ].join('\n')
}

/**
 * A Psych-DS dataset as a zip (schema 1.5, https://psych-ds.github.io): `dataset_description.json`, one
 * `data/study-…_run-…_data.csv` a run, participants' files under `data/raw/run-…/`, a README and a CHANGES. Every file
 * has every column, so that files can be put under one another.
 */
export function toPsychDs(exported: ExportOf): Uint8Array {
  const { study, runs, at } = exported
  const rows = tableRows(runs)
  const columns = allColumns(rows)
  const name = keyword(study.title, keyword(study.studyId, 'study'))
  const files: Record<string, Uint8Array> = {
    'dataset_description.json': strToU8(`${JSON.stringify(descriptionOf(exported, rows, columns), null, 2)}\n`),
    'README.md': strToU8(readmeOf(exported, rows)),
    'CHANGES.md': strToU8(`# Changes\n\n- ${at.toISOString().slice(0, 10)}: exported from Cloister\n`),
  }
  for (const run of runs) {
    const runName = nameOfRun(run.row.runId)
    files[`data/study-${name}_run-${runName}_data.csv`] = strToU8(toCsv(tableRows([run]), columns))
    for (const file of run.files) files[`data/raw/run-${runName}/${file.name}`] = file.bytes
  }
  return zipSync(files, { mtime: at })
}

/** A file name from a study's title: lower case, words joined by hyphens. */
export const fileStem = (title: string): string =>
  title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'study'
