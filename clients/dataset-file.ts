/**
 * `dataset.json`: what a custodian declares of a folder, beside its files. The command line reads and writes it; the
 * demo's datasets are declared the same way.
 */
import * as z from 'zod'
import { DatasetSchema, Policy } from '../contracts/datasets.ts'
import { Name } from '../contracts/shapes.ts'
import type { DatasetSchema as Schema } from '../domain/datasets/schema.ts'
import { type DatasetPolicy, defaultDatasetPolicy } from '../domain/datasets/policy.ts'
import { fileFaults, type SchemaFault, schemaFaults } from '../domain/datasets/schema-rules.ts'

export const datasetFileName = 'dataset.json'

const Shape = z.object({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{1,59}$/, 'Lower-case letters, digits, - and _')
    .optional(),
  title: Name.optional(),
  description: z.string().max(10_000).optional(),
  declaredSubjects: z.string().max(60).optional(),
  schema: DatasetSchema.optional(),
  policy: Policy.partial().optional(),
})

/** A folder's declaration; everything may be missing but what stands in it must fit. */
export interface DatasetFile {
  name?: string
  title?: string
  description?: string
  declaredSubjects?: string
  schema?: Schema
  policy: DatasetPolicy
}

export class DatasetFileError extends Error {
  override name = 'DatasetFileError'
  readonly faults: SchemaFault[]
  constructor(message: string, faults: SchemaFault[] = []) {
    super(message)
    this.faults = faults
  }
}

/**
 * Reads a `dataset.json`; what a policy leaves out is as it is by default. Throws `DatasetFileError` with every fault
 * and its place. `files` are the folder's other files, if it is a folder.
 */
export function readDatasetFile(text: string, files?: ReadonlySet<string>): DatasetFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new DatasetFileError('It is not JSON.')
  }
  const r = Shape.safeParse(json)
  if (!r.success)
    throw new DatasetFileError(
      'It does not have the form of a dataset.json.',
      r.error.issues.slice(0, 50).map((i) => ({ path: ['', ...i.path.map(String)].join('/'), message: i.message })),
    )
  const schema = r.data.schema as Schema | undefined
  const faults = schema ? [...schemaFaults(schema), ...(files ? fileFaults(schema, files) : [])] : []
  if (faults.length > 0)
    throw new DatasetFileError(
      'The schema has faults.',
      faults.map((f) => ({ ...f, path: `/schema${f.path}` })),
    )
  return { ...r.data, schema, policy: { ...defaultDatasetPolicy, ...r.data.policy } as DatasetPolicy }
}

/** The text of a `dataset.json` for people to edit: one line a column. */
export function writeDatasetFile(file: DatasetFile): string {
  const { schema, ...rest } = file
  const line = (v: unknown): string => JSON.stringify(v)
  const tables = (schema?.tables ?? []).map(
    ({ columns, ...t }) =>
      `      {\n${Object.entries(t)
        .map(([k, v]) => `        ${line(k)}: ${line(v)},`)
        .join(
          '\n',
        )}\n        "columns": [\n${columns.map((c) => `          ${line(c)}`).join(',\n')}\n        ]\n      }`,
  )
  const body = Object.entries(rest)
    .filter(([, v]) => v !== undefined)
    .map(([k, v]) => `  ${line(k)}: ${line(v)}`)
  const declared = schema
    ? [`  "schema": {\n    "tables": [\n${tables.join(',\n')}\n    ],\n    "images": ${line(schema.images)}\n  }`]
    : []
  return `{\n${[...body, ...declared].join(',\n')}\n}\n`
}
