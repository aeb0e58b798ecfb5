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

/** What was wrong with a `dataset.json`: a sentence for a person, and each fault with its place in the file. */
export class DatasetFileError extends Error {
  override name = 'DatasetFileError'
  readonly faults: SchemaFault[]
  constructor(message: string, faults: SchemaFault[] = []) {
    super(message)
    this.faults = faults
  }
}

/**
 * Reads a `dataset.json`; what a policy leaves out is as it is by default.
 *
 * @param files Paths of the folder's other files, if it is a folder: the schema must name those and no others.
 * @throws {DatasetFileError} with every fault and its place.
 */
export function readDatasetFile(text: string, files?: ReadonlySet<string>): DatasetFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new DatasetFileError('It is not JSON.')
  }
  const parsed = Shape.safeParse(json)
  if (!parsed.success)
    throw new DatasetFileError(
      'It does not have the form of a dataset.json.',
      parsed.error.issues
        .slice(0, 50)
        .map(({ path, message }) => ({ path: ['', ...path.map(String)].join('/'), message })),
    )
  const schema = parsed.data.schema as Schema | undefined
  const faults = schema ? [...schemaFaults(schema), ...(files ? fileFaults(schema, files) : [])] : []
  if (faults.length > 0)
    throw new DatasetFileError(
      'The schema has faults.',
      faults.map((f) => ({ ...f, path: `/schema${f.path}` })),
    )
  return { ...parsed.data, schema, policy: { ...defaultDatasetPolicy, ...parsed.data.policy } as DatasetPolicy }
}

const json = (value: unknown): string => JSON.stringify(value)

/** Members of an object, one a line. */
const members = (value: object, indent: string): string[] =>
  Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${indent}${json(name)}: ${json(member)}`)

function tableText({ columns, ...rest }: Schema['tables'][number]): string {
  const lines = columns.map((column) => `          ${json(column)}`).join(',\n')
  return `      {\n${[...members(rest, '        '), `        "columns": [\n${lines}\n        ]`].join(',\n')}\n      }`
}

/** The text of a `dataset.json` for people to edit: one line a column. */
export function writeDatasetFile({ schema, ...rest }: DatasetFile): string {
  const declared = schema
    ? [
        `  "schema": {\n    "tables": [\n${schema.tables.map(tableText).join(',\n')}\n    ],\n    "images": ${json(schema.images)}\n  }`,
      ]
    : []
  return `{\n${[...members(rest, '  '), ...declared].join(',\n')}\n}\n`
}
