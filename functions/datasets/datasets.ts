/**
 * The function `datasets`: what custodians do. It answers no value of the data but to the custodian who uploaded it, in
 * `reading`.
 */
import { lambda, type LambdaHandler } from '../kernel/handler.ts'
import { datasets } from './area.ts'
import { change, retire } from './change.ts'
import { read, reading, uploads } from './files.ts'
import { create, fromStudy } from './making.ts'
import { publish } from './publish.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

export const createDatasets = (deps: WorkflowDeps): LambdaHandler =>
  lambda(datasets, 'datasets', deps, { create, change, uploads, read, reading, publish, retire, fromStudy })
