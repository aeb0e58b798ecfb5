/** Where a synthesis's objects lie. */

/** `job` is the job that wrote it. */
export const synthesisObject = {
  /** protected: rounds so far. */
  progress: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/rounds-${job}.json`,
  /** protected: what was wrong with the table, by column; for the custodian only. */
  faults: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/faults-${job}.json`,
  /** protected: figures for the custodian only. */
  own: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/evaluation-${job}.json`,
  /** released: everything of one attempt. Nobody is told of it before its job has succeeded. */
  folder: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/`,
  csv: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/data.csv`,
  parquet: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/data.parquet`,
  made: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/made.json`,
  dictionary: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/dictionary.csv`,
  croissant: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/croissant.json`,
  card: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/${job}/card.json`,
  evaluation: (synthesisId: string, job: string): string => `synthesis/${synthesisId}/evaluation-${job}.json`,
} as const
