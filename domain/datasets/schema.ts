/**
 * What a custodian declares of a dataset: its tables and image folders, column by column. Only what stands here is ever
 * shown or queried.
 */

export const columnTypes = ['integer', 'number', 'category', 'text', 'boolean', 'date', 'datetime'] as const
export type ColumnType = (typeof columnTypes)[number]
/** `subject`: whose row it is; `visit`: orders a subject's rows; `identifier`: is never handed to anybody's code. */
export const columnRoles = ['subject', 'visit', 'identifier'] as const
export type ColumnRole = (typeof columnRoles)[number]

export interface Column {
  name: string
  type: ColumnType
  role?: ColumnRole
  /** e.g. `years`, `mmHg`. */
  unit?: string
  /** Declared bounds, both inclusive: numbers, or ISO 8601 for date and datetime. Noise clamps to them. */
  minimum?: number | string
  maximum?: number | string
  /** Declared categories, in order; others read as missing. */
  categories?: string[]
  meaning?: string
  /** Whether values may be missing (default true). */
  nullable?: boolean
}

export interface Table {
  /** How SQL calls it: lower-case letters, digits and _. */
  name: string
  /** The file as scripts see it, below `catalogs/<dataset>/`: `subjects.csv`. */
  file: string
  meaning?: string
  columns: Column[]
  /** At most one row a subject: declared, and checked at registration. */
  oneRowPerSubject: boolean
}

/** Volumes listed by a CSV file with one row a volume. Masks belong to nobody and are handed to every run. */
export interface ImageFolder {
  name: string
  kind: 'nifti'
  /** The table (by name) that lists the volumes: it has a subject column and the column `path`. */
  table: string
  path: string
  masks: string[]
  meaning?: string
}

export interface DatasetSchema {
  tables: Table[]
  images: ImageFolder[]
}

/** The subject column of a table; every table of a dataset has one. */
export const subjectColumn = (t: Table): Column | undefined => t.columns.find((c) => c.role === 'subject')
