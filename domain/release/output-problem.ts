/** What can be wrong with a file of a run. */
export const outputProblems = [
  'too-large',
  'not-text',
  'not-json',
  'too-deep',
  'not-an-object',
  'no-header',
  'ragged',
  'unclosed-quote',
  'too-many-rows',
  'too-many-columns',
  'too-many-outputs',
  'duplicate-name',
  'bad-name',
  'bad-shape',
] as const
export type OutputProblem = (typeof outputProblems)[number]

/** Thrown while a file is read, and caught by `parseOutputs`. */
export class BadOutput extends Error {
  override name = 'BadOutput'
  readonly problem: OutputProblem
  constructor(problem: OutputProblem) {
    super(problem)
    this.problem = problem
  }
}
