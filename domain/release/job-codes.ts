/** Why a job ended without a release: stable codes, and what the analyst reads. None of the texts can carry data. */
export const jobCodes = {
  'unknown-column': 'The query names a column that the declared schema does not have.',
  'not-allowed': 'The query uses something that is not allowed here.',
  'not-an-aggregate': 'The query would return rows of people. Ask for aggregates.',
  'query-error':
    'The query could not be computed. Its text would quote values, so only the class of the error is shown.',
  'cohort-too-small': 'The cohort has too few subjects for this dataset’s policy.',
  'empty-result': 'There was no output. Write result.json or a CSV table into the output folder.',
  'script-error': 'The script stopped with an error.',
  'time-limit': 'It ran longer than its time limit and was stopped.',
  'memory-limit': 'It needed more memory than its limit and was stopped.',
  'process-limit': 'It started more processes than its limit allows.',
  'output-limit': 'It wrote more output than may leave.',
  'output-invalid': 'The output is not of a form that can be checked.',
  'output-unsafe': 'The disclosure rules let nothing of this output leave.',
  unstable: 'The output depends on too few people: it changes too much when a few of them are left out.',
  differencing: 'Together with a result you already have, this would single out a few people.',
  'budget-exhausted': 'The dataset’s privacy budget does not cover this.',
  'too-small-for-noise': 'The cohort is too small to give a useful answer under this budget.',
  'approval-stale':
    'What was approved is not what would run: code, parameters, cohort, image or dataset version has changed. Ask for approval again.',
  'approval-refused': 'The custodian did not approve this analysis.',
  'policy-changed': 'The dataset’s policy no longer allows this analysis.',
  'checkers-refused': 'The output checkers did not release this output.',
  'confinement-missing': 'This installation has no confinement that works for this language, so nothing was run.',
  unreadable:
    'The files could not be read as a dataset. The dataset’s page names the file and the reason, for its custodian.',
  'exit-code': 'The command ended with an exit code other than 0.',
  killed: 'The command was ended by a signal.',
  'command-not-found': 'There is no such program.',
  'not-executable': 'The program is there but cannot be executed.',
  'input-missing': 'An input could not be fetched.',
  'image-unavailable': 'The container image could not be had.',
  interrupted: 'The machine it ran on was stopped or restarted before the run ended.',
  'table-faults':
    'The table does not fit its plan. The synthesis’s page says why, column by column, for its custodian.',
  infrastructure: 'The platform could not finish this. It is not your code; run it again.',
  cancelled: 'Stopped by a person.',
} as const
export type JobCode = keyof typeof jobCodes

/**
 * What the analyst sees of a failure: the stage, the code, and for a script the error's class and the line in their own
 * code.
 */
export interface JobProblem {
  code: JobCode
  step: 'prepare' | 'compute' | 'check' | 'settle'
  errorClass?: string
  line?: number
  cell?: number
  names?: string[]
}

/** The gate, or a rule before it, let nothing out; every other code means that the job did not come to an output. */
const gated: ReadonlySet<JobCode> = new Set([
  'cohort-too-small',
  'output-unsafe',
  'unstable',
  'differencing',
  'too-small-for-noise',
  'checkers-refused',
])
/** The state in which a job ends by a code: `blocked` when there was an output that did not leave. */
export function endOf(code: JobCode): 'blocked' | 'failed' | 'cancelled' {
  if (code === 'cancelled') return 'cancelled'
  return gated.has(code) ? 'blocked' : 'failed'
}

/**
 * Ends that say nothing about anybody: what was asked could not have run, whatever the data are. Under `noise` the
 * charge of these alone is given back; an end that depends on the data tells something and stays charged.
 */
const untouched: ReadonlySet<JobCode> = new Set([
  'unknown-column',
  'not-allowed',
  'not-an-aggregate',
  'budget-exhausted',
  'approval-stale',
  'approval-refused',
  'policy-changed',
  'confinement-missing',
  'table-faults',
  'infrastructure',
])
/** Whether a job that ends by this code gets its charge back, so that it costs nothing of the budget. */
export const givesBack = (code: JobCode): boolean => untouched.has(code)
