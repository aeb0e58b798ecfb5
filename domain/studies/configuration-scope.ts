/** What a place of the timeline can refer to: variables declared around it, the conditions, and the study's files. */

/** A timeline around the parameter that declares variables. */
export interface Level {
  path: string
  rows: readonly Record<string, unknown>[]
}
export interface Scope {
  /** From the outermost timeline to the innermost. */
  levels: readonly Level[]
  conditions: readonly Record<string, unknown>[]
  conditionsPath: string
  /** The study's files. */
  assets: ReadonlySet<string>
  /** Takes down every file that is named. */
  files?: Set<string>
}

/** Names of the timeline variables that can be referred to here, each once. */
export const timelineNames = (scope: Scope): string[] => [
  ...new Set(scope.levels.flatMap((level) => level.rows.flatMap((row) => Object.keys(row)))),
]

/** Names of the conditions, in order. */
export const conditionsOf = (scope: Scope): string[] => scope.conditions.map((condition) => String(condition.name))

/** Names of the variables that conditions have, each once; without `name` and `weight`. */
export const conditionNames = (scope: Scope): string[] => [
  ...new Set(scope.conditions.flatMap((c) => Object.keys(c).filter((k) => k !== 'name' && k !== 'weight'))),
]
